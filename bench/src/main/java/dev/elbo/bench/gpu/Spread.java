package dev.elbo.bench.gpu;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/// A figure that was measured several times.
///
/// @param low  a quarter of the measurements lie below
/// @param high a quarter lie above
record Spread(double median, double low, double high) {
    static Spread of(double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int n = sorted.length;
        return new Spread(sorted[n / 2], sorted[n / 4], sorted[3 * n / 4]);
    }

    /// What was done in so many microseconds, per microsecond.
    Spread rate(double work) {
        return new Spread(work / median, work / high, work / low);
    }

    /// Median, lower and upper quartile; null for what is no number, as a rate by a clock that stands still.
    List<Double> values() {
        return Stream.of(median, low, high)
                .map(value -> Double.isFinite(value) ? value : null)
                .toList();
    }

    /// `31.2 (30.9–31.8)`.
    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%.3g (%.3g–%.3g)", median, low, high);
    }
}
