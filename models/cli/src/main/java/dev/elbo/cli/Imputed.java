package dev.elbo.cli;

import dev.elbo.cli.report.PictureGrid;
import dev.elbo.models.data.Examples;
import dev.elbo.models.latent.Imputation;
import dev.elbo.models.latent.Missing;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Held-out examples of which something is missing, filled in by a model and by the mean.
///
/// @param examples  whose extents the rows have
/// @param truth     (n, features)
/// @param known     (n, features), 1 or 0
/// @param filled    (n, features), by the model
/// @param means     (features), of the training data
/// @param error     mean square of what is wrong with a missing value, filled by the model
/// @param meanError the same, filled by the mean
record Imputed(
        Examples examples,
        float[] truth,
        float[] known,
        float[] filled,
        float[] means,
        double error,
        double meanError) {
    private static final float UNKNOWN = 0.5f;

    /// Fills in the first `count` held-out examples.
    ///
    /// @param means (features), of the training data
    static Imputed of(ExampleExperiment<?> run, Missing missing, int count, float[] means, Imputation.Effort effort) {
        Examples test = run.data().set().test();
        int n = Math.min(count, test.count());
        Device device = run.memory().device();
        Tensor x = run.data().test().rows(0, n);
        float[] mask = missing.known(test.item(), n, effort.seed());
        Tensor known = run.memory().floats(Shape.of(n, test.features()), mask);
        Tensor start = run.memory().floats(Shape.of(means.length), means);
        Tensor filled = Imputation.fill(run.through(), x, known, start, effort, run.memory());
        return of(test, device.floats(x), mask, device.floats(filled), means);
    }

    private static Imputed of(Examples test, float[] truth, float[] known, float[] filled, float[] means) {
        double error = 0;
        double meanError = 0;
        long missing = 0;
        for (int i = 0; i < truth.length; i++) {
            if (known[i] == 0) {
                missing++;
                error += (filled[i] - truth[i]) * (filled[i] - truth[i]);
                double off = means[i % means.length] - truth[i];
                meanError += off * off;
            }
        }
        return new Imputed(test, truth, known, filled, means, error / missing, meanError / missing);
    }

    /// Four rows: what is known (the missing grey), by the model, by the mean, the truth.
    PictureGrid grid(int shown) {
        int features = examples.features();
        int columns = Math.min(shown, truth.length / features);
        float[] seen = new float[columns * features];
        float[] byMean = new float[columns * features];
        for (int i = 0; i < seen.length; i++) {
            seen[i] = known[i] == 1 ? truth[i] : UNKNOWN;
            byMean[i] = known[i] == 1 ? truth[i] : means[i % features];
        }
        List<float[]> pictures = new ArrayList<>();
        for (float[] row : List.of(seen, filled, byMean, truth)) {
            for (int at = 0; at < columns * features; at += features) {
                pictures.add(Arrays.copyOfRange(row, at, at + features));
            }
        }
        return Pictures.grid(columns, examples, pictures);
    }
}
