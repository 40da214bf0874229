package dev.elbo.simulator.blas;

import dev.elbo.simulator.shim.Host;
import java.util.HashMap;
import java.util.Map;

/// The numbered attributes of a descriptor of cuBLASLt, each of 1, 4 or 8 bytes.
abstract sealed class LtAttributes permits LtAttributes.Matmul, LtAttributes.Layout, LtAttributes.Preference {
    private final Map<Integer, Integer> sizes;
    private final Map<Integer, Long> values = new HashMap<>();

    /// @param sizes bytes of each attribute that there is
    LtAttributes(Map<Integer, Integer> sizes) {
        this.sizes = sizes;
    }

    /// A product: `cublasLtMatmulDesc_t`.
    static final class Matmul extends LtAttributes {
        static final int COMPUTE = 0;
        static final int SCALE = 1;
        static final int POINTER_MODE = 2;
        static final int TRANS_A = 3;
        static final int TRANS_B = 4;
        static final int EPILOGUE = 7;
        static final int BIAS_POINTER = 8;
        static final int BIAS_BATCH_STRIDE = 10;
        static final int AUX_POINTER = 11;
        static final int AUX_LD = 12;
        static final int AUX_BATCH_STRIDE = 13;

        Matmul(int compute, int scale) {
            super(Map.ofEntries(
                    Map.entry(COMPUTE, 4),
                    Map.entry(SCALE, 4),
                    Map.entry(POINTER_MODE, 4),
                    Map.entry(TRANS_A, 4),
                    Map.entry(TRANS_B, 4),
                    Map.entry(5, 4), // TRANSC
                    Map.entry(6, 4), // FILL_MODE
                    Map.entry(EPILOGUE, 4),
                    Map.entry(BIAS_POINTER, 8),
                    Map.entry(BIAS_BATCH_STRIDE, 8),
                    Map.entry(AUX_POINTER, 8),
                    Map.entry(AUX_LD, 8),
                    Map.entry(AUX_BATCH_STRIDE, 8),
                    Map.entry(15, 4), // SM_COUNT_TARGET
                    Map.entry(22, 4), // EPILOGUE_AUX_DATA_TYPE
                    Map.entry(25, 1), // FAST_ACCUM
                    Map.entry(26, 4))); // BIAS_DATA_TYPE
            put(COMPUTE, compute);
            put(SCALE, scale);
            put(EPILOGUE, 1);
        }
    }

    /// A matrix: `cublasLtMatrixLayout_t`.
    static final class Layout extends LtAttributes {
        static final int TYPE = 0;
        static final int ORDER = 1;
        static final int ROWS = 2;
        static final int COLS = 3;
        static final int LD = 4;
        static final int BATCH_COUNT = 5;
        static final int BATCH_STRIDE = 6;

        Layout(int type, long rows, long columns, long leading) {
            super(Map.of(TYPE, 4, ORDER, 4, ROWS, 8, COLS, 8, LD, 8, BATCH_COUNT, 4, BATCH_STRIDE, 8));
            put(TYPE, type);
            put(ROWS, rows);
            put(COLS, columns);
            put(LD, leading);
            put(BATCH_COUNT, 1);
        }
    }

    /// What an algorithm may need: `cublasLtMatmulPreference_t`.
    static final class Preference extends LtAttributes {
        static final int MAX_WORKSPACE = 1;
        static final int REDUCTION_MASK = 3;
        static final int MIN_ALIGNMENT_A = 5;

        Preference() {
            super(Map.of(0, 4, MAX_WORKSPACE, 8, REDUCTION_MASK, 4, MIN_ALIGNMENT_A, 4, 6, 4, 7, 4, 8, 4, 9, 4, 12, 8));
            put(REDUCTION_MASK, 7);
            for (int i = 0; i < 4; i++) put(MIN_ALIGNMENT_A + i, 256);
        }
    }

    final void put(int attribute, long value) {
        values.put(attribute, value);
    }

    final long get(int attribute) {
        return values.getOrDefault(attribute, 0L);
    }

    final int getInt(int attribute) {
        return (int) get(attribute);
    }

    /// From the caller's memory.
    void set(int attribute, long from, long bytes) {
        put(
                attribute,
                switch (size(attribute, bytes)) {
                    case 1 -> Host.bytes(from, 1)[0];
                    case 4 -> Host.getInt(from);
                    default -> Host.getLong(from);
                });
    }

    /// Into the caller's memory.
    ///
    /// @param written address of a `size_t`, or 0
    void get(int attribute, long to, long bytes, long written) {
        int size = size(attribute, bytes);
        if (size == 8) Host.putLong(to, get(attribute));
        else if (size == 4) Host.putInt(to, getInt(attribute));
        else Host.at(to, 1).fill((byte) get(attribute));
        if (written != 0) Host.putLong(written, size);
    }

    private int size(int attribute, long bytes) {
        Integer size = sizes.get(attribute);
        if (size == null) throw BlasStatus.INVALID_VALUE.ltBecause("no such attribute; attribute=" + attribute);
        if (bytes != size) {
            throw BlasStatus.INVALID_VALUE.ltBecause(
                    "attribute of another size; attribute=" + attribute + ", bytes=" + bytes + ", wanted=" + size);
        }
        return size;
    }
}
