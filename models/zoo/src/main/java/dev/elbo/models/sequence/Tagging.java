package dev.elbo.models.sequence;

import dev.elbo.models.data.Sequences;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.chain.Inference;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// What a tagger says about sequences, in their order, and how right it is.
///
/// @param sequences     tagged
/// @param paths         the most probable tagging of each, as many as it has positions
/// @param logLikelihood of the true tagging of each, nats; NaN where it has a tag that the tagger does not know
public record Tagging(Sequences sequences, int[][] paths, double[] logLikelihood) {
    private static final int POSITIONS = 8192;

    /// Tags sequences by their most probable paths.
    ///
    /// @param device of the model
    public static Tagging of(Tagger tagger, Sequences sequences, Device device) {
        int[] order = Ragged.byLength(sequences);
        int[][] paths = new int[sequences.count()][];
        double[] logLikelihood = new double[sequences.count()];
        try (Arena data = Arena.ofShared()) {
            int at = 0;
            for (Ragged bucket : Ragged.buckets(sequences, POSITIONS, Memory.of(device, "buckets", data))) {
                try (Arena owner = Arena.ofShared()) {
                    Ops f = Ops.plain(Memory.of(device, "tagging", owner));
                    Inference inference = Inference.of(f, tagger.chain(f, bucket));
                    float[] values = device.floats(
                            inference.logLikelihood(bucket.labels()).value());
                    int[] best = device.ints(inference.viterbi().paths());
                    for (int i = 0; i < bucket.count(); i++) {
                        int q = order[at++];
                        int from = i * bucket.steps();
                        paths[q] = Arrays.copyOfRange(best, from, from + sequences.length(q));
                        logLikelihood[q] = values[i];
                    }
                }
            }
        }
        return new Tagging(sequences, paths, logLikelihood);
    }

    /// Share of positions whose tag is right.
    public double accuracy() {
        return sequences.labels().length == 0
                ? Double.NaN
                : (double) IntStream.range(0, paths.length).map(this::right).sum() / sequences.labels().length;
    }

    /// Share of sequences that are right throughout.
    public double wholeAccuracy() {
        return IntStream.range(0, paths.length)
                        .filter(q -> right(q) == paths[q].length)
                        .count()
                / (double) paths.length;
    }

    /// Mean log-likelihood of a true tagging over the sequences whose tags are all known, nats.
    public double meanLogLikelihood() {
        return Arrays.stream(logLikelihood)
                .filter(value -> !Double.isNaN(value))
                .average()
                .orElse(Double.NaN);
    }

    /// Chunks found, where classes are the tags of chunks.
    public Chunks chunks() {
        Chunks chunks = Chunks.NONE;
        for (int q = 0; q < paths.length; q++) {
            chunks = chunks.plus(names(paths[q]), names(gold(q)));
        }
        return chunks;
    }

    /// Words recognised, where classes are parts of words.
    public Words words() {
        Words words = Words.NONE;
        for (int q = 0; q < paths.length; q++) {
            words = words.plus(Words.of(names(paths[q])), Words.of(names(gold(q))));
        }
        return words;
    }

    private int[] gold(int q) {
        int from = sequences.starts()[q];
        return Arrays.copyOfRange(sequences.labels(), from, from + paths[q].length);
    }

    /// Names of classes; −1, an impossible sequence's, is none of them.
    private List<String> names(int[] classes) {
        return IntStream.of(classes)
                .mapToObj(i -> i < 0 ? "O" : sequences.classes().get(i))
                .toList();
    }

    private int right(int q) {
        int from = sequences.starts()[q];
        return (int) IntStream.range(0, paths[q].length)
                .filter(t -> paths[q][t] == sequences.labels()[from + t])
                .count();
    }
}
