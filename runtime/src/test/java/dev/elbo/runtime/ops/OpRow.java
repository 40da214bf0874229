package dev.elbo.runtime.ops;

import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Tensor;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/// One operation under test: how to call it, the obvious f64 version, a law and an edge. None may be missing.
///
/// @param name      of the row
/// @param op        the operation's type, or null for a function without one
/// @param arguments by size, the arguments to test it on
/// @param call      the operation
/// @param oracle    the same in f64, by its definition
/// @param tolerance of one element against the oracle, relative to the largest argument or result, at least 1
/// @param law       something that holds exactly or nearly so for all arguments
/// @param edge      what it says of −∞, NaN, nothing, one row
record OpRow(
        String name,
        Class<?> op,
        IntFunction<List<Values>> arguments,
        BiFunction<Ops, List<Tensor>, Tensor> call,
        Oracle oracle,
        double tolerance,
        Consumer<Bench> law,
        Consumer<Bench> edge) {
    OpRow {
        Objects.requireNonNull(name);
        Objects.requireNonNull(arguments);
        Objects.requireNonNull(call);
        Objects.requireNonNull(oracle);
        Objects.requireNonNull(law);
        Objects.requireNonNull(edge);
    }

    /// The obvious version.
    @FunctionalInterface
    interface Oracle {
        /// @param x    elements of each argument
        /// @param like the arguments, for their shapes
        double[] apply(List<double[]> x, List<Values> like);
    }

    @Override
    public String toString() {
        return name;
    }
}
