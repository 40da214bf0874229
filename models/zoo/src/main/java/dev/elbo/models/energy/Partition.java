package dev.elbo.models.energy;

import dev.elbo.runtime.Tensor;
import java.util.stream.IntStream;

/// log Z of an [Rbm] by summing over every state of its smaller side, in f64.
///
/// ```
/// log Z = log Σ_h exp(bᵀh + Σ_i softplus(a_i + (Wh)_i))                      of bits, or the sides exchanged
/// log Z = log Σ_h exp(bᵀh + Σ_i (½ log 2πσ_i² + u_i (a_i + ½ u_i)))          of real units, u = Wh
/// ```
public final class Partition {
    /// The most units that are summed over: 2²⁰ terms.
    public static final int LIMIT = 20;

    /// Codes of one part; a part sums its inputs afresh, so that rounding does not build up.
    private static final int PART = 12;

    /// Factors between 1 and 2 whose product f64 can hold.
    private static final int FACTORS = 512;

    private Partition() {}

    /// Whether [#exact] can be asked.
    public static boolean feasible(Rbm rbm) {
        return summed(rbm) <= LIMIT;
    }

    private static int summed(Rbm rbm) {
        boolean bits = rbm.units() instanceof Visible.Bernoulli;
        return bits ? Math.min(rbm.visible(), rbm.hidden()) : rbm.hidden();
    }

    /// log Z, exact but for rounding.
    ///
    /// @throws IllegalArgumentException when the side that is summed over has more than [#LIMIT] units
    public static double exact(Rbm rbm) {
        int visible = rbm.visible();
        int hidden = rbm.hidden();
        if (!feasible(rbm)) {
            throw new IllegalArgumentException("Partition: too many states to sum over; visible=" + visible
                    + ", hidden=" + hidden + ", limit=" + LIMIT);
        }
        float[] weights = floats(rbm.weights());
        float[] a = floats(rbm.visibleBias());
        float[] b = floats(rbm.hiddenBias());
        return switch (rbm.units()) {
            case Visible.Bernoulli _ ->
                hidden <= visible
                        ? new States(b, a, weights, 1, hidden, Partition::softplus).logSum()
                        : new States(a, b, weights, hidden, 1, Partition::softplus).logSum();
            case Visible.Gaussian gaussian -> {
                float[] sigma = floats(gaussian.deviation().value());
                double constant = 0.5 * Math.log(2 * Math.PI) * visible;
                for (float one : sigma) {
                    constant += Math.log(one);
                }
                yield constant + new States(b, new float[visible], weights, 1, hidden, u -> squares(u, a)).logSum();
            }
        };
    }

    /// Σ_i softplus(u_i), one logarithm for many units.
    private static double softplus(double[] u) {
        double sum = 0;
        double product = 1;
        for (int i = 0; i < u.length; i++) {
            sum += Math.max(u[i], 0);
            product *= 1 + Math.exp(-Math.abs(u[i]));
            if (i % FACTORS == FACTORS - 1) {
                sum += Math.log(product);
                product = 1;
            }
        }
        return sum + Math.log(product);
    }

    private static double squares(double[] u, float[] a) {
        double sum = 0;
        for (int i = 0; i < u.length; i++) {
            sum += u[i] * (a[i] + 0.5 * u[i]);
        }
        return sum;
    }

    /// The other side, summed out given its inputs.
    private interface SummedOut {
        double at(double[] inputs);
    }

    /// Every state of one side.
    ///
    /// @param bias   of the side whose states are enumerated
    /// @param other  what the inputs of the other side begin with
    /// @param step   from one enumerated unit to the next in `weights`
    /// @param row    from one other unit to the next in `weights`
    private record States(float[] bias, float[] other, float[] weights, int step, int row, SummedOut summedOut) {
        double logSum() {
            int inPart = Math.min(PART, bias.length);
            // The order of the parts is fixed, whoever computes them.
            double[] parts = IntStream.range(0, 1 << bias.length - inPart)
                    .parallel()
                    .mapToDouble(part -> logSum((long) part << inPart, 1L << inPart))
                    .toArray();
            LogSum all = new LogSum();
            for (double part : parts) {
                all.add(part);
            }
            return all.value();
        }

        private double logSum(long from, long count) {
            double[] input = new double[other.length];
            for (int i = 0; i < input.length; i++) {
                input[i] = other[i];
            }
            double ofBias = 0;
            LogSum sum = new LogSum();
            // In Gray code each state differs from the one before it in one unit.
            long before = 0;
            for (long code = from; code < from + count; code++) {
                long state = code ^ code >>> 1;
                for (long changed = state ^ before; changed != 0; changed &= changed - 1) {
                    int unit = Long.numberOfTrailingZeros(changed);
                    double sign = 2 * (state >>> unit & 1) - 1;
                    ofBias += sign * bias[unit];
                    for (int i = 0; i < input.length; i++) {
                        input[i] += sign * weights[i * row + unit * step];
                    }
                }
                before = state;
                sum.add(ofBias + summedOut.at(input));
            }
            return sum.value();
        }
    }

    /// log Σ exp of what was added.
    private static final class LogSum {
        private double highest = Double.NEGATIVE_INFINITY;
        private double total;

        void add(double term) {
            double higher = Math.max(highest, term);
            total = total * Math.exp(highest - higher) + Math.exp(term - higher);
            highest = higher;
        }

        double value() {
            return highest + Math.log(total);
        }
    }

    private static float[] floats(Tensor tensor) {
        return tensor.device().floats(tensor);
    }
}
