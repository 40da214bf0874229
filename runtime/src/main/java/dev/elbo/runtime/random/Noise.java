package dev.elbo.runtime.random;

/// What a draw is a pure function of: together with the index of an element it gives the same bits on every device.
///
/// ```
/// operation = purpose (8 bits) << 24 | order (24 bits)
/// words     = Philox4x32-10(counter = {element / 4, operation, step low, step high}, key = {seed low, seed high})
/// ```
///
/// Element i takes word i mod 4 of block i / 4. Nothing is stored: a pullback draws its noise again.
///
/// @param seed      of the run
/// @param step      of the training loop, or whatever else counts time
/// @param operation purpose and order of the draw within the step
public record Noise(long seed, long step, int operation) {
    private static final int ORDERS = 1 << 24;

    /// The draw number `order` for `purpose` in `step`.
    ///
    /// @param order in `[0, 2²⁴)`
    public static Noise of(long seed, long step, Purpose purpose, int order) {
        if (order < 0 || order >= ORDERS) {
            throw new IllegalArgumentException("draw order out of range: 24 bits; order=" + order);
        }
        return new Noise(seed, step, purpose.code() | order);
    }

    /// The same draw in another step.
    public Noise at(long otherStep) {
        return new Noise(seed, otherStep, operation);
    }

    /// The raw 32 bits of an element.
    ///
    /// @param element in `[0, 2³⁴)`
    public int word(long element) {
        return block(element)[(int) (element & 3)];
    }

    /// The uniform of an element, in `[0, 1)`.
    public float uniform(long element) {
        return Draws.uniform(word(element));
    }

    /// The standard normal of an element.
    public float normal(long element) {
        float[] z = new float[4];
        Draws.normals(block(element), z, 0);
        return z[(int) (element & 3)];
    }

    /// 1 with probability p, else 0.
    public float bernoulli(long element, float p) {
        return Draws.bernoulli(word(element), Draws.threshold(p));
    }

    private int[] block(long element) {
        int[] words = new int[4];
        Philox.block(seed, step, operation, (int) (element >>> 2), words);
        return words;
    }
}
