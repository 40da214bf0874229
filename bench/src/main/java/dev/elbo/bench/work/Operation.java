package dev.elbo.bench.work;

import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// One operation on standard normals; where inputs are watched, with their gradients.
///
/// @param name  lower-case letters
/// @param sizes at which it is timed
/// @param costs of a run
/// @param body  what is run
record Operation(String name, List<Sizes> sizes, Function<Sizes, Cost> costs, Body body) implements Workload {
    /// What is run.
    interface Body {
        /// Prepares the inputs.
        ///
        /// @return what a run computes of them
        Function<Ops, Tensor> of(Sizes sizes, Inputs x);
    }

    /// Makes inputs.
    static final class Inputs {
        private final Site site;
        private final List<Tensor> watched = new ArrayList<>();
        private int made;

        private Inputs(Site site) {
            this.site = site;
        }

        Site site() {
            return site;
        }

        /// Standard normals.
        Tensor normals(int... extents) {
            Draw draw = Draw.of(Noise.of(5, 0, Purpose.INITIALISE, made++), site.memory());
            return Ops.plain(site.memory()).normals(Shape.of(extents), draw);
        }

        /// Standard normals.
        ///
        /// @param gradient whether their gradient is computed as well
        Tensor normals(boolean gradient, int... extents) {
            Tensor x = normals(extents);
            if (gradient) {
                watched.add(x);
            }
            return x;
        }

        /// A draw that is another in each run.
        Draw draw() {
            return site.clock().next(Purpose.TRAIN);
        }
    }

    @Override
    public Kind kind() {
        return Kind.OPERATION;
    }

    @Override
    public Cost cost(Sizes at) {
        return costs.apply(at);
    }

    /// The result is what was computed or, where inputs are watched, the gradient of the first by the sum of that.
    @Override
    public Step<Tensor> prepare(Sizes at, Site site) {
        Inputs inputs = new Inputs(site);
        Function<Ops, Tensor> timed = body.of(at, inputs);
        return Step.record(
                site.clock(),
                name,
                m -> inputs.watched.isEmpty() ? timed.apply(Ops.plain(m)) : gradients(timed, inputs.watched, m));
    }

    private static Tensor gradients(Function<Ops, Tensor> timed, List<Tensor> watched, Memory m) {
        Tape tape = new Tape(m);
        List<Tensor> dx = watched.stream().map(x -> m.empty(x.shape())).toList();
        for (int i = 0; i < dx.size(); i++) {
            tape.watch(watched.get(i), dx.get(i));
        }
        Tensor y = timed.apply(Ops.taped(m, tape));
        tape.accumulate(y, Ops.plain(m).constant(y.shape(), 1));
        tape.pullback();
        return dx.getFirst();
    }
}
