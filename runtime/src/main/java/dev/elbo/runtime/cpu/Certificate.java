package dev.elbo.runtime.cpu;

/// When f32 is certain to be right, and what its scaled numbers stand for.
///
/// Let ρ be the largest of A over its smallest. A state that is lost is below 2⁻¹⁴⁹ ρ of its step's largest, which
/// each successor could have come from as well, at no less than 1/ρ; so whatever it would have added to a later
/// state or posterior is below ρ² 2⁻¹⁴⁹ of it. Over all T steps and S states that is below 2⁻²⁴, and cannot be seen
/// in f32, while ρ² T S < 2¹²⁵. The scales leave 46 bits of headroom, so ρ < 2⁴⁶ besides. Emissions do not enter.
final class Certificate {
    private static final double LN_2 = 0.6931471805599453;

    private Certificate() {}

    /// Whether scaled f32 is certain for all sequences with these transitions: one matrix, without −∞, of limited
    /// spread.
    static boolean holds(ChainScores scores) {
        if (scores.perStep()) {
            return false;
        }
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
        double cellsOfChain = Math.max(1.0, (double) scores.steps() * scores.states());
        double bits = Math.min(ChainLoop.HEADROOM, (125 - Math.getExponent(cellsOfChain) - 1) / 2.0);
        return max - min < bits * LN_2;
    }

    /// log(x · 2^−exponent).
    static double logOf(double x, int exponent) {
        return (x == 0 ? Double.NEGATIVE_INFINITY : StrictMath.log(x)) - exponent * LN_2;
    }
}
