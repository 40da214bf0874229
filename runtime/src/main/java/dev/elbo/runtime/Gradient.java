package dev.elbo.runtime;

/// Where a pullback writes ∂loss/∂x, and whether anybody wrote there before.
///
/// The first to touch a gradient overwrites it and all others add, so no buffer is cleared in vain:
///
/// ```
/// if (dx.wanted()) {
///     bind a launch that overwrites dx.into() if dx.first(), else adds into it
/// }
/// ```
public final class Gradient {
    private final Tensor into;
    private boolean touched;

    Gradient(Tensor into) {
        this.into = into;
    }

    /// The gradient of something nobody asked about.
    static Gradient unwanted() {
        return new Gradient(null);
    }

    /// A gradient that nobody has touched, for callers without a tape.
    ///
    /// @param into shape of x; overwritten by the first pullback that is given this
    public static Gradient into(Tensor into) {
        return new Gradient(into);
    }

    /// Whether ∂loss/∂x is asked for.
    public boolean wanted() {
        return into != null;
    }

    /// The buffer; x's elements in x's order.
    public Tensor into() {
        if (into == null) {
            throw new IllegalStateException("gradient: nobody asked for it");
        }
        return into;
    }

    /// True for the first caller, who must overwrite every element; false for all later ones, who must add.
    public boolean first() {
        boolean first = !touched;
        touched = true;
        return first;
    }

    boolean touched() {
        return touched;
    }
}
