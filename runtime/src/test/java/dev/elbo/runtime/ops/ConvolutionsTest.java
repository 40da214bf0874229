package dev.elbo.runtime.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CpuOptions;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Whose convolutions a device runs, and what their bits depend on.
class ConvolutionsTest {
    private static final Window WINDOW = Window.of(4, 2, 1);
    private static final int N = 21;
    private static final int SIDE = 16;
    private static final int CHANNELS = 19;
    private static final int OUTPUTS = 70;

    private final double[] x = Values.tame(N, SIDE, SIDE, CHANNELS).draw(1);
    private final double[] w = Values.tame(OUTPUTS, 4, 4, CHANNELS).draw(2);
    private final double[] b = Values.tame(OUTPUTS).draw(3);
    private final double[] dy = Values.tame(N, SIDE / 2, SIDE / 2, OUTPUTS).draw(4);

    /// All 1,344 pixels of y are one part of the weight's gradient.
    @Test
    void fixedOrderIsTheDocumentedOne() {
        List<float[]> actual = on(2, CpuOptions.best().fixedOrder(), memory -> all(memory, N, SIDE));
        int half = SIDE / 2;
        float[] y = new float[N * half * half * OUTPUTS];
        float[] dw = new float[w.length];
        for (int e = 0; e < y.length; e++) {
            float chain = 0;
            for (int k = 0; k < 16 * CHANNELS; k++) {
                chain = Math.fma(seen(e / OUTPUTS, k), (float) w[e % OUTPUTS * 16 * CHANNELS + k], chain);
            }
            y[e] = chain + (float) b[e % OUTPUTS];
        }
        for (int e = 0; e < dw.length; e++) {
            float chain = 0;
            for (int pixel = 0; pixel < N * half * half; pixel++) {
                float g = (float) dy[pixel * OUTPUTS + e / (16 * CHANNELS)];
                chain = Math.fma(g, seen(pixel, e % (16 * CHANNELS)), chain);
            }
            dw[e] = chain;
        }
        assertArrayEquals(y, actual.get(0));
        assertArrayEquals(dw, actual.get(2));
    }

    /// The k-th element of the patch that a pixel of y sees.
    private float seen(int pixel, int k) {
        int half = SIDE / 2;
        int h = pixel / half % half * 2 + k / CHANNELS / 4 - 1;
        int v = pixel % half * 2 + k / CHANNELS % 4 - 1;
        boolean outside = h < 0 || h >= SIDE || v < 0 || v >= SIDE;
        return outside ? 0 : (float) x[((pixel / half / half * SIDE + h) * SIDE + v) * CHANNELS + k % CHANNELS];
    }

    /// On large maps and on small ones, where the gradient of the weight is a product over patches.
    @ParameterizedTest
    @ValueSource(ints = {SIDE, 10, 4})
    void bothOrdersAgree(int side) {
        List<float[]> fixed = on(1, CpuOptions.best().fixedOrder(), memory -> all(memory, N, side));
        List<float[]> fast = on(1, CpuOptions.best(), memory -> all(memory, N, side));
        for (int part = 0; part < fixed.size(); part++) {
            for (int e = 0; e < fixed.get(part).length; e++) {
                Bench.close(1e-4, fixed.get(part)[e], fast.get(part)[e], "part " + part + ", element " + e);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {SIDE, 10})
    void bitsDependNeitherOnThreadsNorOnTheOtherImages(int side) {
        for (CpuOptions options :
                new CpuOptions[] {CpuOptions.best(), CpuOptions.best().fixedOrder()}) {
            List<float[]> one = on(1, options, memory -> all(memory, N, side));
            List<float[]> three = on(3, options, memory -> all(memory, N, side));
            for (int part = 0; part < one.size(); part++) {
                assertArrayEquals(one.get(part), three.get(part), "part " + part);
            }
            List<float[]> few = on(2, options, memory -> all(memory, 2, side));
            for (int part = 0; part < 2; part++) {
                float[] start = Arrays.copyOf(one.get(part), few.get(part).length);
                assertArrayEquals(start, few.get(part), "images, part " + part);
            }
        }
    }

    /// A window that covers its image is a product, and one that does not a convolution: the same to rounding.
    @Test
    void aWindowOverTheWholeImageIsAProduct() {
        on(2, CpuOptions.best(), memory -> {
            Ops f = Ops.plain(memory);
            Tensor image =
                    Values.tame(5, 4, 4, 7).tensor(Values.tame(5, 4, 4, 7).draw(1), memory);
            Tensor weight =
                    Values.tame(6, 4, 4, 7).tensor(Values.tame(6, 4, 4, 7).draw(2), memory);
            Tensor product = f.product(image.as(Shape.of(5, 112)), false, weight.as(Shape.of(6, 112)), true);
            float[] covered = memory.device().floats(f.convolution(image, weight, Window.of(4, 1, 0)));
            assertArrayEquals(memory.device().floats(product), covered, 1e-5f);
            return List.of(product);
        });
    }

    /// y, dx, dw and the transpose of dy, which has a bias.
    private List<Tensor> all(Memory memory, int n, int side) {
        Tensor image = tensor(memory, x, n, side, side, CHANNELS);
        Tensor weight = tensor(memory, w, OUTPUTS, 4, 4, CHANNELS);
        Tensor bias = tensor(memory, b, OUTPUTS);
        Tensor slopes = tensor(memory, dy, n, side / 2, side / 2, OUTPUTS);
        Convolution op = new Convolution(WINDOW, Activation.NONE);
        Tensor y = op.forward(image, weight, bias, memory);
        Tensor dx = memory.empty(image.shape());
        Tensor dw = memory.empty(weight.shape());
        op.pullback(image, weight, y, slopes, Gradient.into(dx), Gradient.into(dw));
        Tensor back = Ops.plain(memory)
                .transposedConvolution(
                        slopes,
                        weight,
                        memory.floats(Shape.of(CHANNELS), Values.floats(Arrays.copyOf(b, CHANNELS))),
                        WINDOW,
                        Activation.TANH);
        return List.of(y, dx, dw, back);
    }

    private static Tensor tensor(Memory memory, double[] values, int... extents) {
        Shape shape = Shape.of(extents);
        return memory.floats(shape, Values.floats(Arrays.copyOf(values, Math.toIntExact(shape.size()))));
    }

    private static List<float[]> on(int threads, CpuOptions options, Function<Memory, List<Tensor>> body) {
        try (CpuDevice cpu = CpuDevice.open(options.threads(threads));
                Arena owner = Arena.ofShared()) {
            return body.apply(Memory.of(cpu, "test", owner)).stream()
                    .map(cpu::floats)
                    .toList();
        }
    }
}
