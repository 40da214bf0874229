package dev.elbo.bench.peers;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import dev.elbo.bench.ChainTurns;
import dev.elbo.bench.work.Contender;

/// The forward recursion in logarithms, a loop over the steps with the engine's own gradients: how a CRF layer is
/// written in DJL and PyTorch.
///
/// ```
/// α₀ = u₀,  α_t = logsumexp_i(α_{t−1}[:, i] + A[i, :]) + u_t,  Σ logsumexp α_T
/// ```
public final class DjlChains implements ChainTurns.Peer {
    @Override
    public String name() {
        return "djl";
    }

    @Override
    public String description() {
        return new Djl().description();
    }

    @Override
    public boolean present() {
        return Engine.hasEngine("PyTorch");
    }

    @Override
    public Contender open(ChainTurns.Chains chains, int threads) {
        System.setProperty("ai.djl.pytorch.num_threads", Integer.toString(threads));
        return new Loop(chains);
    }

    private static final class Loop implements Contender {
        private final NDManager manager = Engine.getEngine("PyTorch").newBaseManager();
        private final ChainTurns.Chains chains;
        private final NDArray unary;
        private final NDArray transitions;

        Loop(ChainTurns.Chains chains) {
            this.chains = chains;
            unary = manager.create(chains.unary(), new Shape(chains.n(), chains.steps(), chains.states()));
            transitions = manager.create(chains.transitions(), new Shape(chains.states(), chains.states()));
            unary.setRequiresGradient(true);
            transitions.setRequiresGradient(true);
        }

        /// Σ log Z, with the gradients by both scores.
        private double step() {
            try (NDManager step = manager.newSubManager();
                    GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
                unary.attach(step);
                transitions.attach(step);
                NDArray across = transitions.expandDims(0);
                NDArray alpha = unary.get(new NDIndex(":, 0"));
                for (int t = 1; t < chains.steps(); t++) {
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
        public double loss() {
            return step();
        }

        @Override
        public long run(int steps) {
            long begin = System.nanoTime();
            for (int i = 0; i < steps; i++) {
                step();
            }
            return System.nanoTime() - begin;
        }

        @Override
        public void close() {
            manager.close();
        }
    }
}
