package dev.elbo.bench.peers;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.training.GradientCollector;
import dev.elbo.bench.work.Contender;
import dev.elbo.bench.work.Start;

/// The forward recursion in logarithms, a loop over the steps with the engine's own gradients: how a CRF layer is
/// written in DJL and PyTorch.
///
/// ```
/// α₀ = u₀,  α_t = logsumexp_i(α_{t−1}[:, i] + A[i, :]) + u_t,  Σ logsumexp α_T
/// ```
final class DjlChain implements Contender {
    /// A loop keeps seven operations a step for their gradients: longer ones are not asked of it.
    static final int MOST_STEPS = 10_000;

    private final NDManager manager = Engine.getEngine("PyTorch").newBaseManager();
    private final int steps;
    private final NDArray unary;
    private final NDArray transitions;

    DjlChain(Start start) {
        steps = start.workload().sizes().at("steps");
        unary = Djl.array(manager, start.array("unary"));
        transitions = Djl.array(manager, start.array("transitions"));
        unary.setRequiresGradient(true);
        transitions.setRequiresGradient(true);
    }

    /// Σ log Z, with the gradients by both scores.
    @Override
    public double loss() {
        try (NDManager step = manager.newSubManager();
                GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            unary.attach(step);
            transitions.attach(step);
            NDArray across = transitions.expandDims(0);
            NDArray alpha = unary.get(new NDIndex(":, 0"));
            for (int t = 1; t < steps; t++) {
                NDArray next = logSumExp(alpha.expandDims(2).add(across));
                alpha = next.add(unary.get(new NDIndex(":, {}", t)));
            }
            NDArray sum = logSumExp(alpha).sum();
            collector.backward(sum);
            double value = sum.getFloat();
            new NDList(unary.getGradient(), transitions.getGradient()).detach();
            unary.attach(manager);
            transitions.attach(manager);
            return value;
        }
    }

    /// Over the states of the second axis.
    private static NDArray logSumExp(NDArray x) {
        NDArray most = x.max(new int[] {1}, true).stopGradient();
        return x.sub(most).exp().sum(new int[] {1}).log().add(most.squeeze(1));
    }

    @Override
    public long run(int times) {
        long begin = System.nanoTime();
        for (int i = 0; i < times; i++) {
            loss();
        }
        return System.nanoTime() - begin;
    }

    @Override
    public void close() {
        manager.close();
    }
}
