package dev.elbo.bench.work;

import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.chain.Form;
import dev.elbo.runtime.chain.Inference;
import dev.elbo.runtime.chain.LinearChain;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/// Σ log Z of linear chains, with its gradients by unary and transition scores: forward-backward.
///
/// @param name lower-case letters
/// @param form of the recursion
record ChainStep(String name, Form form) implements Workload {
    /// In the form that serves best and is certain to be right.
    static final ChainStep CHAIN = new ChainStep("chain", Form.AUTO);

    /// In f64, as chains are computed whose scores f32 might lose.
    static final ChainStep DOUBLE = new ChainStep("chaindouble", Form.SCALED_F64);

    @Override
    public Kind kind() {
        return Kind.STEP;
    }

    /// Those at which the frameworks were timed, and one long sequence.
    @Override
    public List<Sizes> sizes() {
        return Stream.of(
                        "batch64_steps256_states8",
                        "batch256_steps128_states48",
                        "batch32_steps1024_states64",
                        "batch1_steps100000_states8")
                .map(Sizes::of)
                .toList();
    }

    /// A product with the transitions forwards and one backwards, and the pairwise sums.
    @Override
    public Cost cost(Sizes sizes) {
        long cells = (long) sizes.at("batch") * sizes.at("steps");
        long states = sizes.at("states");
        return new Cost(6 * cells * states * states, 2 * Float.BYTES * cells * states);
    }

    /// The result is the gradient by the unary scores: the marginals.
    @Override
    public Step<Tensor> prepare(Sizes sizes, Site site) {
        Memory memory = site.memory();
        Ops plain = Ops.plain(memory);
        int batch = sizes.at("batch");
        int states = sizes.at("states");
        Draw draw = Draw.of(Noise.of(1, 0, Purpose.INITIALISE, 0), memory);
        Tensor unary = plain.times(plain.normals(Shape.of(batch, sizes.at("steps"), states), draw), 2);
        Tensor transitions =
                plain.normals(Shape.of(states, states), Draw.of(Noise.of(1, 0, Purpose.INITIALISE, 1), memory));
        site.tell("unary", unary);
        site.tell("transitions", transitions);
        int[] lengths = new int[batch];
        Arrays.fill(lengths, sizes.at("steps"));
        LinearChain chain = LinearChain.of(unary, transitions, memory.ints(Shape.of(batch), lengths));
        site.loss(
                () -> plain.sum(new Inference(plain, chain, form).logPartition().value()));
        return Step.record(site.clock(), "chain", m -> {
            Tape tape = new Tape(m);
            Tensor dUnary = m.empty(unary.shape());
            tape.watch(unary, dUnary);
            tape.watch(transitions, m.empty(transitions.shape()));
            Ops f = Ops.taped(m, tape);
            tape.pullback(f.sum(new Inference(f, chain, form).logPartition().value()), 1);
            return dUnary;
        });
    }
}
