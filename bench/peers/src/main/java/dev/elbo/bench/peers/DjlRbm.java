package dev.elbo.bench.peers;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Activation;
import dev.elbo.bench.work.RbmStep;
import dev.elbo.bench.work.Start;
import java.util.ArrayList;
import java.util.List;

/// Contrastive divergence in DJL, its statistics written out: no gradient is recorded.
final class DjlRbm extends DjlStep {
    private final NDArray w = weights.get("weights");
    private final NDArray a = weights.get("visibleBias");
    private final NDArray b = weights.get("hiddenBias");
    private final List<NDArray> velocity = new ArrayList<>();

    DjlRbm(Start start) {
        super(start);
        for (NDArray each : List.of(w, a, b)) {
            velocity.add(each.zerosLike());
        }
    }

    @Override
    public double loss() {
        return freeEnergy(check).sub(freeEnergy(noise)).mean().getFloat();
    }

    private NDArray freeEnergy(NDArray v) {
        NDArray hidden = softplus(dense(v, w, b)).sum(new int[] {1});
        return v.matMul(a).add(hidden).neg();
    }

    @Override
    void step(NDManager step) {
        NDArray v = binarised(step);
        NDArray positive = Activation.sigmoid(dense(v, w, b));
        NDArray h = bits(step, positive);
        NDArray model = bits(step, Activation.sigmoid(dense(h, w.transpose(), a)));
        NDArray negative = Activation.sigmoid(dense(model, w, b));
        long batch = check.getShape().get(0);
        move(
                0,
                w,
                model.transpose()
                        .matMul(negative)
                        .sub(v.transpose().matMul(positive))
                        .div(batch));
        move(1, a, model.sub(v).mean(new int[] {0}));
        move(2, b, negative.sub(positive).mean(new int[] {0}));
    }

    private void move(int k, NDArray p, NDArray gradient) {
        velocity.get(k).muli(0.5).addi(gradient);
        p.subi(velocity.get(k).mul(RbmStep.RATE));
    }
}
