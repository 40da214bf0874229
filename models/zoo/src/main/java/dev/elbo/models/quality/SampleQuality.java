package dev.elbo.models.quality;

import dev.elbo.models.data.Examples;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;

/// What a classifier that was trained on the data says of a model's samples.
///
/// ```
/// confident       share of the samples whose most probable class has p ≥ 0.95
/// shares[k]       share of the samples whose most probable class is k
/// frechet         squared Fréchet distance of the samples from the test part, in the classifier's features
/// frechetOfData   the same of as many training examples: what no better model than the data themselves reaches
/// ```
///
/// Fréchet distances of other classifiers, or of other numbers of samples, are on other scales.
///
/// @param samples       how many there were
/// @param confident     in [0, 1]
/// @param shares        (classes)
/// @param frechet       from 0 up
/// @param frechetOfData from 0 up
public record SampleQuality(int samples, double confident, double[] shares, double frechet, double frechetOfData) {
    private static final double SURE = 0.95;
    private static final int AT_ONCE = 250;

    /// Where samples come from.
    @FunctionalInterface
    public interface Source {
        /// @param part   of all samples, from 0: each part of its own noise
        /// @param memory holds the result
        /// @return (count, features), in [0, 1]
        Tensor draw(int count, int part, Memory memory);
    }

    /// Looks at samples, and at as many of the data.
    ///
    /// @param train what the model learned from
    /// @param test  held out
    public static SampleQuality of(
            Classifier classifier, Source source, int samples, Examples train, Examples test, Device device) {
        Seen drawn = seen(classifier, values(source, samples, train.features(), device), train.features(), device);
        FeatureMoments real = seen(classifier, test, test.count(), device).moments();
        FeatureMoments known = seen(classifier, train, Math.min(samples, train.count()), device)
                .moments();
        return new SampleQuality(
                samples,
                drawn.confident(SURE),
                drawn.shares(classifier.classes()),
                drawn.moments().frechet(real),
                known.frechet(real));
    }

    /// The figures, by the names that the command's JSON has for them.
    public Map<String, Double> figures() {
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("samples", (double) samples);
        figures.put("confident", confident);
        figures.put("least_class", Arrays.stream(shares).min().orElseThrow());
        figures.put("frechet", frechet);
        figures.put("frechet_of_data", frechetOfData);
        return figures;
    }

    private static float[] values(Source source, int samples, int features, Device device) {
        float[] values = new float[samples * features];
        for (int from = 0; from < samples; from += AT_ONCE) {
            try (Arena owner = Arena.ofShared()) {
                int count = Math.min(AT_ONCE, samples - from);
                Tensor drawn = source.draw(count, from / AT_ONCE, Memory.of(device, "samples", owner));
                System.arraycopy(device.floats(drawn), 0, values, from * features, count * features);
            }
        }
        return values;
    }

    private static Seen seen(Classifier classifier, Examples examples, int count, Device device) {
        try (Arena owner = Arena.ofShared()) {
            Examples some = examples.select(IntStream.range(0, count).toArray(), owner);
            return Seen.of(classifier, some.upload(Memory.of(device, "examples", owner)));
        }
    }

    private static Seen seen(Classifier classifier, float[] values, int features, Device device) {
        try (Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(device, "samples", owner);
            return Seen.of(classifier, memory.floats(Shape.of(values.length / features, features), values));
        }
    }
}
