package dev.elbo.models.quality;

import java.util.stream.IntStream;

/// Eigenvalues and eigenvectors of a real symmetric matrix, in f64.
///
/// ```
/// A = V diag(values) Vᵀ                   Vᵀ V = I
/// ```
///
/// By cyclic Jacobi rotations: small eigenvalues of a covariance come out to full relative accuracy, which a root
/// needs.
///
/// @param values  (n), in no order
/// @param vectors (n, n), eigenvector k in column k
public record SymmetricEigen(double[] values, double[][] vectors) {
    private static final int SWEEPS = 60;

    /// @param matrix A, (n, n), its upper triangle read; borrowed
    public static SymmetricEigen of(double[][] matrix) {
        int n = matrix.length;
        double[][] a = new double[n][n];
        double[][] v = new double[n][n];
        double norm = 0;
        for (int i = 0; i < n; i++) {
            v[i][i] = 1;
            for (int j = i; j < n; j++) {
                a[i][j] = matrix[i][j];
                a[j][i] = matrix[i][j];
                norm = Math.max(norm, Math.abs(matrix[i][j]));
            }
        }
        if (!Double.isFinite(norm)) {
            throw new IllegalArgumentException("SymmetricEigen: a matrix of finite numbers; largest=" + norm);
        }
        double left = sweep(a, v);
        for (int sweeps = 1; left > 0 && sweeps < SWEEPS; sweeps++) {
            left = sweep(a, v);
        }
        if (left > 0) {
            throw new IllegalStateException("SymmetricEigen: not diagonal after so many sweeps; n=" + n + ", sweeps="
                    + SWEEPS + ", rotated=" + left);
        }
        return new SymmetricEigen(
                IntStream.range(0, n).mapToDouble(i -> a[i][i]).toArray(), v);
    }

    /// A^½ of a positive semidefinite A; eigenvalues that rounding left below 0 count as 0.
    public double[][] root() {
        int n = values.length;
        double[][] root = new double[n][n];
        for (int k = 0; k < n; k++) {
            double scale = Math.sqrt(Math.max(0, values[k]));
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    root[i][j] += scale * vectors[i][k] * vectors[j][k];
                }
            }
        }
        return root;
    }

    /// One rotation for each pair whose element still counts; how many those were.
    private static int sweep(double[][] a, double[][] v) {
        int rotated = 0;
        for (int p = 0; p < a.length; p++) {
            for (int q = p + 1; q < a.length; q++) {
                double small = 1e-16 * Math.sqrt(Math.abs(a[p][p]) * Math.abs(a[q][q]));
                if (Math.abs(a[p][q]) > Math.max(small, Double.MIN_NORMAL)) {
                    rotate(a, v, p, q);
                    rotated++;
                }
            }
        }
        return rotated;
    }

    /// Makes a[p][q] zero: t = tan of the angle is the smaller root of t² + 2 t cot 2φ − 1.
    private static void rotate(double[][] a, double[][] v, int p, int q) {
        double cot = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        double t = Math.copySign(1, cot) / (Math.abs(cot) + Math.hypot(cot, 1));
        double c = 1 / Math.hypot(t, 1);
        double s = t * c;
        double moved = t * a[p][q];
        a[p][p] -= moved;
        a[q][q] += moved;
        a[p][q] = 0;
        a[q][p] = 0;
        for (int k = 0; k < a.length; k++) {
            if (k != p && k != q) {
                double kp = a[k][p];
                double kq = a[k][q];
                a[k][p] = c * kp - s * kq;
                a[p][k] = a[k][p];
                a[k][q] = s * kp + c * kq;
                a[q][k] = a[k][q];
            }
            double vp = v[k][p];
            double vq = v[k][q];
            v[k][p] = c * vp - s * vq;
            v[k][q] = s * vp + c * vq;
        }
    }
}
