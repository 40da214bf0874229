package dev.elbo.models.data;

import dev.elbo.runtime.file.BadInputException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/// Gaussians of equal weight and width: toys on which it is known what a generator leaves out.
///
/// ```
/// p(x) = mean_k N(x | centre_k, width² I)
/// ```
///
/// @param centres (dimensions) each
/// @param width   standard deviation in each dimension
public record Gaussians(List<double[]> centres, double width) {
    private static final String NAME = "gaussians-";
    private static final int TRAIN = 100_000;
    private static final int TEST = 10_000;
    private static final long TRAIN_SEED = 1;
    private static final long TEST_SEED = 2;

    /// Copies the list.
    public Gaussians {
        centres = List.copyOf(centres);
    }

    /// 5 × 5 of them on {−4, −2, 0, 2, 4}², of width 0.05: what lies between is forty widths wide.
    public static Gaussians grid() {
        List<double[]> centres = new ArrayList<>();
        for (int i = -2; i <= 2; i++) {
            for (int j = -2; j <= 2; j++) {
                centres.add(new double[] {2 * i, 2 * j});
            }
        }
        return new Gaussians(centres, 0.05);
    }

    /// Eight on a circle of radius 2, of width 0.05.
    public static Gaussians ring() {
        return new Gaussians(
                IntStream.range(0, 8)
                        .mapToObj(k ->
                                new double[] {2 * StrictMath.cos(Math.PI * k / 4), 2 * StrictMath.sin(Math.PI * k / 4)})
                        .toList(),
                0.05);
    }

    /// The mixture of this name: `grid` or `ring`.
    public static Optional<Gaussians> named(String shape) {
        return switch (shape) {
            case "grid" -> Optional.of(grid());
            case "ring" -> Optional.of(ring());
            default -> Optional.empty();
        };
    }

    /// The mixture that a data set was drawn from, where it was.
    public static Optional<Gaussians> of(Dataset set) {
        return set.name().startsWith(NAME) ? named(set.name().substring(NAME.length())) : Optional.empty();
    }

    static Dataset read(Path shape, Arena owner) {
        Gaussians mixture = named(shape.toString())
                .orElseThrow(() -> new BadInputException(
                        "gaussians:" + shape, "no such toy", "use gaussians:grid or gaussians:ring"));
        return new Dataset(NAME + shape, mixture.draw(TRAIN, TRAIN_SEED, owner), mixture.draw(TEST, TEST_SEED, owner));
    }

    /// The dimensions of x.
    public int dimensions() {
        return centres.getFirst().length;
    }

    /// Draws, the Gaussian that each came from as its label.
    ///
    /// @param owner holds the values
    public Examples draw(int count, long seed, Arena owner) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Integer> item = List.of(dimensions());
        MemorySegment values = Examples.room(count, item, owner);
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            labels[i] = random.nextInt(centres.size());
            double[] centre = centres.get(labels[i]);
            for (int j = 0; j < centre.length; j++) {
                values.setAtIndex(ValueLayout.JAVA_FLOAT, (long) i * centre.length + j, (float)
                        (centre[j] + width * random.nextGaussian()));
            }
        }
        return new Examples(
                item,
                values,
                labels,
                IntStream.range(0, centres.size()).mapToObj(String::valueOf).toList());
    }

    /// p(x).
    public double density(double... x) {
        double sum = 0;
        for (double[] centre : centres) {
            double square = 0;
            for (int j = 0; j < x.length; j++) {
                square += (x[j] - centre[j]) * (x[j] - centre[j]);
            }
            sum += Math.exp(-square / (2 * width * width));
        }
        return sum / centres.size() / Math.pow(2 * Math.PI * width * width, x.length / 2.0);
    }

    /// What of the mixture some points are.
    ///
    /// @param modes      Gaussians that have at least a tenth of a fair share of the points within three widths
    /// @param reached    Gaussians that have at least one
    /// @param near       share of the points within three widths of a centre
    /// @param divergence KL of the shares of the points by nearest centre from equal shares, nats
    public record Coverage(int modes, int reached, double near, double divergence) {}

    /// How well points cover the mixture.
    ///
    /// @param points (count, dimensions), row-major
    public Coverage coverage(float[] points) {
        int count = points.length / dimensions();
        int[] close = new int[centres.size()];
        int[] nearest = new int[centres.size()];
        for (int i = 0; i < count; i++) {
            int best = 0;
            double least = Double.POSITIVE_INFINITY;
            for (int k = 0; k < centres.size(); k++) {
                double square = 0;
                for (int j = 0; j < dimensions(); j++) {
                    double d = points[i * dimensions() + j] - centres.get(k)[j];
                    square += d * d;
                }
                if (square < least) {
                    least = square;
                    best = k;
                }
            }
            nearest[best]++;
            close[best] += least <= 9 * width * width ? 1 : 0;
        }
        double fair = (double) count / centres.size();
        double divergence = 0;
        for (int each : nearest) {
            divergence += each == 0 ? 0 : each / (double) count * Math.log(each / fair);
        }
        return new Coverage(
                (int) IntStream.of(close).filter(n -> n >= fair / 10).count(),
                (int) IntStream.of(close).filter(n -> n > 0).count(),
                IntStream.of(close).sum() / (double) count,
                divergence);
    }
}
