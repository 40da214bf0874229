package dev.elbo.simulator.dnn;

import dev.elbo.simulator.library.NumberType;

/// A convolution of images and its gradients, with f32 sums.
///
/// ```
/// y [n,k,p,q] = Σ_c,r,s x[n,c,h,w] · w[k,c,r,s]            h = p·strideH − padH + r·dilationH, likewise w
/// dx[n,c,h,w] = Σ_k,p,q,r,s dy[n,k,p,q] · w[k,c,r,s]
/// dw[k,c,r,s] = Σ_n,p,q x[n,c,h,w] · dy[n,k,p,q]
/// ```
///
/// @param flipped whether the filter is turned about, as mathematics has it
/// @param groups  into which channels and filters are parted
record Convolution(
        int padH, int padW, int strideH, int strideW, int dilationH, int dilationW, boolean flipped, int groups) {
    /// How a sum is made, which two engines may do differently.
    ///
    /// @param tf32    whether factors are rounded first, as tensor cores do
    /// @param reverse whether the last term comes first
    record Manner(boolean tf32, boolean reverse) {}

    /// Which of the three is the result.
    enum Pass {
        FORWARD,
        DATA,
        FILTER
    }

    /// Extents of the images that come out, (n, k, p, q).
    long[] output(TensorShape x, TensorShape w) {
        return new long[] {
            x.extents()[0],
            w.extents()[0],
            length(x.extents()[2], padH, dilationH, w.extents()[2], strideH),
            length(x.extents()[3], padW, dilationW, w.extents()[3], strideW)
        };
    }

    private static long length(long in, int pad, int dilation, long filter, int stride) {
        return 1 + (in + 2L * pad - dilation * (filter - 1) - 1) / stride;
    }

    /// @throws dev.elbo.simulator.shim.Failure BAD_PARAM if the three do not fit
    void check(TensorShape x, TensorShape w, TensorShape y) {
        boolean fits = x.rank() == 4
                && w.rank() == 4
                && y.rank() == 4
                && x.extents()[1] == w.extents()[1] * groups
                && w.extents()[0] % groups == 0
                && java.util.Arrays.equals(y.extents(), output(x, w));
        if (!fits)
            throw DnnStatus.BAD_PARAM.because("shapes do not fit; x=" + x + ", w=" + w + ", y=" + y + ", " + this);
    }

    /// Runs one pass.
    ///
    /// @param xShape (n, c, h, w)
    /// @param wShape (k, c / groups, r, s)
    /// @param yShape (n, k, p, q)
    /// @param first  x, or dy if the images' gradient is wanted
    /// @param second w, or dy if the filters' gradient is wanted
    float[] run(
            Pass pass,
            TensorShape xShape,
            TensorShape wShape,
            TensorShape yShape,
            float[] first,
            float[] second,
            Manner manner) {
        float[] a = rounded(first, manner);
        float[] b = rounded(second, manner);
        float[] result = new float[(pass == Pass.FORWARD ? yShape : pass == Pass.DATA ? xShape : wShape).count()];
        Terms terms = switch (pass) {
            case FORWARD -> (x, w, y) -> result[y] = Math.fma(a[x], b[w], result[y]);
            case DATA -> (x, w, y) -> result[x] = Math.fma(a[y], b[w], result[x]);
            case FILTER -> (x, w, y) -> result[w] = Math.fma(a[x], b[y], result[w]);
        };
        int n = yShape.extent(0);
        int perGroup = wShape.extent(0) / groups;
        for (int i = 0; i < n; i++) {
            int image = manner.reverse ? n - 1 - i : i;
            for (int j = 0; j < yShape.extent(1); j++) {
                int k = manner.reverse ? yShape.extent(1) - 1 - j : j;
                for (int c = 0; c < wShape.extent(1); c++) {
                    int channel = manner.reverse ? wShape.extent(1) - 1 - c : c;
                    plane(
                            terms,
                            xShape,
                            wShape,
                            yShape,
                            (image * xShape.extent(1) + k / perGroup * wShape.extent(1) + channel),
                            k * wShape.extent(1) + channel,
                            image * yShape.extent(1) + k);
                }
            }
        }
        return result;
    }

    /// Takes one product into one sum.
    private interface Terms {
        void add(int x, int w, int y);
    }

    /// All terms of one input plane, one filter plane and one output plane.
    private void plane(Terms terms, TensorShape x, TensorShape w, TensorShape y, int xPlane, int wPlane, int yPlane) {
        int height = x.extent(2);
        int width = x.extent(3);
        int rows = w.extent(2);
        int columns = w.extent(3);
        for (int p = 0; p < y.extent(2); p++) {
            for (int q = 0; q < y.extent(3); q++) {
                int at = (yPlane * y.extent(2) + p) * y.extent(3) + q;
                for (int r = 0; r < rows; r++) {
                    int h = p * strideH - padH + r * dilationH;
                    if (h < 0 || h >= height) continue;
                    for (int s = 0; s < columns; s++) {
                        int v = q * strideW - padW + s * dilationW;
                        if (v < 0 || v >= width) continue;
                        int filter = flipped ? (rows - 1 - r) * columns + columns - 1 - s : r * columns + s;
                        terms.add((xPlane * height + h) * width + v, wPlane * rows * columns + filter, at);
                    }
                }
            }
        }
    }

    private static float[] rounded(float[] values, Manner manner) {
        if (!manner.tf32) return values;
        float[] rounded = new float[values.length];
        for (int i = 0; i < values.length; i++) rounded[i] = NumberType.toTf32(values[i]);
        return rounded;
    }
}
