package dev.elbo.runtime;

import java.util.Arrays;

/// A number that changes with the step: a learning rate, a β, a temperature.
///
/// ```
/// value(step) = table[min(step / interval, length − 1)]
/// ```
///
/// A schedule is a table, written once by the host, so that it is the same to the last bit on every device and a
/// recorded step reads its value by the step counter in device memory ([Scheduled]). After the end the last value
/// holds.
public final class Schedule {
    private static final int MAX_ENTRIES = 1 << 16;

    private final float[] table;
    private final int interval;

    private Schedule(float[] table, int interval) {
        this.table = table;
        this.interval = interval;
    }

    /// A function of the step, f64 inside.
    @FunctionalInterface
    public interface Curve {
        /// @param step from 0
        double at(long step);
    }

    /// Always `value`.
    public static Schedule constant(double value) {
        return new Schedule(new float[] {(float) value}, 1);
    }

    /// Each value for `interval` steps, the last for ever: steps down, or the stages of a published run.
    public static Schedule list(int interval, float... values) {
        if (interval < 1 || values.length == 0) {
            throw new IllegalArgumentException(
                    "schedule: needs a value and an interval; interval=" + interval + ", values=" + values.length);
        }
        return new Schedule(values.clone(), interval);
    }

    /// `first`, multiplied by `factor` after every `interval` steps, for `times` times.
    public static Schedule step(double first, double factor, int interval, int times) {
        float[] values = new float[times + 1];
        for (int i = 0; i <= times; i++) {
            values[i] = (float) (first * Math.pow(factor, i));
        }
        return list(interval, values);
    }

    /// From `first` at step 0 to `last` at step `steps` along half a cosine.
    ///
    /// ```
    /// last + ½ (first − last) (1 + cos(π step / steps))
    /// ```
    public static Schedule cosine(double first, double last, long steps) {
        return curve(steps, step -> last + (first - last) * (1 + StrictMath.cos(Math.PI * step / steps)) / 2);
    }

    /// From `first` at step 0 straight to `last` at step `steps`.
    public static Schedule linear(double first, double last, long steps) {
        return curve(steps, step -> first + (last - first) * step / steps);
    }

    /// Any function of the first `steps` steps; its value at `steps` holds from then on. Beyond 65,536 steps
    /// neighbours share a value.
    public static Schedule curve(long steps, Curve curve) {
        int interval = Math.toIntExact(Math.ceilDiv(steps + 1, MAX_ENTRIES));
        float[] values = new float[Math.toIntExact(Math.ceilDiv(steps, interval) + 1)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) curve.at(Math.min(steps, (long) i * interval));
        }
        return new Schedule(values, interval);
    }

    /// This schedule after a straight rise from 0 over `steps` steps, which reaches its first value at step `steps`.
    public Schedule warmUp(long steps) {
        long end = steps + (long) (table.length - 1) * interval;
        return curve(end, step -> step < steps ? (double) table[0] * step / steps : at(step - steps));
    }

    /// The value at a step.
    ///
    /// @param step from 0
    public float at(long step) {
        return table[(int) Math.min(step / interval, table.length - 1)];
    }

    /// How many steps share a value.
    public int interval() {
        return interval;
    }

    /// All values, copied.
    public float[] values() {
        return table.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Schedule that && interval == that.interval && Arrays.equals(table, that.table);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(table) + interval;
    }
}
