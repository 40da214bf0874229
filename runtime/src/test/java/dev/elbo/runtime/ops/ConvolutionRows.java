package dev.elbo.runtime.ops;

import static dev.elbo.runtime.ops.Bench.NAN;

import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.DoubleUnaryOperator;

/// The rows of [OpRows] for images: convolutions at awkward sizes, and batch normalisation.
final class ConvolutionRows {
    private static final float EPSILON = 1e-5f;

    /// Extents of a convolution under test; `n` is the size asked for, within bounds.
    ///
    /// @param name what is awkward about it
    private record Case(String name, int height, int width, int channels, int outputs, Window window) {}

    private static final List<Case> CASES = List.of(
            new Case("1x1", 3, 5, 17, 3, Window.of(1, 1, 0)),
            new Case("3x3 stride 2", 7, 6, 3, 17, Window.of(3, 2, 1)),
            new Case("4x4 stride 2", 8, 8, 33, 4, Window.of(4, 2, 1)),
            new Case("5x5 padded", 6, 5, 1, 33, Window.of(5, 1, 2)),
            new Case("kernel = image", 4, 4, 5, 3, Window.of(4, 1, 0)),
            new Case("not square", 9, 4, 3, 5, new Window(3, 2, 2, 3, 0, 1)),
            new Case("sequence", 1, 12, 4, 6, Window.across(5, 1, 2)),
            new Case("stride beyond kernel", 7, 7, 2, 3, Window.of(2, 3, 0)));

    private ConvolutionRows() {}

    static void all(List<OpRow> rows) {
        for (Case each : CASES) {
            rows.add(convolution(each));
            rows.add(transposed(each));
        }
        rows.add(kinked(Activation.RELU, x -> Math.max(x, 0)));
        rows.add(kinked(Activation.leakyRelu(0.2f), x -> x < 0 ? 0.2f * x : x));
        rows.add(activated(Activation.TANH, Math::tanh));
        rows.add(activatedTransposed(Activation.SIGMOID, x -> 1 / (1 + Math.exp(-x))));
        normalisations(rows);
    }

    private static int images(int size) {
        return size == 1 ? 1 : size < 128 ? 2 : 3;
    }

    private static Values weight(Case c) {
        return Values.tame(c.outputs, c.window.height(), c.window.width(), c.channels);
    }

    private static Values map(Case c, int n) {
        return Values.tame(n, c.window.outHeight(c.height), c.window.outWidth(c.width), c.outputs);
    }

    private static Values image(Case c, int n) {
        return Values.tame(n, c.height, c.width, c.channels);
    }

    private static OpRow convolution(Case c) {
        return new OpRow(
                "convolution " + c.name,
                Convolution.class,
                n -> List.of(image(c, images(n)), weight(c), Values.tame(c.outputs)),
                (f, x) -> f.convolution(x.get(0), x.get(1), x.get(2), c.window, Activation.NONE),
                (x, like) -> {
                    double[] y = new double
                            [Math.toIntExact(map(c, like.getFirst().shape().extent(0))
                                    .shape()
                                    .size())];
                    meetings(
                            c,
                            like.getFirst().shape().extent(0),
                            (image, w, map) -> y[map] += x.get(0)[image] * x.get(1)[w]);
                    for (int e = 0; e < y.length; e++) {
                        y[e] += x.get(2)[e % c.outputs];
                    }
                    return y;
                },
                5e-5,
                b -> adjoint(c, b),
                b -> b.refused(
                        "convolution: nothing to compute; x=" + Shape.of(0, c.height, c.width, c.channels) + ", weight="
                                + weight(c).shape() + ", window=" + c.window,
                        () -> b.f().convolution(b.of(image(c, 0), 1), b.of(weight(c), 2), c.window)));
    }

    private static OpRow transposed(Case c) {
        return new OpRow(
                "transposedConvolution " + c.name,
                TransposedConvolution.class,
                n -> List.of(map(c, images(n)), weight(c), Values.tame(c.channels)),
                (f, x) -> f.apply(back(c, Activation.NONE), x.get(0), x.get(1), x.get(2)),
                (x, like) -> {
                    double[] y = new double
                            [Math.toIntExact(image(c, like.getFirst().shape().extent(0))
                                    .shape()
                                    .size())];
                    meetings(
                            c,
                            like.getFirst().shape().extent(0),
                            (image, w, map) -> y[image] += x.get(0)[map] * x.get(1)[w]);
                    for (int e = 0; e < y.length; e++) {
                        y[e] += x.get(2)[e % c.channels];
                    }
                    return y;
                },
                5e-5,
                b -> linear(c, b),
                b -> b.refused(
                        "transposedConvolution: shapes do not go together; x="
                                + image(c, 1).shape() + ", weight="
                                + weight(c).shape().inside(1) + ", window=" + c.window,
                        () -> b.f().apply(
                                        back(c, Activation.NONE),
                                        b.of(image(c, 1), 1),
                                        b.f().reshape(
                                                        b.of(weight(c), 2),
                                                        weight(c).shape().inside(1)))));
    }

    private static TransposedConvolution back(Case c, Activation activation) {
        return new TransposedConvolution(c.window, c.height, c.width, activation);
    }

    /// An element of an image, of the weight and of the map, which meet in a convolution.
    private interface Meeting {
        void at(int image, int weight, int map);
    }

    /// The definition, as slowly as it reads.
    private static void meetings(Case c, int n, Meeting meeting) {
        int outHeight = c.window.outHeight(c.height);
        int outWidth = c.window.outWidth(c.width);
        for (int i = 0; i < n; i++) {
            for (int p = 0; p < outHeight; p++) {
                for (int q = 0; q < outWidth; q++) {
                    for (int r = 0; r < c.window.height(); r++) {
                        for (int s = 0; s < c.window.width(); s++) {
                            int h = p * c.window.strideDown() + r - c.window.padDown();
                            int v = q * c.window.strideAcross() + s - c.window.padAcross();
                            if (h < 0 || h >= c.height || v < 0 || v >= c.width) {
                                continue;
                            }
                            for (int e = 0; e < c.outputs * c.channels; e++) {
                                int o = e / c.channels;
                                int channel = e % c.channels;
                                meeting.at(
                                        ((i * c.height + h) * c.width + v) * c.channels + channel,
                                        ((o * c.window.height() + r) * c.window.width() + s) * c.channels + channel,
                                        ((i * outHeight + p) * outWidth + q) * c.outputs + o);
                            }
                        }
                    }
                }
            }
        }
    }

    /// ⟨x ∗ w, y⟩ = ⟨x, wᵀ ∗ y⟩.
    private static void adjoint(Case c, Bench b) {
        Tensor x = b.of(image(c, 2), 1);
        Tensor w = b.of(weight(c), 2);
        Tensor y = b.of(map(c, 2), 3);
        Tensor there = b.f().sum(b.f().times(b.f().convolution(x, w, c.window), y));
        Tensor back = b.f().sum(b.f().times(x, b.f().apply(back(c, Activation.NONE), y, w)));
        b.close(1e-4, back, b.device().scalar(there));
    }

    /// wᵀ ∗ (x + y) = wᵀ ∗ x + wᵀ ∗ y.
    private static void linear(Case c, Bench b) {
        Tensor x = b.of(map(c, 2), 1);
        Tensor y = b.of(map(c, 2), 2);
        Tensor w = b.of(weight(c), 3);
        Ops f = b.f();
        TransposedConvolution op = back(c, Activation.NONE);
        Tensor parts = f.plus(f.apply(op, x, w), f.apply(op, y, w));
        float[] expected = b.device().floats(parts);
        float[] actual = b.device().floats(f.apply(op, f.plus(x, y), w));
        for (int e = 0; e < expected.length; e++) {
            Bench.close(5e-5, expected[e], actual[e], "element " + e);
        }
    }

    private static OpRow activated(Activation activation, DoubleUnaryOperator g) {
        Case c = CASES.get(1);
        OpRow plain = convolution(c);
        return new OpRow(
                "convolution " + Names.of(activation.f()),
                Convolution.class,
                plain.arguments(),
                (f, x) -> f.convolution(f.times(x.get(0), 0.1f), x.get(1), x.get(2), c.window, activation),
                scaled(plain.oracle(), g),
                5e-5,
                ConvolutionRows::shift,
                b -> b.equal(
                        b.f().convolution(
                                        image(b, 2, -1, NAN),
                                        image(b, 1, 1),
                                        b.vector(0.5),
                                        Window.of(1, 1, 0),
                                        activation),
                        g.applyAsDouble(-0.5),
                        NAN));
    }

    /// Functions with a kink, by one positive weight, so that a difference does not step over it.
    private static OpRow kinked(Activation activation, DoubleUnaryOperator g) {
        Convolution op = new Convolution(Window.of(1, 1, 0), activation);
        return new OpRow(
                "convolution " + Names.of(activation.f()),
                Convolution.class,
                n -> List.of(Values.awayFromZero(images(n), 5, 3, 1), Values.positive(1, 1, 1, 1)),
                (f, x) -> f.apply(op, f.times(x.get(0), 4), x.get(1)),
                (x, like) -> Arrays.stream(x.get(0))
                        .map(v -> g.applyAsDouble(4 * v * x.get(1)[0]))
                        .toArray(),
                2e-6,
                b -> {
                    Case c = CASES.get(1);
                    Tensor x = b.of(image(c, 3), 1);
                    Tensor w = b.of(weight(c), 2);
                    Tensor bias = b.of(Values.tame(c.outputs), 3);
                    Tensor apart = b.f().convolution(x, w, bias, c.window, Activation.NONE);
                    b.same(
                            b.f().apply(new Pointwise(activation.f(), activation.parameter()), apart),
                            b.f().convolution(x, w, bias, c.window, activation));
                },
                b -> b.equal(
                        b.f().convolution(
                                        image(b, 3, -1, 0, NAN),
                                        image(b, 1, 1),
                                        b.vector(0),
                                        Window.of(1, 1, 0),
                                        activation),
                        g.applyAsDouble(-1),
                        0,
                        NAN));
    }

    private static OpRow activatedTransposed(Activation activation, DoubleUnaryOperator g) {
        Case c = CASES.get(2);
        OpRow plain = transposed(c);
        return new OpRow(
                "transposedConvolution " + Names.of(activation.f()),
                TransposedConvolution.class,
                plain.arguments(),
                (f, x) -> f.transposedConvolution(f.times(x.get(0), 0.1f), x.get(1), x.get(2), c.window, activation),
                scaled(plain.oracle(), g),
                5e-5,
                b -> b.equal(
                        b.f().transposedConvolution(
                                        image(b, 2, 1, 2),
                                        image(b, 2, 3, 4),
                                        b.vector(0.5),
                                        Window.across(2, 2, 0),
                                        Activation.NONE),
                        3.5,
                        4.5,
                        6.5,
                        8.5),
                b -> b.equal(
                        b.f().transposedConvolution(
                                        image(b, 2, -1, NAN),
                                        image(b, 1, 1),
                                        b.vector(0.5),
                                        Window.of(1, 1, 0),
                                        activation),
                        g.applyAsDouble(-0.5),
                        NAN));
    }

    /// The oracle of a row whose x is a tenth, followed by g.
    private static OpRow.Oracle scaled(OpRow.Oracle oracle, DoubleUnaryOperator g) {
        return (x, like) -> {
            List<double[]> less = new ArrayList<>(x);
            double[] tenth = x.getFirst().clone();
            for (int e = 0; e < tenth.length; e++) {
                tenth[e] *= 0.1f;
            }
            less.set(0, tenth);
            double[] y = oracle.apply(less, like);
            for (int e = 0; e < y.length; e++) {
                y[e] = g.applyAsDouble(y[e]);
            }
            return y;
        };
    }

    /// What is moved by a pixel gives a map moved by a pixel.
    private static void shift(Bench b) {
        Tensor w = b.of(Values.tame(2, 1, 3, 1), 1);
        Window window = Window.across(3, 1, 1);
        float[] here = b.device().floats(b.f().convolution(image(b, 7, 0, 0, 5, -3, 2, 0, 0), w, window));
        float[] there = b.device().floats(b.f().convolution(image(b, 7, 0, 0, 0, 5, -3, 2, 0), w, window));
        for (int e = 2; e < here.length; e++) {
            Bench.close(0, here[e - 2], there[e], "element " + e);
        }
    }

    /// One channel, one row.
    private static Tensor image(Bench b, int width, double... values) {
        return b.f().reshape(b.vector(values), Shape.of(1, 1, width, 1));
    }

    // --- batch normalisation ---

    private static void normalisations(List<OpRow> rows) {
        for (int cols : new int[] {1, 3, 17, 33}) {
            rows.add(normalisation("batchNormalise " + cols, cols, Activation.NONE, x -> x, 1));
        }
        rows.add(normalisation("batchNormalise relu", 19, Activation.RELU, x -> Math.max(x, 0), 40));
        rows.add(normalisation(
                "batchNormalise leakyRelu", 5, Activation.leakyRelu(0.2f), x -> x < 0 ? 0.2f * x : x, 40));
        rows.add(new OpRow(
                "normalise",
                BatchNormalise.class,
                n -> List.of(Values.wild(n, 6), Values.tame(6), Values.tame(6)),
                (f, x) -> f.normalise(x.get(0), x.get(1), x.get(2), running(f, 6, 0.5f, 2), EPSILON, Activation.TANH),
                (x, like) -> {
                    double[] y = new double[x.get(0).length];
                    for (int e = 0; e < y.length; e++) {
                        double standard = (x.get(0)[e] - 0.5) / Math.sqrt(2 + EPSILON);
                        y[e] = Math.tanh(x.get(1)[e % 6] * standard + x.get(2)[e % 6]);
                    }
                    return y;
                },
                1e-5,
                ConvolutionRows::runningMomentsLead,
                b -> b.equal(
                        b.f().normalise(
                                        b.matrix(1, 3, NAN),
                                        b.vector(2, 1),
                                        b.vector(1, 0),
                                        running(b.f(), 2, 1, 4),
                                        0,
                                        Activation.NONE),
                        3,
                        NAN)));
    }

    private static Moments running(Ops f, int cols, float mean, float variance) {
        return new Moments(f.constant(Shape.of(cols), mean), f.constant(Shape.of(cols), variance));
    }

    private static Tensor normalised(Ops f, List<Tensor> x, Activation activation) {
        int cols = x.getFirst().shape().cols();
        return f.batchNormalise(x.get(0), x.get(1), x.get(2), running(f, cols, 0, 1), 0.1f, EPSILON, activation);
    }

    /// @param far factor of the shifts, so that a difference does not step over a kink of g
    private static OpRow normalisation(String name, int cols, Activation activation, DoubleUnaryOperator g, float far) {
        return new OpRow(
                name,
                BatchNormalise.class,
                n -> List.of(Values.wild(n, cols), Values.tame(cols), Values.awayFromZero(cols)),
                (f, x) -> normalised(f, List.of(x.get(0), x.get(1), f.times(x.get(2), far)), activation),
                (x, like) -> {
                    double[] y = standard(x.get(0), cols);
                    for (int e = 0; e < y.length; e++) {
                        y[e] = g.applyAsDouble(y[e] * x.get(1)[e % cols] + far * x.get(2)[e % cols]);
                    }
                    return y;
                },
                1e-5,
                ConvolutionRows::runningMomentsFollow,
                edge(activation, g));
    }

    private static double[] standard(double[] x, int cols) {
        int rows = x.length / cols;
        double[] y = new double[x.length];
        for (int j = 0; j < cols; j++) {
            double mean = 0;
            for (int i = 0; i < rows; i++) {
                mean += x[i * cols + j] / rows;
            }
            double variance = 0;
            for (int i = 0; i < rows; i++) {
                variance += (x[i * cols + j] - mean) * (x[i * cols + j] - mean) / rows;
            }
            for (int i = 0; i < rows; i++) {
                y[i * cols + j] = (x[i * cols + j] - mean) / Math.sqrt(variance + EPSILON);
            }
        }
        return y;
    }

    /// One row is its shift, a NaN stays in its channel, no rows are refused.
    private static Consumer<Bench> edge(Activation activation, DoubleUnaryOperator g) {
        return b -> {
            Tensor scale = b.vector(2, 3);
            Tensor shift = b.vector(-0.5, 0.25);
            b.equal(
                    normalised(b.f(), List.of(b.matrix(1, 7, -9), scale, shift), activation),
                    g.applyAsDouble(-0.5),
                    g.applyAsDouble(0.25));
            b.equal(
                    normalised(b.f(), List.of(b.matrix(2, NAN, 4, 1, 4), scale, shift), activation),
                    NAN,
                    g.applyAsDouble(0.25),
                    NAN,
                    g.applyAsDouble(0.25));
            b.refused(
                    "batchNormalise: no rows to normalise; x=(0, 2), scale=(2)",
                    () -> normalised(b.f(), List.of(b.of(Values.tame(0, 2), 1), scale, shift), activation));
        };
    }

    /// After a batch whose weight is everything, the running moments are its own, the variance unbiased.
    private static void runningMomentsFollow(Bench b) {
        Tensor x = b.of(Values.wild(700, 3), 5);
        Moments running = running(b.f(), 3, 40, 50);
        Tensor one = b.ones(Shape.of(3));
        Tensor zero = b.f().constant(Shape.of(3), 0);
        b.f().batchNormalise(x, one, zero, running, 0.25f, EPSILON, Activation.NONE);
        float[] values = b.device().floats(x);
        double[] mean = new double[3];
        double[] variance = new double[3];
        for (int e = 0; e < values.length; e++) {
            mean[e % 3] += values[e] / 700.0;
        }
        for (int e = 0; e < values.length; e++) {
            variance[e % 3] += Math.pow(values[e] - mean[e % 3], 2) / 699;
        }
        for (int j = 0; j < 3; j++) {
            mean[j] = 0.75 * 40 + 0.25 * mean[j];
            variance[j] = 0.75 * 50 + 0.25 * variance[j];
        }
        b.equal(running.mean(), mean);
        b.equal(running.variance(), variance);
    }

    /// A batch normalised by its own moments is the same in both forms, up to the factor √((rows − 1) / rows).
    private static void runningMomentsLead(Bench b) {
        Tensor x = b.of(Values.tame(1025, 4), 6);
        Tensor one = b.ones(Shape.of(4));
        Tensor zero = b.f().constant(Shape.of(4), 0);
        Moments running = running(b.f(), 4, 0, 0);
        Tensor trained = b.f().batchNormalise(x, one, zero, running, 1, 0, Activation.NONE);
        Tensor led = b.f().normalise(x, one, zero, running, 0, Activation.NONE);
        float[] expected = b.device().floats(b.f().times(trained, (float) Math.sqrt(1024.0 / 1025)));
        float[] actual = b.device().floats(led);
        for (int e = 0; e < expected.length; e++) {
            Bench.close(5e-6, expected[e], actual[e], "element " + e);
        }
    }
}
