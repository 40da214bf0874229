package dev.elbo.cli;

import dev.elbo.runtime.Device;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.chain.Form;
import dev.elbo.runtime.chain.Inference;
import dev.elbo.runtime.chain.LinearChain;
import dev.elbo.runtime.file.StoredArray;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;

/// Answers about a batch of chains, as arrays under the names that files have for them.
///
/// ```
/// log_partition (n), form (n)                        nats; the form that served each, as Form's ordinal
/// unary_marginals (n, t, s)                          zero in the padding
/// pairwise_marginals (n, t − 1, s, s)                zero in the padding
/// viterbi (n, t), viterbi_score (n)                  −1 in the padding
/// k_best (n, k, t), k_best_scores (n, k)             −1 and −∞ where there are fewer paths
/// samples (n, m, t)
/// entropy (n)                                        nats
/// *_gradient                                         ∂ Σ log_partition/∂ of unary, transitions, start, end
/// entropy_*_gradient                                 ∂ Σ entropy likewise
/// ```
final class ChainAnswers {
    private final LinearChain chain;
    private final Form form;
    private final Memory memory;
    private final Ops f;
    private final Device device;
    private final Map<String, StoredArray> arrays = new LinkedHashMap<>();

    /// @param chain  borrowed
    /// @param memory holds what is computed on the way
    ChainAnswers(LinearChain chain, Form form, Memory memory) {
        this.chain = chain;
        this.form = form;
        this.memory = memory;
        this.f = Ops.plain(memory);
        this.device = memory.device();
    }

    /// All answers so far.
    Map<String, StoredArray> arrays() {
        return arrays;
    }

    void logPartition() {
        put(new Inference(f, chain, form).logPartition());
    }

    void marginals() {
        Inference.Marginals marginals = new Inference(f, chain, form).marginals();
        put(new Inference.Answer(marginals.logPartition(), marginals.served()));
        floats("unary_marginals", marginals.unary());
    }

    /// Sums over a sequence are not asked for but every pair of steps: a matrix for each brings them.
    void pairwise() {
        Inference.Marginals marginals = new Inference(f, perStep(), form).marginals();
        floats("pairwise_marginals", marginals.transitions());
    }

    void viterbi() {
        Inference.Paths best = new Inference(f, chain, form).viterbi();
        ints("viterbi", best.paths().as(Shape.of(chain.n(), chain.steps())));
        floats("viterbi_score", best.scores().as(Shape.of(chain.n())));
    }

    void bestPaths(int k) {
        Inference.Paths best = new Inference(f, chain, form).bestPaths(k);
        ints("k_best", best.paths());
        floats("k_best_scores", best.scores());
    }

    void samples(int m, long seed) {
        Draw draw = Draw.of(Noise.of(seed, 0, Purpose.SAMPLE, 0), memory);
        ints("samples", new Inference(f, chain, form).samples(m, draw));
    }

    void entropy() {
        floats("entropy", new Inference(f, chain, form).entropy().value());
    }

    /// @param ofEntropy whether the gradients of the entropy are wanted beside those of log Z
    void gradients(boolean ofEntropy) {
        gradients("", inference -> inference.logPartition().value());
        if (ofEntropy) {
            gradients("entropy_", inference -> inference.entropy().value());
        }
    }

    private void gradients(String prefix, Function<Inference, Tensor> function) {
        Tape tape = new Tape(memory);
        Map<String, Tensor> scores = new LinkedHashMap<>();
        scores.put("unary", chain.unary());
        scores.put("transitions", chain.transitions());
        scores.put("start", chain.start());
        scores.put("end", chain.end());
        scores.values().removeIf(score -> score == null || score.shape().size() == 0);
        Map<String, Tensor> gradients = new LinkedHashMap<>();
        scores.forEach((name, score) -> {
            gradients.put(name, memory.empty(score.shape()));
            tape.watch(score, gradients.get(name));
        });
        Ops taped = Ops.taped(memory, tape);
        Tensor sum = taped.sum(function.apply(new Inference(taped, chain, form)));
        if (tape.follows(sum)) {
            tape.pullback(sum, 1);
            gradients.forEach((name, gradient) -> floats(prefix + name + "_gradient", gradient));
        }
    }

    private LinearChain perStep() {
        int pairs = chain.n() * Math.max(0, chain.steps() - 1);
        if (chain.perStep()) {
            return chain;
        }
        int square = chain.states() * chain.states();
        Tensor repeated = f.expandColumns(chain.transitions().as(Shape.of(square)), pairs);
        Shape own = Shape.of(chain.n(), Math.max(0, chain.steps() - 1), chain.states(), chain.states());
        return new LinearChain(chain.unary(), repeated.as(own), chain.start(), chain.end(), chain.lengths());
    }

    private void put(Inference.Answer answer) {
        floats("log_partition", answer.value());
        ints("form", answer.served());
    }

    private void floats(String name, Tensor values) {
        arrays.put(name, StoredArray.of(shape(values), device.floats(values)));
    }

    private void ints(String name, Tensor values) {
        long[] wide = IntStream.of(device.ints(values)).asLongStream().toArray();
        arrays.put(name, StoredArray.of(shape(values), wide));
    }

    private static List<Long> shape(Tensor values) {
        return IntStream.range(0, values.shape().rank())
                .mapToObj(axis -> (long) values.shape().extent(axis))
                .toList();
    }
}
