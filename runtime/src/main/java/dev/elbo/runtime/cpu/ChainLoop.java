package dev.elbo.runtime.cpu;

/// The inner loops of [LoopedChain]: sixteen sequences side by side, one in each lane.
///
/// `x[t,j,l]` lies at `((t · states) + j) · 16 + l`. The number of states is a multiple of 4; those beyond the
/// chain's own are never reached. Sums over states go in chains of 16 fused multiply-adds, the chains added in
/// their order.
interface ChainLoop {
    /// Lanes.
    int LANES = ChainMath.GROUP;

    /// Terms of one chain.
    int CHAIN = 16;

    /// Steps of Ξ that are summed in f32 before they join an f64.
    int CHUNK = 64;

    /// Exponent that the largest number of a step is brought to: far below overflow for products of two and sums of
    /// 1024, and as far as possible above the subnormal numbers.
    int HEADROOM = 46;

    /// `k` for the scale 2ᵏ⁻¹²⁷ that brings the largest number of a step to 2⁴⁶ … 2⁴⁷.
    static int scaleField(int largestBits) {
        return Math.min(254 + HEADROOM - (largestBits >>> 23), 254);
    }

    /// Elements of each row that are moved before the next row's: a few lines of the cache.
    int RUN = 32;

    /// Rows of sequences to lanes, lanes[t,j,l] = rows[l,t,j].
    ///
    /// @param rows   (16, stride), (steps, own) at the front of every row
    /// @param stride at least steps · states + 16
    /// @param lanes  (steps, states, 16), overwritten, the states from `own` on by anything
    void spread(float[] rows, int stride, float[] lanes, int steps, int own, int states);

    /// Lanes back to rows of sequences.
    ///
    /// @param lanes (steps, states, 16)
    /// @param rows  (16, stride), (steps, own) at the front of every row overwritten, what follows by anything
    void collect(float[] lanes, float[] rows, int stride, int steps, int own, int states);

    /// b = exp(scores − max over the states), maxima added to `maxima` in f64.
    ///
    /// @param b      (steps, states, 16), scores in, b out
    /// @param maxima (16), added into
    void emit(float[] b, int steps, int states, double[] maxima);

    /// F. A lane whose sequence has ended keeps its last values.
    ///
    /// @param a         (states, states)
    /// @param b         (steps, states, 16)
    /// @param f         (steps, states, 16), overwritten
    /// @param scales    (steps, 16), overwritten: by what F_{t+1} is scaled
    /// @param lengths   (16)
    /// @param exponents (16), overwritten: of all scales together
    void forward(
            float[] a, float[] b, float[] f, float[] scales, int steps, int states, int[] lengths, int[] exponents);

    /// γ and W.
    ///
    /// @param transposed (states, states), A[i,j] at (j, i)
    /// @param b          (steps, states, 16), b in, W out, zero in the padding
    /// @param gamma      (steps, states, 16), overwritten, zero in the padding
    /// @param r          (2 · states + 1, 16): r at the end of every lane in, r_0 out; then room to work in
    /// @param first      (16), overwritten: g_0
    /// @param exponents  (16), overwritten: of all scales of r together
    void backward(
            float[] transposed,
            float[] b,
            float[] f,
            float[] gamma,
            float[] scales,
            float[] r,
            int steps,
            int states,
            int[] lengths,
            float[] first,
            int[] exponents);

    /// Σ_t F_t(i) W_{t+1}(j).
    ///
    /// @param f    (steps, states, 16)
    /// @param w    (steps, states, 16)
    /// @param sums (4, 4, 16), overwritten: for i … i + 3 and j … j + 3
    void pairs(float[] f, float[] w, int steps, int states, int i, int j, double[] sums);
}
