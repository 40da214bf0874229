package dev.elbo.runtime.cpu;

import dev.elbo.runtime.portable.PortableMath;

/// Whether f32 is certain to be right, see [ChainMath#certainSpread], and what its scaled numbers stand for.
final class Certificate {
    private static final double LN_2 = 0.6931471805599453;

    private Certificate() {}

    /// Whether scaled f32 is certain for all sequences that share these transitions: no −∞, and of limited spread.
    static boolean holds(ChainScores scores) {
        float min = Float.POSITIVE_INFINITY;
        float max = Float.NEGATIVE_INFINITY;
        int cells = scores.states() * scores.states();
        for (int e = 0; e < cells; e++) {
            float score = Floats.get(scores.transitions(), e);
            if (!(score > Float.NEGATIVE_INFINITY)) {
                return false;
            }
            min = Math.min(min, score);
            max = Math.max(max, score);
        }
        return max - min < ChainMath.certainSpread(scores.steps(), scores.states());
    }

    /// log(x · 2^−exponent).
    static double logOf(double x, long exponent) {
        return (x == 0 ? Double.NEGATIVE_INFINITY : PortableMath.log(x)) - exponent * LN_2;
    }
}
