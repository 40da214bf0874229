package dev.elbo.models.energy;

import dev.elbo.runtime.Tensor;

/// log Z of an [Rbm] by summing over every state of its smaller side, in f64.
///
/// ```
/// log Z = log Σ_h exp(bᵀh + Σ_i softplus(a_i + (Wh)_i))        or the same with the sides exchanged
/// ```
public final class Partition {
    /// The most units that are summed over: 2²⁰ terms.
    public static final int LIMIT = 20;

    private Partition() {}

    /// log Z, exact but for rounding.
    ///
    /// @throws IllegalArgumentException when both sides have more than [#LIMIT] units
    public static double exact(Rbm rbm) {
        int visible = rbm.visible();
        int hidden = rbm.hidden();
        if (Math.min(visible, hidden) > LIMIT) {
            throw new IllegalArgumentException("Partition: too many states to sum over; visible=" + visible
                    + ", hidden=" + hidden + ", limit=" + LIMIT);
        }
        float[] weights = floats(rbm.weights());
        float[] visibleBias = floats(rbm.visibleBias());
        float[] hiddenBias = floats(rbm.hiddenBias());
        return hidden <= visible
                ? sum(hiddenBias, visibleBias, weights, 1, hidden)
                : sum(visibleBias, hiddenBias, weights, hidden, 1);
    }

    /// @param summed bias of the side whose states are enumerated
    /// @param other  bias of the side that is summed out in closed form
    /// @param step   from one enumerated unit to the next in `weights`
    /// @param row    from one other unit to the next in `weights`
    private static double sum(float[] summed, float[] other, float[] weights, int step, int row) {
        double[] input = new double[other.length];
        for (int i = 0; i < input.length; i++) {
            input[i] = other[i];
        }
        double bias = 0;
        double highest = Double.NEGATIVE_INFINITY;
        double total = 0;
        // In Gray code each state differs from the one before it in one unit.
        for (long code = 0; code < 1L << summed.length; code++) {
            if (code > 0) {
                int unit = Long.numberOfTrailingZeros(code);
                double sign = (code ^ code >>> 1) >>> unit & 1;
                sign = 2 * sign - 1;
                bias += sign * summed[unit];
                for (int i = 0; i < input.length; i++) {
                    input[i] += sign * weights[i * row + unit * step];
                }
            }
            double term = bias;
            for (double x : input) {
                term += Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
            }
            double higher = Math.max(highest, term);
            total = total * Math.exp(highest - higher) + Math.exp(term - higher);
            highest = higher;
        }
        return highest + Math.log(total);
    }

    private static float[] floats(Tensor tensor) {
        return tensor.device().floats(tensor);
    }
}
