package dev.elbo.simulator.blas;

import dev.elbo.simulator.library.NumberType;

/// How a product is computed: how its factors are rounded first, and in what it is summed.
///
/// ```
/// c[i,j] = Σ_l round(a[i,l]) · round(b[l,j])        l ascending, fused, in f32 or f64
/// ```
enum Product {
    F32,
    TF32,
    BF16,
    F16,
    F64;

    /// The product of a compute type (`cublasComputeType_t`) and a math mode.
    ///
    /// @param allowTf32 whether the handle lets f32 products use tensor cores
    /// @return null if there is no such compute type here
    static Product of(int computeType, boolean allowTf32) {
        return switch (computeType) {
            case 68 -> allowTf32 ? TF32 : F32;
            case 69, 78 -> F32; // PEDANTIC, EMULATED_16BFX9: as exact as f32
            case 77 -> TF32;
            case 75 -> BF16;
            case 74 -> F16;
            case 70, 71 -> F64;
            default -> null;
        };
    }

    private float round(float value) {
        return switch (this) {
            case TF32 -> NumberType.toTf32(value);
            case BF16 -> NumberType.toBf16(value);
            case F16 -> Float.float16ToFloat(Float.floatToFloat16(value));
            default -> value;
        };
    }

    /// op(a) · op(b).
    ///
    /// @param a (m, k), column by column
    /// @param b (k, n), column by column
    /// @return (m, n), column by column
    double[] multiply(double[] a, double[] b, int m, int n, int k) {
        return this == F64 ? inDouble(a, b, m, n, k) : inFloat(a, b, m, n, k);
    }

    private double[] inFloat(double[] a, double[] b, int m, int n, int k) {
        float[] left = rounded(a);
        float[] right = rounded(b);
        float[] column = new float[m];
        double[] c = new double[m * n];
        for (int j = 0; j < n; j++) {
            java.util.Arrays.fill(column, 0);
            for (int l = 0; l < k; l++) addScaled(column, left, l * m, right[l + j * k]);
            for (int i = 0; i < m; i++) c[i + j * m] = column[i];
        }
        return c;
    }

    private static void addScaled(float[] sum, float[] from, int offset, float factor) {
        for (int i = 0; i < sum.length; i++) sum[i] = Math.fma(from[offset + i], factor, sum[i]);
    }

    private float[] rounded(double[] values) {
        float[] rounded = new float[values.length];
        for (int i = 0; i < values.length; i++) rounded[i] = round((float) values[i]);
        return rounded;
    }

    private static double[] inDouble(double[] a, double[] b, int m, int n, int k) {
        double[] c = new double[m * n];
        for (int j = 0; j < n; j++) {
            for (int l = 0; l < k; l++) {
                for (int i = 0; i < m; i++) c[i + j * m] = Math.fma(a[i + l * m], b[l + j * k], c[i + j * m]);
            }
        }
        return c;
    }

    /// A matrix turned over.
    ///
    /// @param values (rows, columns), column by column
    /// @return (columns, rows), column by column
    static double[] transpose(double[] values, int rows, int columns) {
        double[] turned = new double[values.length];
        for (int j = 0; j < columns; j++) {
            for (int i = 0; i < rows; i++) turned[j + i * columns] = values[i + j * rows];
        }
        return turned;
    }
}
