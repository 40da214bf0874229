package dev.elbo.bench.peers;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.training.GradientCollector;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import dev.elbo.bench.work.DcganStep;
import dev.elbo.bench.work.Sizes;
import dev.elbo.bench.work.Start;
import java.util.HashMap;
import java.util.Map;

/// DCGANs in DJL, their images channel-first and in [−1, 1] from the beginning, as its users have them.
final class DjlDcgan extends DjlStep {
    private static final Shape STRIDE = new Shape(2, 2);
    private static final Shape PADDING = new Shape(1, 1);
    private static final Shape DILATION = new Shape(1, 1);
    private static final float SLOPE = 0.2f;
    private static final float MOMENTUM = 0.9f;
    private static final float EPSILON = 1e-5f;

    private final DjlTransposed transposed = new DjlTransposed(manager);
    private final Map<String, NDArray> running = new HashMap<>();
    private final Optimizer generatorAdam = adam();
    private final Optimizer discriminatorAdam = adam();
    private final int top;

    DjlDcgan(Start start) {
        super(start, (name, array) -> channelsFirst(start, name, array));
        weights.values().forEach(w -> w.setRequiresGradient(true));
        weights.forEach((name, w) -> {
            if (name.endsWith("norm.scale")) {
                String norm = name.substring(0, name.length() - ".scale".length());
                running.put(norm + ".mean", w.zerosLike());
                running.put(norm + ".variance", w.onesLike());
            }
        });
        this.top = (int) Math.sqrt(weights.get("generator.project").getShape().get(1) / deep(start));
    }

    private static Optimizer adam() {
        return Optimizer.adam()
                .optBeta1(0.5f)
                .optLearningRateTracker(Tracker.fixed(DcganStep.RATE))
                .build();
    }

    /// Channels of the smallest maps.
    private static int deep(Start start) {
        return start.array("generator.norm.scale").values().length;
    }

    private static NDArray channelsFirst(Start start, String name, NDArray array) {
        Shape shape = array.getShape();
        Sizes sizes = start.workload().sizes();
        int side = sizes.at("side");
        return switch (name) {
            case "data", "x" ->
                moved(array.reshape(shape.get(0), side, side, sizes.at("channels")))
                        .mul(2)
                        .sub(1);
            case "generator.project" ->
                maps(array, shape.get(0), shape.get(1), deep(start)).reshape(shape);
            case "discriminator.output.weight" ->
                maps(array, 1, shape.get(0), deep(start)).reshape(shape);
            default -> shape.dimension() == 4 ? moved(array) : array;
        };
    }

    /// Rows of flat maps, their channels first.
    private static NDArray maps(NDArray array, long rows, long each, int channels) {
        int side = (int) Math.sqrt(each / channels);
        return moved(array.reshape(rows, side, side, channels));
    }

    /// A copy, since a transposed view would be convolved as it lies.
    ///
    /// @param images (n, height, width, channels)
    /// @return (n, channels, height, width)
    private static NDArray moved(NDArray images) {
        Shape to = new Shape(
                images.getShape().get(0),
                images.getShape().get(3),
                images.getShape().get(1),
                images.getShape().get(2));
        return images.transpose(0, 3, 1, 2).flatten().reshape(to);
    }

    private NDArray normalised(String name, NDArray x) {
        NDArray mean = running.get(name + ".mean");
        NDArray variance = running.get(name + ".variance");
        NDArray scale = weights.get(name + ".scale");
        return BatchNorm.batchNorm(x, mean, variance, scale, weights.get(name + ".shift"), 1, MOMENTUM, EPSILON, true)
                .singletonOrThrow();
    }

    private NDArray convolved(NDArray x, NDArray weight, NDArray bias) {
        return Conv2d.conv2d(x, weight, bias, STRIDE, PADDING, DILATION).singletonOrThrow();
    }

    /// @param z (n, latent)
    private NDArray generate(NDArray z) {
        NDArray maps =
                z.matMul(weights.get("generator.project")).reshape(z.getShape().get(0), -1, top, top);
        NDArray h = Activation.relu(normalised("generator.norm", maps));
        for (int i = 0; weights.containsKey("generator.stages." + i + ".convolution.weight"); i++) {
            String stage = "generator.stages." + i;
            NDArray larger = transposed.apply(h, weights.get(stage + ".convolution.weight"));
            h = Activation.relu(normalised(stage + ".norm", larger));
        }
        NDArray bias = weights.get("generator.last.bias").reshape(1, -1, 1, 1);
        return transposed
                .apply(h, weights.get("generator.last.weight"))
                .add(bias)
                .tanh();
    }

    /// @param x (n, channels, side, side)
    private NDArray logits(NDArray x) {
        NDArray first =
                convolved(x, weights.get("discriminator.first.weight"), weights.get("discriminator.first.bias"));
        NDArray h = Activation.leakyRelu(first, SLOPE);
        for (int i = 0; weights.containsKey("discriminator.stages." + i + ".convolution.weight"); i++) {
            String stage = "discriminator.stages." + i;
            NDArray smaller = convolved(h, weights.get(stage + ".convolution.weight"), null);
            h = Activation.leakyRelu(normalised(stage + ".norm", smaller), SLOPE);
        }
        return dense(
                h.reshape(x.getShape().get(0), -1),
                weights.get("discriminator.output.weight"),
                weights.get("discriminator.output.bias"));
    }

    private static NDArray discriminatorLoss(NDArray real, NDArray fake) {
        return softplus(real).mean().sub(real.mean()).add(softplus(fake).mean());
    }

    private static NDArray generatorLoss(NDArray fake) {
        return softplus(fake.neg()).mean();
    }

    @Override
    public double loss() {
        try (NDManager step = manager.newSubManager()) {
            NDList inputs = new NDList(check, noise);
            inputs.attach(step);
            NDArray fake = logits(generate(noise));
            double loss = discriminatorLoss(logits(check), fake).getFloat()
                    + generatorLoss(fake).getFloat();
            inputs.attach(manager);
            return loss;
        }
    }

    @Override
    void step(NDManager step) {
        NDArray x = examples();
        NDArray z = step.randomNormal(noise.getShape());
        try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            NDArray fake = generate(z);
            collector.backward(discriminatorLoss(logits(x), logits(fake.stopGradient())));
            update("discriminator", discriminatorAdam);
            collector.zeroGradients();
            ofDiscriminator(false);
            collector.backward(generatorLoss(logits(fake)));
            update("generator", generatorAdam);
            collector.zeroGradients();
            ofDiscriminator(true);
        }
    }

    private void update(String player, Optimizer adam) {
        weights.forEach((name, w) -> {
            if (name.startsWith(player)) {
                adam.update(name, w, w.getGradient());
            }
        });
    }

    /// Whether gradients of the discriminator's weights are computed: in the generator's turn nobody uses them.
    private void ofDiscriminator(boolean wanted) {
        weights.forEach((name, w) -> {
            if (name.startsWith("discriminator")) {
                w.setRequiresGradient(wanted);
            }
        });
    }

    @Override
    public void close() {
        transposed.close();
        super.close();
    }
}
