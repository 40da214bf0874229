package dev.elbo.cli.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The numbers along one side of a plot: from `low` to `high`, at steps of 1, 2 or 5 times a power of ten; or, on a
/// logarithmic axis, at powers of ten.
///
/// @param low         smallest value shown
/// @param high        largest value shown, above `low`
/// @param step        distance between numbers; 0 on a logarithmic axis
/// @param logarithmic whether equal ratios are equal lengths
record Axis(double low, double high, double step, boolean logarithmic) {
    private static final int STEPS = 5;

    /// The axis that shows all finite `values`; from 0 to 1 when there are none.
    static Axis around(List<Double> values, boolean logarithmic) {
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        for (double value : values) {
            if (Double.isFinite(value) && (!logarithmic || value > 0)) {
                low = Math.min(low, value);
                high = Math.max(high, value);
            }
        }
        if (low > high) {
            low = logarithmic ? 1 : 0;
            high = logarithmic ? 10 : 1;
        }
        return logarithmic ? logarithmic(low, high) : linear(low, high);
    }

    private static Axis linear(double low, double high) {
        double width = high - low;
        if (width <= Math.ulp(Math.max(Math.abs(low), Math.abs(high))) * 8) {
            width = Math.max(1, Math.abs(high)) * 0.1;
        }
        double rough = width / STEPS;
        double power = Math.pow(10, Math.floor(Math.log10(rough)));
        double step = power * (rough <= power ? 1 : rough <= 2 * power ? 2 : rough <= 5 * power ? 5 : 10);
        return new Axis(
                Math.floor(low / step) * step,
                Math.max(Math.ceil(high / step), Math.floor(low / step) + 1) * step,
                step,
                false);
    }

    private static Axis logarithmic(double low, double high) {
        double from = Math.pow(10, Math.floor(Math.log10(low)));
        double to = Math.pow(10, Math.ceil(Math.log10(high)));
        return new Axis(from, to > from ? to : 10 * from, 0, true);
    }

    /// Where a value lies: 0 at `low`, 1 at `high`.
    double place(double value) {
        return logarithmic ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
    }

    /// Where numbers stand.
    List<Double> ticks() {
        List<Double> ticks = new ArrayList<>();
        if (logarithmic) {
            for (double tick = low; tick <= high * 1.0001; tick *= 10) {
                ticks.add(tick);
            }
        } else {
            long count = Math.round((high - low) / step);
            for (long i = 0; i <= count; i++) {
                ticks.add(low + i * step);
            }
        }
        return ticks;
    }

    /// A number as it stands on the axis, with just the digits that tell it from its neighbours.
    String label(double tick) {
        double unit = logarithmic ? tick : step;
        if (Math.abs(tick) < unit / 2) {
            return "0";
        }
        double size = Math.abs(tick);
        if (size >= 1e6 || size < 1e-4) {
            String text = String.format(Locale.ROOT, "%.6e", tick);
            String digits = text.substring(0, text.indexOf('e')).replaceAll("\\.?0+$", "");
            return digits + "e" + Integer.parseInt(text.substring(text.indexOf('e') + 1));
        }
        int decimals = (int) Math.max(0, -Math.floor(Math.log10(unit) + 1e-9));
        return String.format(Locale.ROOT, "%." + decimals + "f", tick);
    }
}
