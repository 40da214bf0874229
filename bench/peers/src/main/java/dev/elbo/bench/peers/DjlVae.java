package dev.elbo.bench.peers;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import dev.elbo.bench.work.Start;

/// VAE and IWAE in DJL.
final class DjlVae extends DjlStep {
    private final Optimizer adam =
            Optimizer.adam().optLearningRateTracker(Tracker.fixed(0.001f)).build();

    DjlVae(Start start) {
        super(start);
        weights.values().forEach(w -> w.setRequiresGradient(true));
    }

    @Override
    public double loss() {
        try (NDManager step = manager.newSubManager()) {
            NDArray bound = bound(check, noise);
            bound.attach(step);
            return bound.getFloat();
        }
    }

    private NDArray dense(String name, NDArray x) {
        return dense(x, weights.get(name + ".weight"), weights.get(name + ".bias"));
    }

    private NDArray stack(String name, NDArray x) {
        NDArray h = x;
        for (int layer = 0; weights.containsKey(name + ".layers." + layer + ".weight"); layer++) {
            h = dense(name + ".layers." + layer, h).tanh();
        }
        return h;
    }

    /// Mean ELBO, or mean importance-weighted bound.
    private NDArray bound(NDArray x, NDArray epsilon) {
        long n = epsilon.getShape().get(0);
        long samples = epsilon.getShape().get(1);
        long latent = epsilon.getShape().get(2);
        NDArray h = stack("encoder", x);
        NDArray mean = dense("posterior.mean", h);
        NDArray logVariance = dense("posterior.logVariance", h);
        NDArray deviation = logVariance.mul(0.5).exp().expandDims(1);
        NDArray z = mean.expandDims(1).add(deviation.mul(epsilon));
        NDArray hidden = stack("decoder", z.reshape(n * samples, latent));
        NDArray logits =
                dense("output.logits", hidden).reshape(n, samples, x.getShape().get(1));
        NDArray likelihood = x.expandDims(1).mul(logits).sub(softplus(logits)).sum(new int[] {2});
        if (start.workload().workload().name().equals("vae")) {
            NDArray divergence = mean.square()
                    .add(logVariance.exp())
                    .sub(1)
                    .sub(logVariance)
                    .sum(new int[] {1})
                    .mul(0.5);
            return likelihood.squeeze(1).sub(divergence).mean();
        }
        NDArray prior = z.square().sum(new int[] {2}).mul(-0.5);
        NDArray proposal = logVariance
                .expandDims(1)
                .add(epsilon.square())
                .sum(new int[] {2})
                .mul(-0.5);
        NDArray w = likelihood.add(prior).sub(proposal);
        NDArray most = w.max(new int[] {1}, true).stopGradient();
        return w.sub(most).exp().mean(new int[] {1}).log().add(most.squeeze(1)).mean();
    }

    @Override
    void step(NDManager step) {
        NDArray x = binarised(step);
        NDArray epsilon = step.randomNormal(new Shape(
                noise.getShape().get(0),
                noise.getShape().get(1),
                noise.getShape().get(2)));
        try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            collector.backward(bound(x, epsilon).neg());
            weights.forEach((name, w) -> adam.update(name, w, w.getGradient()));
            collector.zeroGradients();
        }
    }
}
