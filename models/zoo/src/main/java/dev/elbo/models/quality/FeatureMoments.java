package dev.elbo.models.quality;

/// Mean and covariance of rows of numbers, in f64, and how far two such pairs are apart.
///
/// ```
/// mean       = Σ_i x[i] / n
/// covariance = Σ_i (x[i] − mean)(x[i] − mean)ᵀ / (n − 1)
/// ```
///
/// @param mean       (features)
/// @param covariance (features, features)
public record FeatureMoments(double[] mean, double[][] covariance) {
    /// Of rows, in two passes: one pass loses the covariance of what lies far from 0.
    ///
    /// @param rows (n, features), row-major
    public static FeatureMoments of(float[] rows, int features) {
        int n = rows.length / features;
        if (n < 2 || rows.length != n * features) {
            throw new IllegalArgumentException(
                    "FeatureMoments: at least two whole rows; values=" + rows.length + ", features=" + features);
        }
        double[] mean = new double[features];
        for (int e = 0; e < rows.length; e++) {
            mean[e % features] += rows[e] / (double) n;
        }
        double[][] covariance = new double[features][features];
        double[] centred = new double[features];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < features; j++) {
                centred[j] = rows[i * features + j] - mean[j];
            }
            for (int j = 0; j < features; j++) {
                for (int k = j; k < features; k++) {
                    covariance[j][k] += centred[j] * centred[k] / (n - 1);
                    covariance[k][j] = covariance[j][k];
                }
            }
        }
        return new FeatureMoments(mean, covariance);
    }

    /// Squared Fréchet distance of two Gaussians with these moments (Dowson & Landau 1982; of features, Heusel et al.
    /// 2017, arXiv:1706.08500).
    ///
    /// ```
    /// d² = ‖μ₁ − μ₂‖² + tr Σ₁ + tr Σ₂ − 2 tr (Σ₁^½ Σ₂ Σ₁^½)^½
    /// ```
    ///
    /// All roots are of symmetric matrices, so nothing imaginary is ever dropped.
    public double frechet(FeatureMoments other) {
        int n = mean.length;
        double square = 0;
        for (int i = 0; i < n; i++) {
            square += (mean[i] - other.mean[i]) * (mean[i] - other.mean[i]);
            square += covariance[i][i] + other.covariance[i][i];
        }
        double[][] root = SymmetricEigen.of(covariance).root();
        double[][] between = product(product(root, other.covariance), root);
        for (double value : SymmetricEigen.of(between).values()) {
            square -= 2 * Math.sqrt(Math.max(0, value));
        }
        return Math.max(0, square);
    }

    private static double[][] product(double[][] a, double[][] b) {
        int n = a.length;
        double[][] c = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < n; k++) {
                for (int j = 0; j < n; j++) {
                    c[i][j] += a[i][k] * b[k][j];
                }
            }
        }
        return c;
    }
}
