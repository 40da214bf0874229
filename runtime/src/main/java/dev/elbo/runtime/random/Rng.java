package dev.elbo.runtime.random;

/// Hands out the draws of one step and purpose in order: the n-th call of [#next()] names draw n.
///
/// Two runs that ask in the same order draw the same bits, whatever the device. The order is the only state, and
/// belongs to one thread.
public final class Rng {
    private final long seed;
    private final long step;
    private final Purpose purpose;
    private int order;

    private Rng(long seed, long step, Purpose purpose) {
        this.seed = seed;
        this.step = step;
        this.purpose = purpose;
    }

    /// Draws for `purpose` in `step`, from draw 0.
    public static Rng of(long seed, long step, Purpose purpose) {
        return new Rng(seed, step, purpose);
    }

    /// The next draw.
    public Noise next() {
        return Noise.of(seed, step, purpose, order++);
    }
}
