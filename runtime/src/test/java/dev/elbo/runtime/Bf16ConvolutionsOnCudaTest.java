package dev.elbo.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.elbo.runtime.cpu.Unary;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.ops.Window;
import dev.elbo.simulator.Configuration;
import dev.elbo.simulator.Counters;
import dev.elbo.simulator.SimulatedGpu;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Convolutions in bf16 on the GPU of this run, against sums in f64 of operands that are rounded on the host.
@Tag("device")
class Bf16ConvolutionsOnCudaTest {
    private static final CudaOptions BF16 = CudaOptions.best().training(MatrixPrecision.BF16);

    private static void on(CudaOptions options, Consumer<Memory> body) {
        try (CudaDevice gpu = Gpu.open(options);
                Arena owner = Arena.ofShared()) {
            assumeTrue(gpu.computeCapability() >= 80, "no units for bf16");
            gpu.in(gpu.trainingPrecision(), () -> {
                body.accept(Memory.of(gpu, "test", owner));
                return null;
            });
        }
        Gpu.expectNothingLeft();
    }

    private static float[] normals(int seed, long size) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[Math.toIntExact(size)];
        for (int e = 0; e < values.length; e++) {
            values[e] = (float) random.nextGaussian();
        }
        return values;
    }

    private static Tensor normals(Memory memory, int seed, Shape shape) {
        return memory.floats(shape, normals(seed, shape.size()));
    }

    /// The nearest number of bf16, of two the even one.
    private static double rounded(float x) {
        int bits = Float.floatToRawIntBits(x);
        return Float.intBitsToFloat((bits + 0x7fff + (bits >>> 16 & 1)) & 0xffff_0000);
    }

    static List<ConvolutionShape> shapes() {
        return List.of(
                new ConvolutionShape(1, 3, 5, 8, 8, Window.of(1, 1, 0)),
                new ConvolutionShape(2, 7, 6, 16, 24, Window.of(3, 2, 1)),
                new ConvolutionShape(3, 8, 8, 40, 8, Window.of(4, 2, 1)),
                new ConvolutionShape(1, 4, 4, 8, 16, Window.of(4, 1, 0)),
                new ConvolutionShape(2, 9, 4, 8, 40, new Window(3, 2, 2, 3, 0, 1)),
                new ConvolutionShape(1, 7, 7, 8, 8, Window.of(2, 3, 0)));
    }

    /// Each number of a result, as f64 sums have it.
    ///
    /// @param absolute the sum of the terms' absolute values
    /// @param terms    how many there are
    private record Sums(double[] values, double[] absolute, int[] terms) {
        Sums(long size) {
            this(new double[(int) size], new double[(int) size], new int[(int) size]);
        }

        void add(int at, double term) {
            values[at] += term;
            absolute[at] += Math.abs(term);
            terms[at]++;
        }
    }

    private static int at(Shape shape, int i, int row, int col, int channel) {
        return ((i * shape.extent(1) + row) * shape.extent(2) + col) * shape.extent(3) + channel;
    }

    /// y, dx and dw by the definition, of rounded operands.
    private static List<Sums> oracle(ConvolutionShape c, float[] x, float[] w, float[] dy) {
        List<Sums> all = List.of(
                new Sums(c.y().size()),
                new Sums(c.x().size()),
                new Sums(c.weight().size()));
        Window window = c.window();
        for (int i = 0; i < c.n(); i++) {
            for (int p = 0; p < c.outHeight(); p++) {
                for (int q = 0; q < c.outWidth(); q++) {
                    for (int tap = 0; tap < c.taps(); tap++) {
                        int r = tap / window.width();
                        int s = tap % window.width();
                        int row = p * window.strideDown() - window.padDown() + r;
                        int col = q * window.strideAcross() - window.padAcross() + s;
                        if (row < 0 || row >= c.height() || col < 0 || col >= c.width()) {
                            continue;
                        }
                        for (int o = 0; o < c.outputs(); o++) {
                            for (int channel = 0; channel < c.channels(); channel++) {
                                int ix = at(c.x(), i, row, col, channel);
                                int iw = at(c.weight(), o, r, s, channel);
                                int iy = at(c.y(), i, p, q, o);
                                all.get(0).add(iy, rounded(x[ix]) * rounded(w[iw]));
                                all.get(1).add(ix, rounded(dy[iy]) * rounded(w[iw]));
                                all.get(2).add(iw, rounded(x[ix]) * rounded(dy[iy]));
                            }
                        }
                    }
                }
            }
        }
        return all;
    }

    /// A chain of f32 sums of exact products, less than (terms + 2) 2⁻²⁴ of their absolute values off; 2⁻⁸ of the sum
    /// more where the library's result is bf16, as every one is that is added to something.
    private static void assertErrors(String what, Sums sums, float[] before, float[] actual) {
        for (int e = 0; e < actual.length; e++) {
            double past = before == null ? 0 : before[e];
            double error = Math.abs(actual[e] - past - sums.values[e]);
            double f32 = (sums.terms[e] + 2) * 0x1p-24 * (sums.absolute[e] + Math.abs(past));
            boolean exact = Gpu.SIMULATED && before == null;
            double most = exact ? f32 : f32 + 0x1.01p-8 * Math.abs(sums.values[e]);
            assertTrue(error <= most, what + ", element " + e + ": error " + error + ", most " + most);
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void errorsAreThoseOfF32SumsOfRoundedOperands(ConvolutionShape c) {
        on(BF16, memory -> {
            Device gpu = memory.device();
            CudaDevice cuda = (CudaDevice) gpu;
            Unary none = Unary.IDENTITY;
            Tensor x = normals(memory, 1, c.x());
            Tensor w = normals(memory, 2, c.weight());
            Tensor dy = normals(memory, 3, c.y());
            List<Sums> sums = oracle(c, gpu.floats(x), gpu.floats(w), gpu.floats(dy));
            for (boolean first : new boolean[] {true, false}) {
                float[][] before = new float[3][];
                List<Shape> shapes = List.of(c.y(), c.x(), c.weight());
                List<Tensor> results = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    Tensor result = normals(memory, 4 + i, shapes.get(i));
                    before[i] = first ? null : gpu.floats(result);
                    results.add(result);
                }
                cuda.bindConvolution("y", c, x, w, null, results.get(0), first, none, 0);
                cuda.bindConvolutionTransposed("dx", c, dy, w, null, results.get(1), first, none, 0);
                cuda.bindConvolutionWeight("dw", c, x, dy, results.get(2), first);
                for (int i = 0; i < 3; i++) {
                    String what = List.of("y", "dx", "dw").get(i) + (first ? "" : ", added");
                    assertErrors(what, sums.get(i), before[i], gpu.floats(results.get(i)));
                }
            }
        });
    }

    @Test
    void biasAndActivationAreF32() {
        ConvolutionShape c = new ConvolutionShape(2, 4, 4, 8, 8, Window.of(3, 1, 1));
        on(BF16, memory -> {
            Tensor bias = normals(memory, 3, Shape.of(8));
            Tensor x = normals(memory, 1, c.x());
            Tensor w = normals(memory, 2, c.weight());
            Ops f = Ops.plain(memory);
            Tensor y = f.convolution(x, w, bias, c.window(), Activation.TANH);
            float[] bare = memory.device().floats(f.convolution(x, w, c.window()));
            float[] b = memory.device().floats(bias);
            float[] actual = memory.device().floats(y);
            for (int e = 0; e < actual.length; e++) {
                assertEquals(Math.tanh(bare[e] + b[e % 8]), actual[e], 1e-6, "element " + e);
            }
        });
    }

    /// A layer down and a layer up, and a descent along their gradients: what is read is what the last step wrote.
    private static final class Layers {
        final Tensor x;
        final List<Tensor> weights;
        final List<Tensor> gradients;

        Layers(Memory memory) {
            x = normals(memory, 1, Shape.of(2, 8, 6, 8));
            weights = List.of(normals(memory, 2, Shape.of(16, 4, 4, 8)), normals(memory, 3, Shape.of(16, 4, 4, 24)));
            gradients = weights.stream().map(each -> memory.empty(each.shape())).toList();
        }

        Tensor step(Memory memory) {
            Tape tape = new Tape(memory);
            for (int i = 0; i < weights.size(); i++) {
                tape.watch(weights.get(i), gradients.get(i));
            }
            Ops f = Ops.taped(memory, tape);
            Window half = Window.of(4, 2, 1);
            Tensor down = f.tanh(f.convolution(x, weights.get(0), half));
            Tensor up = f.transposedConvolution(down, weights.get(1), half);
            Tensor loss = f.mean(f.square(up));
            tape.pullback(loss, 1);
            CudaDevice gpu = (CudaDevice) memory.device();
            for (int i = 0; i < weights.size(); i++) {
                Tensor w = weights.get(i);
                gpu.kernel("scale_f32")
                        .args(gradients.get(i), w, w.shape().size(), -0.1f, false)
                        .bind("descent");
            }
            return loss;
        }

        static List<float[]> after(Memory memory, int steps, boolean recorded) {
            Layers layers = new Layers(memory);
            if (recorded) {
                try (Step<Tensor> step = Step.record(memory.device(), "layers", layers::step)) {
                    for (int i = 1; i < steps; i++) {
                        step.run();
                    }
                }
            } else {
                for (int i = 0; i < steps; i++) {
                    layers.step(memory);
                }
            }
            return layers.weights.stream().map(memory.device()::floats).toList();
        }
    }

    private static void assertSame(List<float[]> expected, List<float[]> actual, String what) {
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), actual.get(i), what + ", weight " + i);
        }
    }

    @Test
    void eagerReplayedAndBranchingStepsGiveEqualBytes() {
        List<List<float[]>> eager = new ArrayList<>();
        on(BF16, memory -> {
            eager.add(Layers.after(memory, 4, false));
            assertSame(eager.getFirst(), Layers.after(memory, 4, true), "replayed");
        });
        on(
                BF16.tuned(CudaTuning.none().branched(3).overlap()),
                memory -> assertSame(eager.getFirst(), Layers.after(memory, 4, true), "side by side"));
    }

    /// Down: x and its weight, and on the way back the gradient of its result. Up: what goes in, its weight and the
    /// gradient of its result, of which each meets two products. x needs no gradient.
    @Test
    @Tag("simulated")
    void whatTwoConvolutionsReadIsRoundedOnce() {
        on(BF16, memory -> {
            Counters counters = SimulatedGpu.installed().counters();
            Layers layers = new Layers(memory);
            counters.reset();
            try (Step<Tensor> step = Step.record(memory.device(), "layers", layers::step)) {
                assertEquals(6, counters.launches("round_bf16"));
                memory.device().synchronize();
                counters.reset();
                step.run();
                memory.device().synchronize();
                assertEquals(6, counters.executions("round_bf16"));
            }
        });
    }

    @Test
    void whatWasWrittenIsRoundedAnew() {
        ConvolutionShape c = new ConvolutionShape(1, 4, 4, 8, 8, Window.of(3, 1, 1));
        on(BF16, memory -> {
            Tensor x = normals(memory, 1, c.x());
            Tensor slab = normals(memory, 2, Shape.of((int) c.weight().size() + 8));
            Tensor w = slab.part(8, c.weight());
            CudaDevice gpu = (CudaDevice) memory.device();
            try (Step<List<Tensor>> step = Step.record(gpu, "two", m -> {
                Tensor before = Ops.plain(m).convolution(x, w, c.window());
                // As an optimizer does, by the slab that the weight is a part of.
                gpu.kernel("fill_f32").args(slab, slab.shape().size(), 1f).bind("fill");
                return List.of(before, Ops.plain(m).convolution(x, w, c.window()));
            })) {
                float[] first = gpu.floats(step.result().getFirst());
                float[] second = gpu.floats(step.result().getLast());
                step.run();
                assertArrayEquals(second, gpu.floats(step.result().getFirst()), "the next run's first is of ones");
                assertArrayEquals(second, gpu.floats(step.result().getLast()));
                assertNotEquals(first[0], second[0]);
                assertEquals(second[0], second[1], "filters of ones are all the same");
            }
        });
    }

    /// Three channels, as images have, are TF32, and so is all on a GPU without units for bf16 in FP32.
    @Test
    @Tag("simulated")
    void whatHasNoUnitsIsTheNextMoreExact() {
        float[][] three = new float[2][];
        MatrixPrecision[] precisions = {MatrixPrecision.TF32, MatrixPrecision.BF16};
        for (int i = 0; i < 2; i++) {
            int which = i;
            on(CudaOptions.best().training(precisions[i]), memory -> {
                Tensor x = normals(memory, 1, Shape.of(2, 8, 8, 3));
                Tensor w = normals(memory, 2, Shape.of(8, 4, 4, 3));
                three[which] = memory.device().floats(Ops.plain(memory).convolution(x, w, Window.of(4, 2, 1)));
            });
        }
        assertArrayEquals(three[0], three[1]);
        SimulatedGpu.install(Configuration.standard().computeCapability(75));
        try (CudaDevice gpu = CudaDevice.open(0, BF16);
                Arena owner = Arena.ofShared()) {
            assertEquals(MatrixPrecision.FP32, gpu.trainingPrecision());
            Memory memory = Memory.of(gpu, "test", owner);
            ConvolutionShape c = new ConvolutionShape(1, 4, 4, 8, 8, Window.of(3, 1, 1));
            Tensor x = normals(memory, 1, c.x());
            Tensor w = normals(memory, 2, c.weight());
            gpu.in(MatrixPrecision.BF16, () -> Ops.plain(memory).convolution(x, w, c.window()));
            assertEquals(0, SimulatedGpu.installed().counters().launches("round_bf16"));
        }
        Gpu.expectNothingLeft();
    }

    @Test
    void theFixedOrderKnowsNoBf16() {
        ConvolutionShape c = new ConvolutionShape(1, 4, 4, 8, 8, Window.of(3, 1, 1));
        float[][] results = new float[2][];
        for (MatrixPrecision precision : List.of(MatrixPrecision.FP32, MatrixPrecision.BF16)) {
            on(CudaOptions.best().training(precision).inFixedOrder(), memory -> {
                Tensor y = Ops.plain(memory)
                        .convolution(normals(memory, 1, c.x()), normals(memory, 2, c.weight()), c.window());
                results[precision == MatrixPrecision.BF16 ? 1 : 0] =
                        memory.device().floats(y);
            });
        }
        assertArrayEquals(results[0], results[1]);
    }

    /// Results in f32 and in bf16 are tried side by side, and a second run makes the first one's choices.
    @Test
    void whatWasTheFastestIsRemembered(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("choices.tsv");
        CudaOptions timed = BF16.tuned(CudaTuning.none().timed(file));
        List<List<float[]>> runs = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            on(timed, memory -> runs.add(Layers.after(memory, 3, true)));
        }
        assertSame(runs.get(0), runs.get(1), "the second run");
        List<String> convolutions = Files.readAllLines(file).stream()
                .filter(line -> line.contains("precision=BF16"))
                .toList();
        assertEquals(5, convolutions.size(), convolutions.toString());
    }

    /// Of a window of one pixel, a NaN or an infinity reaches that pixel alone.
    @Test
    void whatIsNoNumberStays() {
        ConvolutionShape c = new ConvolutionShape(1, 3, 3, 8, 8, Window.of(1, 1, 0));
        for (float odd : new float[] {Float.NaN, Float.intBitsToFloat(0x7f80_0001), Float.POSITIVE_INFINITY}) {
            on(BF16, memory -> {
                float[] x = normals(1, c.x().size());
                x[4 * 8] = odd;
                Tensor y = Ops.plain(memory)
                        .convolution(memory.floats(c.x(), x), normals(memory, 2, c.weight()), c.window());
                float[] values = memory.device().floats(y);
                for (int e = 0; e < values.length; e++) {
                    assertEquals(e / 8 != 4, Float.isFinite(values[e]), "element " + e + ", " + odd);
                }
            });
        }
    }
}
