package dev.elbo.simulator.dnn;

import dev.elbo.simulator.library.NumberType;
import java.util.Arrays;

/// Extents of a tensor, and how far apart in memory its numbers lie.
///
/// @param extents outermost first: (n, c, h, w), or (k, c, r, s) of a filter
/// @param strides numbers from one index to the next, for each extent
record TensorShape(NumberType type, long[] extents, long[] strides) {
    private static final int NCHW = 0;
    private static final int NHWC = 1;

    TensorShape {
        if (extents.length != strides.length || extents.length < 1) {
            throw DnnStatus.BAD_PARAM.because("extents=" + extents.length + ", strides=" + strides.length);
        }
        for (long extent : extents) {
            if (extent < 1) throw DnnStatus.BAD_PARAM.because("extent < 1; extents=" + Arrays.toString(extents));
        }
        for (long stride : strides) {
            if (stride < 0) throw DnnStatus.BAD_PARAM.because("stride < 0; strides=" + Arrays.toString(strides));
        }
    }

    /// Without gaps, in a `cudnnTensorFormat_t`.
    static TensorShape packed(NumberType type, int format, long... extents) {
        int rank = extents.length;
        int[] order = new int[rank]; // of dimensions, the fastest first
        switch (format) {
            case NCHW -> {
                for (int i = 0; i < rank; i++) order[i] = rank - 1 - i;
            }
            case NHWC -> {
                order[0] = 1;
                for (int i = 1; i < rank - 1; i++) order[i] = rank - i;
                order[rank - 1] = 0;
            }
            default -> throw DnnStatus.NOT_SUPPORTED.because("tensor format=" + format);
        }
        long[] strides = new long[rank];
        long step = 1;
        for (int dimension : order) {
            strides[dimension] = step;
            step *= Math.max(1, extents[dimension]);
        }
        return new TensorShape(type, extents, strides);
    }

    /// A `cudnnDataType_t`.
    static NumberType type(int number) {
        return switch (number) {
            case 0 -> NumberType.F32;
            case 1 -> NumberType.F64;
            case 2 -> NumberType.F16;
            case 9 -> NumberType.BF16;
            default -> throw DnnStatus.NOT_SUPPORTED.because("data type=" + number);
        };
    }

    int rank() {
        return extents.length;
    }

    int extent(int dimension) {
        return Math.toIntExact(extents[dimension]);
    }

    int count() {
        long count = 1;
        for (long extent : extents) count *= extent;
        return Math.toIntExact(count);
    }

    /// Numbers from the first to behind the last.
    long span() {
        long last = 0;
        for (int i = 0; i < rank(); i++) last += (extents[i] - 1) * strides[i];
        return last + 1;
    }

    /// Whether its memory has no gaps.
    boolean packed() {
        return span() == count();
    }

    boolean sameExtents(TensorShape other) {
        return Arrays.equals(extents, other.extents);
    }

    /// Where in memory the number at a place in logical order lies.
    long offset(int index) {
        long offset = 0;
        for (int i = rank() - 1; i >= 0; i--) {
            offset += index % extents[i] * strides[i];
            index /= Math.toIntExact(extents[i]);
        }
        return offset;
    }

    @Override
    public String toString() {
        return type + Arrays.toString(extents);
    }
}
