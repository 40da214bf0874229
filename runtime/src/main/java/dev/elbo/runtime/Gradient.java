package dev.elbo.runtime;

import dev.elbo.runtime.ops.Fill;
import dev.elbo.runtime.ops.SumColumns;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Supplier;

/// Where a pullback writes ∂loss/∂x, and whether anybody wrote there before.
///
/// The first to touch a gradient overwrites it and all others add, so no buffer is cleared in vain:
///
/// ```
/// if (dx.wanted()) {
///     bind a launch that overwrites dx.into() if dx.first(), else adds into it
/// }
/// ```
///
/// Near the loss a gradient is often one number, known while a step is recorded: a mean of n has 1/n everywhere. Such
/// a gradient has neither buffer nor launch until somebody asks for its elements. An operation whose pullback makes
/// one number of another says so by [#follow], and one that hands on what it is given by [#take].
///
/// Nobody reads a parameter's gradient before the tape has run: what only adds up columns may wait until then and be
/// launched together with others, see [#takeSums].
public final class Gradient {
    private final Shape shape;
    private final Supplier<Tensor> source;
    private Tensor buffer;
    private boolean touched;
    private boolean uniform;
    private float value;
    private boolean taken;
    private final boolean waits;
    private Tensor summed;

    private Gradient(Shape shape, Supplier<Tensor> source, Tensor buffer, boolean waits) {
        this.shape = shape;
        this.source = source;
        this.buffer = buffer;
        this.waits = waits;
    }

    /// The gradient of something nobody asked about.
    public static Gradient unwanted() {
        return new Gradient(null, null, null, false);
    }

    /// A gradient that nobody has touched, for callers without a tape.
    ///
    /// @param into shape of x; overwritten by the first pullback that is given this
    public static Gradient into(Tensor into) {
        return new Gradient(into.shape(), null, into, false);
    }

    /// A gradient that nobody has touched, of something that is watched: it need not be there before [#finish].
    ///
    /// @param into shape of x
    static Gradient watched(Tensor into) {
        return new Gradient(into.shape(), null, into, true);
    }

    /// A gradient that nobody has touched, of something that is computed on the way.
    ///
    /// @param source asked once, if the elements are
    static Gradient of(Shape shape, Supplier<Tensor> source) {
        return new Gradient(shape, source, null, false);
    }

    /// Whether ∂loss/∂x is asked for.
    public boolean wanted() {
        return shape != null;
    }

    /// The buffer; x's elements in x's order.
    public Tensor into() {
        if (!wanted()) {
            throw new IllegalStateException("gradient: nobody asked for it");
        }
        if (taken) {
            throw new IllegalStateException("gradient: another took its buffer; shape=" + shape);
        }
        if (buffer == null) {
            buffer = source.get();
        }
        if (uniform) {
            uniform = false;
            Fill.bind(buffer, value);
        }
        if (summed != null) {
            finish(List.of(this));
        }
        return buffer;
    }

    /// True for the first caller, who must overwrite every element; false for all later ones, who must add.
    public boolean first() {
        boolean first = !touched;
        touched = true;
        return first;
    }

    /// The one number that every element is known to be. What reads it in place of the elements saves their launch.
    public OptionalDouble known() {
        return uniform ? OptionalDouble.of(value) : OptionalDouble.empty();
    }

    /// Adds f(v) to every element where `dy` is known to be v everywhere, without a launch.
    ///
    /// @param dy of what was computed from x
    /// @param f  in f32, as a launch would compute it
    /// @return false if that is not known, or elements have been written here; then nothing has been done
    public boolean follow(Gradient dy, DoubleUnaryOperator f) {
        if (!dy.uniform || buffer != null || touched && !uniform) {
            return false;
        }
        float more = (float) f.applyAsDouble(dy.value);
        value = first() ? more : value + more;
        uniform = true;
        return true;
    }

    /// Becomes `dy`, without a launch: its one number, or its buffer, which then is no longer that of `dy`.
    ///
    /// @param dy of what was computed from x, of as many elements; not used afterwards
    /// @return false if elements have been written here, or are wanted in a buffer of somebody's own; then nothing
    ///         has been done
    public boolean take(Gradient dy) {
        if (follow(dy, v -> v)) {
            return true;
        }
        if (source == null || touched || dy.source == null || dy.uniform) {
            return false;
        }
        touched = true;
        buffer = dy.into().as(shape);
        dy.buffer = null;
        dy.taken = true;
        return true;
    }

    /// Becomes the sums of the columns of `dy`, in a launch of its own if somebody asks for it and else with all others
    /// that wait when the tape has run. The buffer of `dy` is kept until then and no longer that of `dy`.
    ///
    /// @param dy of what x was added to, (rows, cols) for x (cols); not used afterwards
    /// @return false if nobody runs what waits, or elements have been written here; then nothing has been done
    public boolean takeSums(Gradient dy) {
        if (!waits || touched || dy.source == null) {
            return false;
        }
        touched = true;
        summed = dy.into();
        dy.buffer = null;
        dy.taken = true;
        return true;
    }

    /// Binds the sums that wait.
    static void finish(List<Gradient> gradients) {
        List<Gradient> waiting =
                gradients.stream().filter(each -> each.summed != null).toList();
        SumColumns.bindEach(
                waiting.stream().map(each -> each.summed).toList(),
                waiting.stream().map(each -> each.buffer).toList());
        waiting.forEach(each -> each.summed = null);
    }

    /// Says what every element is, before anybody else has touched it.
    void seed(float everywhere) {
        touched = true;
        uniform = true;
        value = everywhere;
    }

    boolean touched() {
        return touched;
    }

    /// The buffer if there is one: neither if nobody asked for elements nor if it was taken.
    Tensor buffer() {
        return buffer;
    }
}
