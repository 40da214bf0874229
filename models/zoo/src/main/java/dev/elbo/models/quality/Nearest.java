package dev.elbo.models.quality;

import dev.elbo.models.data.Examples;
import java.util.Arrays;

/// The example that is nearest to a sample, number by number: whether a model has learned by heart.
///
/// ```
/// nearest(x) = argmin_i Σ_j (x[j] − example_i[j])²
/// ```
public final class Nearest {
    private Nearest() {}

    /// Which example is nearest to each row.
    ///
    /// @param rows (n, features), row-major
    /// @return (n)
    public static int[] of(Examples examples, float[] rows) {
        int features = examples.features();
        int n = rows.length / features;
        int[] nearest = new int[n];
        double[] least = new double[n];
        Arrays.fill(least, Double.POSITIVE_INFINITY);
        float[] example = new float[features];
        for (int i = 0; i < examples.count(); i++) {
            for (int j = 0; j < features; j++) {
                example[j] = examples.value(i, j);
            }
            for (int row = 0; row < n; row++) {
                double square = square(rows, row * features, example);
                if (square < least[row]) {
                    least[row] = square;
                    nearest[row] = i;
                }
            }
        }
        return nearest;
    }

    private static float square(float[] rows, int from, float[] example) {
        float sum = 0;
        for (int j = 0; j < example.length; j++) {
            float apart = rows[from + j] - example[j];
            sum += apart * apart;
        }
        return sum;
    }
}
