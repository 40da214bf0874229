package dev.elbo.bench.peers;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.training.GradientCollector;
import dev.elbo.bench.work.Contender;
import dev.elbo.bench.work.Start;
import java.util.List;

/// A layer in DJL, its images channel-first as DJL has them; alone, or with the gradients of Σ y.
final class DjlConvolution implements Contender {
    private static final Shape STRIDE = new Shape(2, 2);
    private static final Shape PADDING = new Shape(1, 1);
    private static final Shape DILATION = new Shape(1, 1);

    private final NDManager manager = Engine.getEngine("PyTorch").newBaseManager();
    private final boolean gradients;
    private final NDArray x;
    private final NDArray weight;
    private final NDArray bias;

    DjlConvolution(Start start, boolean gradients) {
        this.gradients = gradients;
        x = channelsFirst(start.array("x"));
        weight = channelsFirst(start.array("weight"));
        bias = Djl.array(manager, start.array("bias"));
        List.of(x, weight, bias).forEach(each -> each.setRequiresGradient(true));
    }

    /// A copy, since a transposed view would be convolved as it lies.
    private NDArray channelsFirst(Start.Array array) {
        NDArray first = Djl.array(manager, array).transpose(0, 3, 1, 2);
        return first.flatten().reshape(first.getShape());
    }

    private NDArray apply() {
        NDArray y = Conv2d.conv2d(x, weight, bias, STRIDE, PADDING, DILATION).singletonOrThrow();
        return Activation.leakyRelu(y, 0.2f);
    }

    @Override
    public double loss() {
        try (NDManager step = manager.newSubManager()) {
            x.attach(step);
            double loss = apply().square().mean().getFloat();
            x.attach(manager);
            return loss;
        }
    }

    @Override
    public long run(int times) {
        long begin = System.nanoTime();
        for (int i = 0; i < times; i++) {
            try (NDManager step = manager.newSubManager()) {
                x.attach(step);
                if (gradients) {
                    pullback();
                } else {
                    apply();
                }
                x.attach(manager);
            }
        }
        return System.nanoTime() - begin;
    }

    private void pullback() {
        try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            collector.backward(apply().sum());
            collector.zeroGradients();
        }
    }

    @Override
    public void close() {
        manager.close();
    }
}
