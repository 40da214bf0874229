package dev.elbo.runtime.chain;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.DType;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.ChainMath;
import dev.elbo.runtime.cpu.ChainResults;
import dev.elbo.runtime.cpu.ChainScores;

/// What can be asked of a [LinearChain]: one call a question, one answer per sequence.
///
/// Every answer depends on its own sequence alone, in every bit: not on its neighbours, the order of the batch or the
/// number of threads. A sequence without any possible path has log Z = −∞, marginals and gradients 0 and no paths
/// (−1); [Diagnosis] says why. A NaN or +∞ among the scores of a sequence makes its answers NaN, and no other's.
///
/// @param f     where results come from, and the tape that asks for gradients, if any
/// @param chain the scores, borrowed
/// @param form  how the recursion is run; [Form#AUTO] unless there is a reason
public record Inference(Ops f, LinearChain chain, Form form) {
    /// A value for each sequence, and how it was come by.
    ///
    /// @param value  (n)
    /// @param served (n), i32, the [Form] of each sequence as its ordinal
    public record Answer(Tensor value, Tensor served) {}

    /// P(state at t), and how often each transition is expected.
    ///
    /// ```
    /// unary[q,t,i]        = γ_t(i) = p(y_t = i)                        ∂ log Z/∂unary
    /// transitions[q,i,j]  = Σ_t ξ_t(i,j),  ξ_t(i,j) = p(y_t = i, y_{t+1} = j)
    /// transitions[q,t,i,j] = ξ_t(i,j)                                  where the chain has a matrix per step
    /// ```
    ///
    /// @param unary        (n, t, s), zero in the padding
    /// @param transitions  (n, s, s), or (n, t − 1, s, s), zero in the padding
    /// @param logPartition (n), nats
    /// @param served       (n), i32, the [Form] of each sequence
    public record Marginals(Tensor unary, Tensor transitions, Tensor logPartition, Tensor served) {}

    /// Paths and their scores.
    ///
    /// @param paths  (n, k, t), i32, best first; −1 in the padding and where there is no further possible path
    /// @param scores (n, k); −∞ where there is no further possible path
    public record Paths(Tensor paths, Tensor scores) {}

    /// Inference in the form that suits the scores.
    public static Inference of(Ops f, LinearChain chain) {
        return new Inference(f, chain, Form.AUTO);
    }

    /// log Z, nats; gradients flow to all scores.
    public Answer logPartition() {
        Sensitivity sensitivity = Sensitivity.wanted(f, chain);
        Answer answer = answer();
        bindLogPartition(sensitivity, answer.value, null, answer.served);
        sensitivity.note(f, "logPartition", chain, answer.value);
        return answer;
    }

    /// log p(labels), nats: the score less log Z, subtracted in f64; gradients flow to all scores.
    ///
    /// A path that the scores forbid has −∞ and no gradient; a label that is no state NaN and no gradient.
    ///
    /// @param labels (n, t), i32; anything in the padding
    public Answer logLikelihood(Tensor labels) {
        checkLabels(labels);
        Sensitivity sensitivity = Sensitivity.wanted(f, chain);
        Answer answer = answer();
        Tensor exact = f.memory().empty(answer.value.shape(), DType.F64);
        bindLogPartition(sensitivity, null, exact, answer.served);
        switch (f.memory().device()) {
            case CpuDevice cpu -> {
                ChainScores scores = chain.onCpu();
                ChainResults results = sensitivity.onCpu(answer.value, exact, answer.served);
                CpuDevice.Block some = (from, to) -> cpu.math().logLikelihood(scores, labels.data(), results, from, to);
                cpu.bind("logLikelihood", chain.n(), stepWork(), some);
            }
            case CudaDevice cuda -> kernels(cuda).logLikelihood(labels, sensitivity, answer.value, exact);
        }
        sensitivity.note(f, "logLikelihood", chain, answer.value);
        return answer;
    }

    /// The entropy of p(y), nats, from conditional entropies, so that nothing cancels; gradients flow to all scores.
    ///
    /// It runs in f64 whatever the form says of f32. NaN where no path is possible.
    public Answer entropy() {
        Sensitivity sensitivity = Sensitivity.wanted(f, chain);
        Answer answer = answer();
        switch (f.memory().device()) {
            case CpuDevice cpu -> {
                ChainScores scores = chain.onCpu();
                ChainResults results = sensitivity.onCpu(answer.value, null, answer.served);
                CpuDevice.Block some = (from, to) -> cpu.math().entropy(scores, form, results, from, to);
                cpu.bind("entropy", chain.n(), sequenceWork(), some);
            }
            case CudaDevice cuda -> kernels(cuda).entropy(sensitivity, answer.value, answer.served);
        }
        sensitivity.note(f, "entropy", chain, answer.value);
        return answer;
    }

    /// Marginals of single states, and of pairs as sums over a sequence or per step, as the transitions are.
    public Marginals marginals() {
        Memory memory = f.memory();
        Sensitivity sensitivity = Sensitivity.of(chain, true, true, memory);
        Answer answer = answer();
        bindLogPartition(sensitivity, answer.value, null, answer.served);
        return new Marginals(sensitivity.unary(), sensitivity.transitions(), answer.value, answer.served);
    }

    /// The most probable path of each sequence (Viterbi). Of equal ones the one whose last state is lowest, then the
    /// last but one, and so on.
    public Paths viterbi() {
        return bestPaths(1);
    }

    /// The k most probable paths of each sequence, all different, best first, ties as for [#viterbi()].
    ///
    /// @param k at least 1
    public Paths bestPaths(int k) {
        if (k < 1) {
            throw new IllegalArgumentException("bestPaths: at least one; k=" + k);
        }
        Memory memory = f.memory();
        Tensor paths = memory.empty(Shape.of(chain.n(), k, chain.steps()), DType.I32);
        Tensor pathScores = memory.empty(Shape.of(chain.n(), k));
        switch (memory.device()) {
            case CpuDevice cpu -> {
                ChainScores scores = chain.onCpu();
                CpuDevice.Block some =
                        (from, to) -> cpu.math().bestPaths(scores, k, paths.data(), pathScores.data(), from, to);
                cpu.bind("bestPaths", chain.n(), k * sequenceWork(), some);
            }
            case CudaDevice cuda -> kernels(cuda).bestPaths(k, paths, pathScores);
        }
        return new Paths(paths, pathScores);
    }

    /// Independent paths drawn from p(y), in f64.
    ///
    /// @param m    draws per sequence
    /// @param draw the noise; element (q · m + draw) · t + step decides a state
    /// @return (n, m, t), i32, −1 in the padding and where no path is possible
    public Tensor samples(int m, Draw draw) {
        Memory memory = f.memory();
        Tensor paths = memory.empty(Shape.of(chain.n(), m, chain.steps()), DType.I32);
        switch (memory.device()) {
            case CpuDevice cpu -> {
                ChainScores scores = chain.onCpu();
                CpuDevice.Block some = (from, to) -> cpu.math()
                        .samples(scores, form, m, paths.data(), draw.seed(), draw.step(), draw.operation(), from, to);
                cpu.bind("samples", chain.n(), sequenceWork() + m * stepWork(), some);
            }
            case CudaDevice cuda -> kernels(cuda).samples(m, draw, paths);
        }
        return paths;
    }

    private Answer answer() {
        Memory memory = f.memory();
        return new Answer(memory.empty(Shape.of(chain.n())), memory.empty(Shape.of(chain.n()), DType.I32));
    }

    private void bindLogPartition(Sensitivity sensitivity, Tensor value, Tensor exact, Tensor served) {
        if (chain.perStep() && form == Form.SCAN) {
            throw new IllegalArgumentException("logPartition: a scan is for one matrix of transitions; form=" + form
                    + ", transitions=" + chain.transitions());
        }
        switch (f.memory().device()) {
            case CpuDevice cpu -> {
                ChainScores scores = chain.onCpu();
                ChainResults results = sensitivity.onCpu(value, exact, served);
                Form here = form == Form.TILES || form == Form.CLUSTERS ? Form.SCALED_F32 : form;
                long groups = (chain.n() + ChainMath.GROUP - 1) / ChainMath.GROUP;
                CpuDevice.Block some = (from, to) -> cpu.math()
                        .logPartition(
                                scores,
                                here,
                                results,
                                from * ChainMath.GROUP,
                                Math.min(chain.n(), to * ChainMath.GROUP));
                cpu.bind("logPartition", groups, ChainMath.GROUP * sequenceWork(), some);
            }
            case CudaDevice cuda -> kernels(cuda).logPartition(form, sensitivity, value, exact, served);
        }
    }

    private ChainKernels kernels(CudaDevice cuda) {
        return new ChainKernels(cuda, chain, f.memory());
    }

    private void checkLabels(Tensor labels) {
        if (labels.dtype() != DType.I32 || !labels.shape().equals(Shape.of(chain.n(), chain.steps()))) {
            throw new IllegalArgumentException(
                    "logLikelihood: labels are (n, t) of I32; labels=" + labels + ", unary=" + chain.unary());
        }
    }

    private long stepWork() {
        return 4L * chain.steps();
    }

    private long sequenceWork() {
        return (long) chain.steps() * chain.states() * (chain.states() / 8 + 4);
    }
}
