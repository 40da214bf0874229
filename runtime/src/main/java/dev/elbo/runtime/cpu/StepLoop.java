package dev.elbo.runtime.cpu;

/// The inner loops of [LoopedSteps]: the states of one sequence side by side.
///
/// Rows have a multiple of 16 elements; what stands beyond the chain's own states is 0. Sums go in chains of 16 fused
/// multiply-adds where one state is a sum over all, and over 16 accumulators and a fixed tree where one row is.
interface StepLoop {
    /// Accumulators of a row.
    int LANES = 16;

    /// Largest and smallest, NaNs passed over.
    ///
    /// @param x      (length), length a multiple of 16
    /// @param bounds (2 · 16), overwritten: the largest in front, the smallest at 16; the rest is room
    void bounds(float[] x, int length, float[] bounds);

    /// `x = exp(x − max)`.
    ///
    /// @param from   first element, a multiple of 16
    /// @param length a multiple of 16
    void weigh(float[] x, int from, int length, float max);

    /// `y(j) = Σ_i x(i) a(i,j)`, in chains.
    ///
    /// @param from first element of x
    /// @param to   first element of y
    void multiply(float[] x, int from, float[] a, float[] y, int to, int states);

    /// `y(i) = Σ_j a(i,j) x(j)`, over accumulators.
    ///
    /// @param terms (16), room
    void multiplyRows(float[] a, float[] x, float[] y, int states, float[] terms);

    /// `y(j) = a(i,j) scalar w(j)`.
    ///
    /// @param row first element of a(i,·)
    void pairs(float[] a, int row, float scalar, float[] w, float[] y, int states);

    /// The fixed tree over sixteen accumulators, which it uses up: eight apart, four, two, one.
    static float tree(float[] terms) {
        for (int step = LANES / 2; step > 0; step /= 2) {
            for (int i = 0; i < step; i++) {
                terms[i] += terms[i + step];
            }
        }
        return terms[0];
    }

    /// Largest of 16 to the front, and smallest of the other 16 to 16.
    static void settle(float[] bounds) {
        for (int l = 1; l < LANES; l++) {
            bounds[0] = Math.max(bounds[0], bounds[l]);
            bounds[LANES] = Math.min(bounds[LANES], bounds[LANES + l]);
        }
    }
}
