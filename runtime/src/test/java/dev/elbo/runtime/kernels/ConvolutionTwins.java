package dev.elbo.runtime.kernels;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.elbo.runtime.cpu.CpuMath;
import dev.elbo.runtime.cpu.Unary;
import dev.elbo.runtime.kernels.Twins.Twin;
import java.util.List;

/// The convolutions of [KernelTwinsTest], against the few lines that say what they do and in which order.
final class ConvolutionTwins {
    private static final int PARTS = 3;

    private ConvolutionTwins() {}

    /// One convolution: x (n, h, w, c), weight (k, kh, kw, c), y (n, oh, ow, k).
    private record Geometry(
            int n, int h, int w, int c, int k, int kh, int kw, int strideH, int strideW, int padH, int padW) {
        int oh() {
            return (h + 2 * padH - kh) / strideH + 1;
        }

        int ow() {
            return (w + 2 * padW - kw) / strideW + 1;
        }

        int pixels() {
            return n * oh() * ow();
        }

        int taps() {
            return kh * kw * c;
        }

        /// The element of x under tap (i, j) of the patch at (p, q), or −1 outside of the image.
        int under(int image, int p, int q, int i, int j, int channel) {
            int row = p * strideH + i - padH;
            int col = q * strideW + j - padW;
            boolean inside = row >= 0 && row < h && col >= 0 && col < w;
            return inside ? ((image * h + row) * w + col) * c + channel : -1;
        }

        Object[] with(Twin a, Twin b, Twin bias, Twin to, Object... more) {
            Object[] all = new Object[17 + more.length];
            Object[] start = {a, b, bias, to, n, h, w, c, k, kh, kw, oh(), ow(), strideH, strideW, padH, padW};
            System.arraycopy(start, 0, all, 0, start.length);
            System.arraycopy(more, 0, all, start.length, more.length);
            return all;
        }
    }

    /// Windows that overlap, that leave a rest, that skip pixels, and one that is a product; many pixels for one of
    /// them.
    private static List<Geometry> geometries(int c, int cols) {
        int k = Math.min(cols, 40);
        if (cols >= 1000) {
            return List.of(new Geometry(2, 24, 23, c, k, 3, 3, 1, 1, 1, 1));
        }
        return List.of(
                new Geometry(3, 1, 1, c, k, 1, 1, 1, 1, 0, 0),
                new Geometry(2, 5, 4, c, k, 3, 2, 1, 1, 1, 0),
                new Geometry(1, 8, 7, c, k, 4, 4, 2, 2, 1, 1),
                new Geometry(2, 6, 9, c, k, 2, 1, 3, 2, 0, 1));
    }

    private static Twin gradient(Twins t, int n, boolean first) {
        return first ? t.floats(n) : t.normals(n);
    }

    private static float read(Twin x, int element) {
        return element < 0 ? 0 : x.at(element);
    }

    /// to = f((to +) sums + bias).
    private static void finish(Twin to, float[] sums, Twin bias, Unary f, boolean first) {
        for (int e = 0; e < sums.length; e++) {
            float v = first ? sums[e] : to.at(e) + sums[e];
            to.host().setAtIndex(JAVA_FLOAT, e, bias == null ? v : v + bias.at(e % bias.size()));
        }
        CpuMath.plain().unary(f, 0.2f, to.host(), to.host(), 0, sums.length);
    }

    static void forward(Twins t, int rows, int cols, boolean first) {
        for (Geometry g : geometries(rows, cols)) {
            Twin x = t.normals(g.n * g.h * g.w * g.c);
            Twin weight = t.normals(g.k * g.taps());
            Twin bias = first ? t.normals(g.k) : null;
            Twin y = gradient(t, g.pixels() * g.k, first);
            Unary f = first ? Unary.TANH : Unary.LEAKY_RELU;
            float[] sums = new float[y.size()];
            for (int e = 0; e < sums.length; e++) {
                int pixel = e / g.k;
                int image = pixel / (g.oh() * g.ow());
                for (int tap = 0; tap < g.taps(); tap++) {
                    int i = tap / g.c / g.kw;
                    int j = tap / g.c % g.kw;
                    int at = g.under(image, pixel / g.ow() % g.oh(), pixel % g.ow(), i, j, tap % g.c);
                    sums[e] = Math.fma(read(x, at), weight.at(e % g.k * g.taps() + tap), sums[e]);
                }
            }
            finish(y, sums, bias, f, first);
            t.launch("convolution_f32", g.with(x, weight, bias, y, f.ordinal(), 0.2f, first));
            t.assertSame("convolution " + g, y);
        }
    }

    static void input(Twins t, int rows, int cols, boolean first) {
        for (Geometry g : geometries(rows, cols)) {
            Twin y = t.normals(g.pixels() * g.k);
            Twin weight = t.normals(g.k * g.taps());
            Twin bias = first ? t.normals(g.c) : null;
            Twin x = gradient(t, g.n * g.h * g.w * g.c, first);
            Unary f = first ? Unary.TANH : Unary.LEAKY_RELU;
            float[] sums = new float[x.size()];
            for (int e = 0; e < sums.length; e++) {
                int line = e / g.c / g.w;
                int row = line % g.h + g.padH;
                int col = e / g.c % g.w + g.padW;
                for (int i = row % g.strideH; i < g.kh; i += g.strideH) {
                    for (int j = col % g.strideW; j < g.kw; j += g.strideW) {
                        int p = (row - i) / g.strideH;
                        int q = (col - j) / g.strideW;
                        boolean inside = row >= i && p < g.oh() && col >= j && q < g.ow();
                        for (int k = 0; k < g.k; k++) {
                            int at = inside ? ((line / g.h * g.oh() + p) * g.ow() + q) * g.k + k : -1;
                            float w = weight.at(((k * g.kh + i) * g.kw + j) * g.c + e % g.c);
                            sums[e] = Math.fma(read(y, at), w, sums[e]);
                        }
                    }
                }
            }
            finish(x, sums, bias, f, first);
            int pixels = g.n * Math.ceilDiv(g.h, g.strideH) * Math.ceilDiv(g.w, g.strideW);
            int phases = g.strideH * g.strideW;
            t.launch(
                    "convolution_input_pullback_f32",
                    g.with(y, weight, bias, x, pixels, phases, f.ordinal(), 0.2f, first));
            t.assertSame("gradient of the input of " + g, x);
        }
    }

    static void weight(Twins t, int rows, int cols, boolean first) {
        for (Geometry g : geometries(rows, cols)) {
            Twin y = t.normals(g.pixels() * g.k);
            Twin x = t.normals(g.n * g.h * g.w * g.c);
            int size = g.k * g.taps();
            int parts = Math.min(PARTS, g.pixels());
            int each = Math.ceilDiv(g.pixels(), parts);
            Twin partials = t.floats(parts * size);
            Twin dWeight = gradient(t, size, first);
            for (int e = 0; e < size; e++) {
                int tap = e % g.taps();
                float sum = 0;
                for (int part = 0; part < parts; part++) {
                    float chain = 0;
                    for (int pixel = part * each; pixel < Math.min(g.pixels(), (part + 1) * each); pixel++) {
                        int image = pixel / (g.oh() * g.ow());
                        int i = tap / g.c / g.kw;
                        int j = tap / g.c % g.kw;
                        int at = g.under(image, pixel / g.ow() % g.oh(), pixel % g.ow(), i, j, tap % g.c);
                        chain = Math.fma(y.at(pixel * g.k + e / g.taps()), read(x, at), chain);
                    }
                    partials.host().setAtIndex(JAVA_FLOAT, part * size + e, chain);
                    sum = part == 0 ? chain : sum + chain;
                }
                dWeight.host().setAtIndex(JAVA_FLOAT, e, first ? sum : dWeight.at(e) + sum);
            }
            Object[] arguments = {
                y, x, partials, g.n, g.h, g.w, g.c, g.k, g.kh, g.kw, g.oh(), g.ow(), g.strideH, g.strideW, g.padH,
                g.padW, g.taps(), parts, each
            };
            t.launch("convolution_weight_pullback_f32", arguments);
            t.assertSame("partials of " + g, partials);
            t.launch("convolution_weight_sums_pullback_f32", partials, dWeight, size, parts, first);
            t.assertSame("gradient of the weight of " + g, dWeight);
        }
    }
}
