package dev.elbo.cli;

/// Mean squares of what is wrong with values, summed in f64.
final class Errors {
    private Errors() {}

    /// Mean square of the difference.
    static double between(float[] truth, float[] guess) {
        double sum = 0;
        for (int i = 0; i < truth.length; i++) {
            sum += (double) (guess[i] - truth[i]) * (guess[i] - truth[i]);
        }
        return sum / truth.length;
    }

    /// The same when every example is taken for the mean.
    ///
    /// @param truth (n, features)
    /// @param means (features)
    static double ofMeans(float[] truth, float[] means) {
        double sum = 0;
        for (int i = 0; i < truth.length; i++) {
            double off = means[i % means.length] - truth[i];
            sum += off * off;
        }
        return sum / truth.length;
    }
}
