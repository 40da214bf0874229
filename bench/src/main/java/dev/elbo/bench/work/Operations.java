package dev.elbo.bench.work;

import dev.elbo.runtime.DType;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Optimizer;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Schedule;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.UpdateRule;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.ops.Moments;
import dev.elbo.runtime.ops.ShuffledBatch;
import dev.elbo.runtime.ops.Window;
import dev.elbo.runtime.random.Purpose;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;

/// The operations of training steps, each by itself: at the sizes of a layer, which caches hold, and at larger ones.
final class Operations {
    private static final int KERNEL = 4;
    private static final Window HALVING = Window.of(KERNEL, 2, 1);
    private static final Activation LEAKY = Activation.leakyRelu(0.2f);

    private Operations() {}

    /// All of them.
    static List<Workload> all() {
        List<Workload> all = new ArrayList<>(List.of(product(1), product(3), convolution(1), convolution(3)));
        all.add(matrix("scale", 2, (f, x) -> f.times(x, 0.5f)));
        all.add(matrix("tanh", 2, Ops::tanh));
        all.add(matrix("gate", 2, (f, x) -> f.plus(f.times(f.tanh(x), f.sigmoid(x)), x)));
        all.add(matrix("sum", 1, Ops::sum));
        all.add(matrix("sumrows", 1, Ops::sumRows));
        all.add(matrix("sumcolumns", 1, Ops::sumColumns));
        all.add(matrix("softmax", 2, Ops::softmaxRows));
        all.add(matrix("logsumexp", 1, Ops::logSumExpRows));
        all.addAll(List.of(likelihood(), normalisation(), sample(), normals(), coins(), adam(), batch()));
        return all;
    }

    private static List<Sizes> sizes(String... texts) {
        return List.of(texts).stream().map(Sizes::of).toList();
    }

    private static List<Sizes> matrices() {
        return sizes("rows128_cols400", "rows8192_cols1024");
    }

    /// The cost of reading or writing so many matrices.
    private static Function<Sizes, Cost> passes(int count) {
        return s -> Cost.bytes((long) Float.BYTES * count * s.at("rows") * s.at("cols"));
    }

    /// An operation on one matrix.
    private static Operation matrix(String name, int passes, BiFunction<Ops, Tensor, Tensor> operation) {
        return new Operation(name, matrices(), passes(passes), (s, inputs) -> {
            Tensor x = inputs.normals(s.at("rows"), s.at("cols"));
            return f -> operation.apply(f, x);
        });
    }

    /// Alone, or with both gradients: a product each.
    private static Operation product(int products) {
        boolean gradients = products > 1;
        Function<Sizes, Cost> cost = s -> {
            long rows = s.at("rows");
            long inner = s.at("inner");
            long cols = s.at("cols");
            long numbers = rows * inner + inner * cols + rows * cols;
            return new Cost(2 * products * rows * inner * cols, Float.BYTES * numbers * (gradients ? 2 : 1));
        };
        return new Operation(
                gradients ? "productgradients" : "product",
                sizes("rows1024_inner1024_cols1024", "rows128_inner784_cols400", "rows1000_inner784_cols500"),
                cost,
                (s, inputs) -> {
                    Tensor a = inputs.normals(gradients, s.at("rows"), s.at("inner"));
                    Tensor b = inputs.normals(gradients, s.at("inner"), s.at("cols"));
                    return f -> f.product(a, b);
                });
    }

    /// A layer of a DCGAN's discriminator, leaky ReLU 0.2 (x ∗ w + b), alone or with all gradients.
    private static Operation convolution(int products) {
        boolean gradients = products > 1;
        Function<Sizes, Cost> cost = s -> {
            long x = (long) s.at("images") * s.at("side") * s.at("side") * s.at("channels");
            long weight = (long) s.at("outputs") * KERNEL * KERNEL * s.at("channels");
            long pixels = (long) s.at("images") * (s.at("side") / 2) * (s.at("side") / 2);
            long numbers = x + weight + pixels * s.at("outputs");
            return new Cost(2 * products * pixels * weight, Float.BYTES * numbers * (gradients ? 2 : 1));
        };
        return new Operation(
                gradients ? "convolutiongradients" : "convolution",
                sizes(
                        "images32_side64_channels3_outputs64",
                        "images32_side32_channels64_outputs128",
                        "images32_side16_channels128_outputs256",
                        "images32_side8_channels256_outputs512",
                        "images32_side28_channels1_outputs64",
                        "images32_side14_channels64_outputs128"),
                cost,
                (s, inputs) -> {
                    Site site = inputs.site();
                    Tensor x = inputs.normals(gradients, s.at("images"), s.at("side"), s.at("side"), s.at("channels"));
                    Tensor weight = inputs.normals(gradients, s.at("outputs"), KERNEL, KERNEL, s.at("channels"));
                    Tensor bias = inputs.normals(gradients, s.at("outputs"));
                    Function<Ops, Tensor> layer = f -> f.convolution(x, weight, bias, HALVING, LEAKY);
                    site.tell("x", x);
                    site.tell("weight", weight);
                    site.tell("bias", bias);
                    Ops f = Ops.plain(site.memory());
                    site.loss(() -> f.mean(f.square(layer.apply(f))));
                    return layer;
                });
    }

    /// log p of bits under logits, with its gradient.
    private static Operation likelihood() {
        return new Operation("likelihood", matrices(), passes(3), (s, inputs) -> {
            Tensor logits = inputs.normals(true, s.at("rows"), s.at("cols"));
            Tensor bits = Ops.plain(inputs.site().memory()).constant(logits.shape(), 1);
            return f -> f.bernoulliLogLikelihood(logits, bits);
        });
    }

    /// Batch normalisation and ReLU, with gradients.
    private static Operation normalisation() {
        return new Operation("batchnorm", matrices(), passes(4), (s, inputs) -> {
            Tensor x = inputs.normals(true, s.at("rows"), s.at("cols"));
            Tensor scale = inputs.normals(true, s.at("cols"));
            Tensor shift = inputs.normals(true, s.at("cols"));
            Ops f = Ops.plain(inputs.site().memory());
            Moments running = new Moments(f.constant(scale.shape(), 0), f.constant(scale.shape(), 1));
            return g -> g.batchNormalise(x, scale, shift, running, 0.1f, 1e-5f, Activation.RELU);
        });
    }

    /// Reparameterised samples, with gradients.
    private static Operation sample() {
        return new Operation(
                "reparameterise",
                sizes("batch128_samples1_latent20", "batch1000_samples50_latent50"),
                s -> Cost.bytes((long) Float.BYTES * s.at("batch") * s.at("latent") * (2 * s.at("samples") + 4)),
                (s, inputs) -> {
                    Tensor mean = inputs.normals(true, s.at("batch"), s.at("latent"));
                    Tensor logVariance = inputs.normals(true, s.at("batch"), s.at("latent"));
                    return f -> f.reparameterise(mean, logVariance, s.at("samples"), inputs.draw());
                });
    }

    private static Operation normals() {
        return new Operation("normals", matrices(), passes(1), (s, inputs) -> {
            Shape shape = Shape.of(s.at("rows"), s.at("cols"));
            return f -> f.normals(shape, inputs.draw());
        });
    }

    /// Bernoulli draws.
    private static Operation coins() {
        return new Operation("coins", matrices(), passes(2), (s, inputs) -> {
            Tensor p = Ops.plain(inputs.site().memory()).sigmoid(inputs.normals(s.at("rows"), s.at("cols")));
            return f -> f.bernoullis(p, inputs.draw());
        });
    }

    /// What a model of one vector is made of.
    private record Weights(Tensor all) {}

    /// An update of as many weights as the VAE has, or more than caches hold.
    private static Operation adam() {
        return new Operation(
                "adam",
                sizes("weights653624", "weights16777216"),
                s -> Cost.bytes((long) Float.BYTES * 7 * s.at("weights")),
                (s, inputs) -> {
                    Memory memory = inputs.site().memory();
                    Shape shape = Shape.of(s.at("weights"));
                    Parameters<Weights> weights = inputs.site()
                            .parameters("weights", m -> new Weights(Ops.plain(m).constant(shape, 1)));
                    Optimizer optimizer = Optimizer.of(
                            weights,
                            new UpdateRule.Adam(),
                            Schedule.constant(0.001),
                            inputs.site().clock(),
                            memory);
                    Tensor loss = memory.floats(Shape.of(1), 0);
                    return f -> {
                        optimizer.updateLast(loss);
                        return weights.values();
                    };
                });
    }

    /// The data pipeline: rows of bytes gathered at shuffled places, and a coin for each.
    private static Operation batch() {
        return new Operation(
                "batch",
                sizes("rows128_pixels784", "rows1000_pixels784"),
                s -> Cost.bytes((long) s.at("rows") * s.at("pixels") * (1 + Float.BYTES)),
                (s, inputs) -> {
                    Memory memory = inputs.site().memory();
                    byte[] bytes = new byte[Pixels.ROWS * s.at("pixels")];
                    for (int i = 0; i < bytes.length; i++) {
                        bytes[i] = (byte) (i * 31);
                    }
                    Tensor data = memory.empty(Shape.of(Pixels.ROWS, s.at("pixels")), DType.U8);
                    memory.device().write(MemorySegment.ofArray(bytes), data);
                    return f -> ShuffledBatch.bits(
                            data,
                            s.at("rows"),
                            true,
                            inputs.site().clock().next(Purpose.DATA),
                            inputs.draw(),
                            f.memory());
                });
    }
}
