package dev.elbo.models.data;

import dev.elbo.models.data.SpokenDigits.Recording;
import dev.elbo.runtime.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;

/// Strings of spoken digits: recordings of one speaker joined, as features frame by frame.
///
/// ```
/// x[t]      cepstrum and its slopes, each to mean 0 and variance 1 over the training part      (26)
/// class     `7.0`, `7.1`, …: the first, the second … part of a seven, each a like share of its recording
/// ```
///
/// Which recordings make a string is drawn once and for all, so that figures of different runs are of the same strings.
public final class SpokenStrings {
    /// Parts of a digit, each a state of a model that goes through them from left to right.
    public static final int PARTS = 4;

    /// Digits of a string.
    public static final int DIGITS = 5;

    private static final int CEPSTRAL = 13;
    private static final int BANDS = 26;
    private static final int SEED = 5;

    private SpokenStrings() {}

    /// What a recording is used for.
    public enum Part {
        /// What models are fitted to.
        TRAIN,
        /// What choices are made by.
        DEVELOPMENT,
        /// What figures are of.
        TEST
    }

    /// Strings of three parts that share no recording.
    ///
    /// @param train       its features have mean 0 and variance 1
    /// @param development scaled alike
    /// @param test        scaled alike
    public record Parts(Sequences train, Sequences development, Sequences test) {}

    /// The data's own split, in which all speakers are known: index 0 to 4 tests, 5 to 9 is for development.
    public static Part own(Recording recording) {
        return recording.held()
                ? Part.TEST
                : recording.index() < 2 * SpokenDigits.TEST_INDICES ? Part.DEVELOPMENT : Part.TRAIN;
    }

    /// A split by speakers: one is never heard before the test, one only for development.
    public static Function<Recording, Part> without(String test, String development) {
        return recording -> recording.speaker().equals(test)
                ? Part.TEST
                : recording.speaker().equals(development) ? Part.DEVELOPMENT : Part.TRAIN;
    }

    /// Strings to train on, and strings to test on of recordings that the data's own split holds out.
    ///
    /// @param owner holds the features
    public static SequenceSet of(List<Recording> recordings, Arena owner) {
        Parts parts = of(recordings, recording -> recording.held() ? Part.TEST : Part.TRAIN, owner);
        return new SequenceSet("spoken-digits", parts.train(), parts.test(), 0);
    }

    /// Strings of the three parts of a split.
    ///
    /// @param owner holds the features
    public static Parts of(List<Recording> recordings, Function<Recording, Part> split, Arena owner) {
        SpeechFeatures features =
                new SpeechFeatures(recordings.getFirst().sound().rate(), BANDS, CEPSTRAL, true);
        Map<Part, Sequences> all = new EnumMap<>(Part.class);
        for (Part part : Part.values()) {
            List<Recording> own = recordings.stream()
                    .filter(recording -> split.apply(recording) == part)
                    .toList();
            all.put(part, strings(own, features, owner));
        }
        Sequences train = all.get(Part.TRAIN);
        for (int i = 0; i < features.size(); i++) {
            double mean = moment(train, i, 0, 1);
            double scale = 1 / Math.sqrt(moment(train, i, mean, 2));
            for (Sequences part : all.values()) {
                standardise(part, i, mean, scale);
            }
        }
        return new Parts(train, all.get(Part.DEVELOPMENT), all.get(Part.TEST));
    }

    private static Sequences strings(List<Recording> recordings, SpeechFeatures features, Arena owner) {
        List<List<Recording>> strings = new ArrayList<>();
        recordings.stream().map(Recording::speaker).distinct().sorted().forEach(speaker -> {
            List<Recording> own = new ArrayList<>(recordings.stream()
                    .filter(recording -> recording.speaker().equals(speaker))
                    .toList());
            Collections.shuffle(own, new Random(SEED));
            for (int from = 0; from < own.size(); from += DIGITS) {
                strings.add(own.subList(from, Math.min(own.size(), from + DIGITS)));
            }
        });
        List<float[]> frames = new ArrayList<>();
        List<Integer> labels = new ArrayList<>();
        int[] starts = new int[strings.size() + 1];
        for (int q = 0; q < strings.size(); q++) {
            for (Recording recording : strings.get(q)) {
                float[][] each = features.of(recording.sound().samples());
                for (int t = 0; t < each.length; t++) {
                    frames.add(each[t]);
                    labels.add(recording.digit() * PARTS + t * PARTS / each.length);
                }
            }
            starts[q + 1] = frames.size();
        }
        MemorySegment values = Examples.room(frames.size(), List.of(features.size()), owner);
        for (int t = 0; t < frames.size(); t++) {
            long at = (long) t * Float.BYTES * features.size();
            MemorySegment.copy(MemorySegment.ofArray(frames.get(t)), 0, values, at, 4L * features.size());
        }
        return new Sequences(
                List.of(features.size()),
                DType.F32,
                values,
                starts,
                labels.stream().mapToInt(i -> i).toArray(),
                IntStream.range(0, 10 * PARTS)
                        .mapToObj(i -> i / PARTS + "." + i % PARTS)
                        .toList(),
                IntStream.range(0, strings.size()).toArray());
    }

    private static double moment(Sequences of, int feature, double about, int power) {
        double sum = 0;
        int rows = of.labels().length;
        for (int row = 0; row < rows; row++) {
            double x = of.values().getAtIndex(ValueLayout.JAVA_FLOAT, (long) row * of.features() + feature);
            sum += Math.pow(x - about, power);
        }
        return sum / rows;
    }

    private static void standardise(Sequences of, int feature, double mean, double scale) {
        for (int row = 0; row < of.labels().length; row++) {
            long at = (long) row * of.features() + feature;
            double x = of.values().getAtIndex(ValueLayout.JAVA_FLOAT, at);
            of.values().setAtIndex(ValueLayout.JAVA_FLOAT, at, (float) ((x - mean) * scale));
        }
    }
}
