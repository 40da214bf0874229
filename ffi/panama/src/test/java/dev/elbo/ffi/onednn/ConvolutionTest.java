package dev.elbo.ffi.onednn;

import static dev.elbo.ffi.onednn.Convolution.Direction.TO_W;
import static dev.elbo.ffi.onednn.Convolution.Direction.TO_X;
import static dev.elbo.ffi.onednn.Convolution.Direction.TO_Y;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.ffi.NativeException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class ConvolutionTest extends OneDnnTests {
    /// Where an element of an image lies.
    private static int at(ChannelOrder order, long n, long c, long h, long w, long channels, long height, long width) {
        return (int)
                switch (order) {
                    case FIRST -> ((n * channels + c) * height + h) * width + w;
                    case LAST -> ((n * height + h) * width + w) * channels + c;
                };
    }

    private static int weightAt(Geometry g, long o, long c, long down, long across) {
        return at(
                g.order(),
                o,
                c,
                down,
                across,
                g.in(),
                g.down().taps(),
                g.across().taps());
    }

    @FunctionalInterface
    private interface Term {
        void at(int x, int w, int y, int b);
    }

    /// Every triple (x, w, y) that meets, and the output channel: all three directions are sums over it.
    private static void forEachTerm(Geometry g, Term term) {
        for (long n = 0; n < g.n(); n++) {
            for (long o = 0; o < g.out(); o++) {
                for (long c = 0; c < g.in(); c++) {
                    for (long yh = 0; yh < g.outHeight(); yh++) {
                        for (long yw = 0; yw < g.outWidth(); yw++) {
                            int y = at(g.order(), n, o, yh, yw, g.out(), g.outHeight(), g.outWidth());
                            for (long th = 0; th < g.down().taps(); th++) {
                                for (long tw = 0; tw < g.across().taps(); tw++) {
                                    long h = yh * g.down().stride()
                                            + th * g.down().dilation()
                                            - g.down().before();
                                    long w = yw * g.across().stride()
                                            + tw * g.across().dilation()
                                            - g.across().before();
                                    if (h >= 0 && h < g.height() && w >= 0 && w < g.width()) {
                                        int x = at(g.order(), n, c, h, w, g.in(), g.height(), g.width());
                                        int weight = weightAt(g, o, c, th, tw);
                                        term.at(x, weight, y, (int) o);
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    private static final class Sums {
        final double[] value;
        final double[] magnitude;
        final long[] terms;

        Sums(int size, float[] start) {
            value = new double[size];
            magnitude = new double[size];
            terms = new long[size];
            for (int i = 0; i < size && start != null; i++) {
                add(i, start[i]);
            }
        }

        void add(int i, double term) {
            value[i] += term;
            magnitude[i] += Math.abs(term);
            terms[i]++;
        }

        void check(float[] actual, String what) {
            assertEquals(value.length, actual.length, what);
            for (int i = 0; i < actual.length; i++) {
                assertSum(value[i], actual[i], magnitude[i], terms[i], what + " element " + i);
            }
        }
    }

    private record Tensors(float[] x, float[] w, float[] b, float[] y) {
        static Tensors of(Geometry g, long biases) {
            return new Tensors(
                    values(1, g.n() * g.sizeX()),
                    values(2, g.sizeW()),
                    values(3, biases),
                    values(4, g.n() * g.sizeY()));
        }
    }

    /// Runs on copies; the result is in the tensors returned.
    private Tensors compute(Convolution.Spec s, Tensors t, int threads) {
        Convolution convolution = Convolution.of(s, arena);
        boolean keeps = s.accumulate();
        MemorySegment x = s.direction() == TO_X && !keeps ? buffer(t.x.length) : upload(t.x);
        MemorySegment w = s.direction() == TO_W && !keeps ? buffer(t.w.length) : upload(t.w);
        MemorySegment y = s.direction() == TO_Y && !keeps ? buffer(t.y.length) : upload(t.y);
        MemorySegment b =
                !s.bias() ? MemorySegment.NULL : s.direction() == TO_W && !keeps ? buffer(t.b.length) : upload(t.b);
        run(convolution.stages(x, w, b, y, workspace(convolution.workspaceBytes())), threads);
        return new Tensors(download(x), download(w), s.bias() ? download(b) : t.b, download(y));
    }

    static Stream<Geometry> geometries() {
        Stream<Geometry> plain = Stream.of(
                Geometry.of(1, 1, 1, 1, 1, Window.of(1, 1, 0)),
                Geometry.of(3, 1, 28, 28, 32, Window.of(3, 1, 1)),
                Geometry.of(5, 3, 16, 16, 33, Window.of(4, 2, 1)),
                Geometry.of(2, 17, 9, 9, 31, Window.of(3, 2, 0)),
                Geometry.of(2, 31, 7, 7, 17, Window.of(1, 1, 0)),
                Geometry.of(2, 33, 4, 4, 127, Window.of(4, 1, 0)),
                Geometry.of(3, 5, 12, 11, 7, new Window(3, 2, 2, 2, 1)),
                new Geometry(
                        2, 6, 13, 31, 9, new Window(5, 3, 1, 0, 2), new Window(2, 1, 3, 3, 0), ChannelOrder.FIRST));
        return plain.flatMap(g -> Stream.of(g, g.with(ChannelOrder.LAST)));
    }

    @ParameterizedTest
    @MethodSource("geometries")
    void forwardMatchesTheDefinition(Geometry g) {
        Tensors t = Tensors.of(g, g.out());
        for (boolean full : new boolean[] {false, true}) {
            Convolution.Spec s = Convolution.Spec.of(g, TO_Y);
            s = full ? s.withBias().accumulating() : s;
            Sums expected = new Sums(t.y.length, full ? t.y : null);
            forEachTerm(g, (x, w, y, _) -> expected.add(y, (double) t.x[x] * t.w[w]));
            if (full) {
                forEachPixel(g.n(), g.out(), g.outHeight(), g.outWidth(), g.order(), (i, c) -> expected.add(i, t.b[c]));
            }
            expected.check(compute(s, t, 2).y, s.toString());
        }
    }

    @FunctionalInterface
    private interface Pixel {
        void at(int i, int channel);
    }

    private static void forEachPixel(long n, long channels, long height, long width, ChannelOrder order, Pixel pixel) {
        for (long image = 0; image < n; image++) {
            for (long c = 0; c < channels; c++) {
                for (long h = 0; h < height; h++) {
                    for (long w = 0; w < width; w++) {
                        pixel.at(at(order, image, c, h, w, channels, height, width), (int) c);
                    }
                }
            }
        }
    }

    /// The gradient of x; with a bias, the transposed convolution.
    @ParameterizedTest
    @MethodSource("geometries")
    void gradientOfTheImagesMatchesTheDefinition(Geometry g) {
        Tensors t = Tensors.of(g, g.in());
        for (boolean full : new boolean[] {false, true}) {
            Convolution.Spec s = Convolution.Spec.of(g, TO_X);
            s = full ? s.withBias().accumulating() : s;
            Sums expected = new Sums(t.x.length, full ? t.x : null);
            forEachTerm(g, (x, w, y, _) -> expected.add(x, (double) t.y[y] * t.w[w]));
            if (full) {
                forEachPixel(g.n(), g.in(), g.height(), g.width(), g.order(), (i, c) -> expected.add(i, t.b[c]));
            }
            expected.check(compute(s, t, 2).x, s.toString());
        }
    }

    @ParameterizedTest
    @MethodSource("geometries")
    void gradientsOfWeightsAndBiasMatchTheDefinition(Geometry g) {
        Tensors t = Tensors.of(g, g.out());
        for (boolean full : new boolean[] {false, true}) {
            Convolution.Spec s = Convolution.Spec.of(g, TO_W).withBias();
            s = full ? s.accumulating() : s;
            Sums expectedW = new Sums(t.w.length, full ? t.w : null);
            forEachTerm(g, (x, w, y, _) -> expectedW.add(w, (double) t.x[x] * t.y[y]));
            Sums expectedB = new Sums(t.b.length, full ? t.b : null);
            forEachPixel(g.n(), g.out(), g.outHeight(), g.outWidth(), g.order(), (i, c) -> expectedB.add(c, t.y[i]));
            Tensors actual = compute(s, t, 2);
            expectedW.check(actual.w, "weights, " + s);
            expectedB.check(actual.b, "bias, " + s);
        }
    }

    /// A transposed convolution as its user sees it: (n, in, h, w) and weights (in, out, taps, taps).
    @ParameterizedTest
    @EnumSource(ChannelOrder.class)
    void transposedConvolutionScattersEachInput(ChannelOrder order) {
        int n = 3;
        int in = 5;
        int out = 3;
        int side = 4;
        Window window = Window.of(4, 2, 1);
        Geometry g = Geometry.transposed(n, in, side, side, out, window).with(order);
        assertEquals(8, g.height(), "(4 − 1) · 2 + 4 − 2 · 1");
        Tensors t = Tensors.of(g, out);
        Sums expected = new Sums(t.x.length, null);
        for (int image = 0; image < n; image++) {
            for (int c = 0; c < in; c++) {
                for (int o = 0; o < out; o++) {
                    for (int i = 0; i < side * side * 16; i++) {
                        int h = i / 16 / side;
                        int w = i / 16 % side;
                        int th = i % 16 / 4;
                        int tw = i % 4;
                        int toH = h * 2 + th - 1;
                        int toW = w * 2 + tw - 1;
                        if (toH >= 0 && toH < 8 && toW >= 0 && toW < 8) {
                            double term = (double) t.y[at(order, image, c, h, w, in, side, side)]
                                    * t.w[weightAt(g, c, o, th, tw)];
                            expected.add(at(order, image, o, toH, toW, out, 8, 8), term);
                        }
                    }
                }
            }
        }
        expected.check(compute(Convolution.Spec.of(g, TO_X), t, 2).x, "transposed, " + order);
    }

    static Stream<Convolution.Spec> manyBlocks() {
        Stream<Geometry> geometries = Stream.of(
                Geometry.of(37, 3, 32, 32, 64, Window.of(4, 2, 1)),
                Geometry.of(29, 16, 16, 16, 33, Window.of(3, 1, 1)),
                Geometry.of(33, 64, 8, 8, 64, Window.of(4, 2, 1)));
        return geometries
                .flatMap(g -> Stream.of(g, g.with(ChannelOrder.LAST)))
                .flatMap(g -> Stream.of(TO_Y, TO_X, TO_W)
                        .map(direction -> Convolution.Spec.of(g, direction).withBias()));
    }

    @ParameterizedTest
    @MethodSource("manyBlocks")
    void bitsDoNotDependOnTheNumberOfThreads(Convolution.Spec s) {
        Tensors t = Tensors.of(
                s.geometry(),
                s.direction() == TO_X ? s.geometry().in() : s.geometry().out());
        Tensors one = compute(s, t, 1);
        for (int threads : new int[] {2, 4}) {
            Tensors many = compute(s, t, threads);
            assertSameBits(one.x, many.x, "x of " + s);
            assertSameBits(one.w, many.w, "w of " + s);
            assertSameBits(one.b, many.b, "b of " + s);
            assertSameBits(one.y, many.y, "y of " + s);
        }
    }

    /// Every number of images, so that the last block has every length; never the reference loops.
    @ParameterizedTest
    @MethodSource("manyBlocks")
    void anImagesBitsDoNotDependOnTheBatch(Convolution.Spec s) {
        if (s.direction() == TO_W) {
            return;
        }
        Geometry g = s.geometry();
        Tensors t = Tensors.of(g, s.direction() == TO_X ? g.in() : g.out());
        Function<Tensors, float[]> result = r -> s.direction() == TO_Y ? r.y : r.x;
        float[] all = result.apply(compute(s, t, 1));
        int each = Math.toIntExact(all.length / g.n());
        for (int n = 1; n < g.n(); n += n < 8 ? 1 : 5) {
            Geometry few = new Geometry(n, g.in(), g.height(), g.width(), g.out(), g.down(), g.across(), g.order());
            Tensors first = new Tensors(
                    Arrays.copyOf(t.x, Math.toIntExact(n * g.sizeX())),
                    t.w,
                    t.b,
                    Arrays.copyOf(t.y, Math.toIntExact(n * g.sizeY())));
            Convolution.Spec fewer =
                    new Convolution.Spec(few, s.direction(), s.bias(), s.activation(), s.accumulate(), s.arithmetic());
            float[] some = result.apply(compute(fewer, first, 1));
            assertSameBits(Arrays.copyOf(all, n * each), some, n + " images, " + s);
        }
    }

    @ParameterizedTest
    @MethodSource("manyBlocks")
    void noBlockRunsOnTheReferenceLoops(Convolution.Spec s) {
        String implementation = Convolution.of(s, arena).implementation();
        assertFalse(implementation.contains("ref"), implementation + " for " + s);
    }

    /// ⟨w ∗ x, y⟩ = ⟨x, wᵀ ∗ y⟩.
    @Test
    void theTwoDirectionsAreAdjoint() {
        Geometry g = Geometry.of(4, 7, 15, 15, 9, Window.of(5, 2, 2));
        Tensors t = Tensors.of(g, 0);
        float[] forward = compute(Convolution.Spec.of(g, TO_Y), t, 2).y;
        float[] backward = compute(Convolution.Spec.of(g, TO_X), t, 2).x;
        double left = 0;
        double size = 0;
        for (int i = 0; i < forward.length; i++) {
            left += (double) forward[i] * t.y[i];
            size += Math.abs((double) forward[i] * t.y[i]);
        }
        double right = 0;
        for (int i = 0; i < backward.length; i++) {
            right += (double) backward[i] * t.x[i];
        }
        assertEquals(left, right, 1e-5 * size);
    }

    @Test
    void activationFollowsTheBias() {
        Geometry g = Geometry.of(2, 3, 8, 8, 5, Window.of(3, 1, 1));
        Tensors t = Tensors.of(g, g.out());
        float[] plain = compute(Convolution.Spec.of(g, TO_Y).withBias(), t, 1).y;
        float[] relu = compute(Convolution.Spec.of(g, TO_Y).withBias().then(Activation.RELU), t, 1).y;
        for (int i = 0; i < plain.length; i++) {
            // By value: below AVX-512, oneDNN's zeros are negative.
            assertTrue(Math.max(plain[i], 0) == relu[i], "element " + i);
        }
    }

    @Test
    void useAfterCloseIsAnExceptionNotACrash() {
        Geometry g = Geometry.of(2, 3, 8, 8, 5, Window.of(3, 1, 1));
        Arena code = Arena.ofShared();
        Convolution convolution = Convolution.of(Convolution.Spec.of(g, TO_Y), code);
        List<Stage> stages = convolution.stages(
                buffer(2 * g.sizeX()),
                buffer(g.sizeW()),
                MemorySegment.NULL,
                buffer(2 * g.sizeY()),
                workspace(convolution.workspaceBytes()));
        runHere(stages);
        code.close();
        assertThrows(IllegalStateException.class, () -> runHere(stages));
    }

    @Test
    void misuseIsRefusedWithBothShapes() {
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> Geometry.of(1, 3, 2, 2, 5, Window.of(4, 2, 0)));
        assertTrue(e.getMessage().startsWith("convolution: nothing to compute; n=1, in=3, height=2"), e.getMessage());
        Geometry g = Geometry.of(1, 3, 8, 8, 5, Window.of(4, 2, 0));
        e = assertThrows(
                IllegalArgumentException.class,
                () -> Convolution.Spec.of(g, TO_X).then(Activation.RELU));
        assertTrue(e.getMessage().startsWith("convolution: only y has an activation"), e.getMessage());
    }

    @Test
    void aStatusBecomesAnExceptionThatNamesTheFunction() {
        try (Arena frame = Arena.ofConfined()) {
            NativeException e = assertThrows(
                    NativeException.class, () -> OneDnn.memoryDescCreate(new long[] {-3, 4}, new long[] {4, 1}, frame));
            assertEquals("dnnl_memory_desc_create_with_strides", e.function());
            assertEquals(2, e.status());
            assertEquals("dnnl_invalid_arguments", e.statusName());
            assertTrue(
                    e.getMessage().endsWith("dnnl_invalid_arguments (2); dims=[-3, 4], strides=[4, 1]"),
                    e.getMessage());
        }
    }
}
