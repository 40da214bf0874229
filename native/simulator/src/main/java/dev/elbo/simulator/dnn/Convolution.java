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
    private static final int AMPERE = 80;
    private static final int BF16_CHANNELS = 8;

    /// How a sum is made, which two engines may do differently.
    ///
    /// @param tf32    whether factors are rounded first, as tensor cores do
    /// @param reverse whether the last term comes first
    record Manner(boolean tf32, boolean reverse) {
        /// The i-th of so many, or the i-th last.
        private int turned(int i, int count) {
            return reverse ? count - 1 - i : i;
        }
    }

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

    /// Whether there are units that multiply such numbers: those for bf16 came with Ampere, and eat channels by eights.
    ///
    /// @param x          (n, c, h, w)
    /// @param w          (k, c / groups, r, s)
    /// @param capability of the device, 10 · major + minor
    static boolean takes(NumberType type, TensorShape x, TensorShape w, int capability) {
        return type != NumberType.BF16
                || capability >= AMPERE && x.extent(1) % BF16_CHANNELS == 0 && w.extent(0) % BF16_CHANNELS == 0;
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
        Lines lines = switch (pass) {
            case FORWARD -> (x, w, y, count) -> addScaled(result, y, 1, a, x, strideW, b[w], count);
            case DATA -> (x, w, y, count) -> addScaled(result, x, strideW, a, y, 1, b[w], count);
            case FILTER -> (x, w, y, count) -> result[w] = addProducts(result[w], a, x, b, y, count);
        };
        int perGroup = wShape.extent(0) / groups;
        int channels = wShape.extent(1);
        for (int i = 0; i < yShape.extent(0); i++) {
            int image = manner.turned(i, yShape.extent(0));
            for (int j = 0; j < yShape.extent(1); j++) {
                int k = manner.turned(j, yShape.extent(1));
                int firstChannel = image * xShape.extent(1) + k / perGroup * channels;
                for (int c = 0; c < channels; c++) {
                    int channel = manner.turned(c, channels);
                    int filter = k * channels + channel;
                    planes(lines, xShape, wShape, yShape, firstChannel + channel, filter, image * yShape.extent(1) + k);
                }
            }
        }
        return result;
    }

    /// Terms that share a filter weight and lie in one line of the output.
    private interface Lines {
        /// @param x of the first term; the next one lies a stride further on
        /// @param w the weight
        /// @param y of the first term; the next one lies beside it
        void add(int x, int w, int y, int count);
    }

    /// All terms of one input plane, one filter plane and one output plane.
    private void planes(Lines lines, TensorShape x, TensorShape w, TensorShape y, int xPlane, int wPlane, int yPlane) {
        int rows = w.extent(2);
        int columns = w.extent(3);
        for (int r = 0; r < rows; r++) {
            for (int s = 0; s < columns; s++) {
                int weight = wPlane * rows * columns
                        + (flipped ? (rows - 1 - r) * columns + columns - 1 - s : r * columns + s);
                int left = s * dilationW - padW;
                int from = Math.max(0, Math.ceilDiv(-left, strideW));
                int to = Math.min(y.extent(3), Math.floorDiv(x.extent(3) - 1 - left, strideW) + 1);
                for (int p = 0; p < y.extent(2) && from < to; p++) {
                    int h = p * strideH - padH + r * dilationH;
                    if (h < 0 || h >= x.extent(2)) continue;
                    int input = (xPlane * x.extent(2) + h) * x.extent(3) + left + from * strideW;
                    lines.add(input, weight, (yPlane * y.extent(2) + p) * y.extent(3) + from, to - from);
                }
            }
        }
    }

    private static void addScaled(
            float[] sums, int sum, int sumStep, float[] values, int value, int valueStep, float factor, int count) {
        for (int i = 0; i < count; i++) {
            int at = sum + i * sumStep;
            sums[at] = Math.fma(values[value + i * valueStep], factor, sums[at]);
        }
    }

    private float addProducts(float sum, float[] xs, int x, float[] ys, int y, int count) {
        for (int i = 0; i < count; i++) sum = Math.fma(xs[x + i * strideW], ys[y + i], sum);
        return sum;
    }

    private static float[] rounded(float[] values, Manner manner) {
        if (!manner.tf32) return values;
        float[] rounded = new float[values.length];
        for (int i = 0; i < values.length; i++) rounded[i] = NumberType.toTf32(values[i]);
        return rounded;
    }
}
