package dev.elbo.bench.peers;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.training.GradientCollector;
import dev.elbo.bench.ConvolutionContender;
import dev.elbo.bench.ConvolutionLayer;
import java.util.List;

/// A layer in DJL, its images channel-first as DJL has them.
public final class DjlConvolution implements ConvolutionContender.Library {
    private final Djl djl = new Djl();

    @Override
    public String name() {
        return djl.name();
    }

    @Override
    public String description() {
        return djl.description();
    }

    @Override
    public boolean present() {
        return djl.present();
    }

    @Override
    public ConvolutionContender open(ConvolutionLayer layer, int threads) {
        System.setProperty("ai.djl.pytorch.num_threads", Integer.toString(threads));
        return new Opened(layer);
    }

    private static final class Opened implements ConvolutionContender {
        private static final Shape STRIDE = new Shape(2, 2);
        private static final Shape PADDING = new Shape(1, 1);
        private static final Shape DILATION = new Shape(1, 1);

        private final NDManager manager = Engine.getEngine("PyTorch").newBaseManager();
        private final NDArray x;
        private final NDArray weight;
        private final NDArray bias;

        Opened(ConvolutionLayer layer) {
            int kernel = ConvolutionLayer.KERNEL;
            int side = layer.side();
            x = channelsFirst(layer.x(), new Shape(ConvolutionLayer.IMAGES, side, side, layer.channels()));
            weight = channelsFirst(layer.weight(), new Shape(layer.outputs(), kernel, kernel, layer.channels()));
            bias = manager.zeros(new Shape(layer.outputs()));
            List.of(x, weight, bias).forEach(each -> each.setRequiresGradient(true));
        }

        /// A copy, since a transposed view would be convolved as it lies.
        private NDArray channelsFirst(float[] values, Shape shape) {
            return manager.create(values, shape)
                    .transpose(0, 3, 1, 2)
                    .flatten()
                    .reshape(shape.get(0), shape.get(3), shape.get(1), shape.get(2));
        }

        private NDArray apply() {
            NDArray y =
                    Conv2d.conv2d(x, weight, bias, STRIDE, PADDING, DILATION).singletonOrThrow();
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
        public void run(int times, boolean gradients) {
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
        }

        private void pullback() {
            try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
                collector.backward(apply().square().mean());
                collector.zeroGradients();
            }
        }

        @Override
        public void close() {
            manager.close();
        }
    }
}
