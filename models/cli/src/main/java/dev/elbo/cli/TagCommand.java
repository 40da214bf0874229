package dev.elbo.cli;

import dev.elbo.models.data.SequenceSets;
import dev.elbo.models.data.Sequences;
import dev.elbo.models.sequence.Ragged;
import dev.elbo.models.sequence.Words;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.chain.Inference;
import dev.elbo.runtime.file.AtomicFile;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `elbo tag`: what a trained model says about the held-out sequences, a JSON object for each.
@Command(
        name = "tag",
        description = {
            "Tags the held-out sequences of a run, or those of a file, one JSON object a line:",
            "  sequence, tags, gold; log_probability of the tags; log_partition, which of an hmm is log p(x);",
            "  words and said, where tags are parts of words;",
            "  with --k-best, best: [{tags, score}, ...]; with --marginals, marginals: [{tag: probability}, ...].",
            "",
            "With --input, the file is a text of word and part of speech a line, an empty line after each sentence,",
            "for a run on conll:DIR; else a numpy file of x (n, t, features) and, where they differ, lengths (n).",
            "Numbers are to be as those of the run's data; a NaN among those of a position: it was not observed."
        },
        footer = {
            "",
            "Examples:",
            "  elbo tag runs/nn-crf-letters --k-best 3 --marginals > tags.jsonl",
            "  elbo tag runs/crf-conll --input mine.txt",
            "  elbo tag runs/nn-hmm-spoken-digits --word-penalty -10"
        },
        mixinStandardHelpOptions = true)
final class TagCommand implements Callable<Integer> {
    private static final float SHOWN = 1e-4f;
    private static final int POSITIONS = 4096;

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "RUN", description = "Folder of the run.")
    private Path run;

    @Option(names = "--input", description = "Sequences of your own, instead of the held-out ones.")
    private Path input;

    @Mixin
    private DecoderOptions decoder;

    @Option(names = "--k-best", description = "Taggings of each sequence, best first.")
    private int best;

    @Option(names = "--marginals", description = "The probability of each tag at each position, from 0.0001 up.")
    private boolean marginals;

    @Option(names = "--out", description = "The file (default: standard output).")
    private Path out;

    @Option(names = "--device", description = RunOptions.DEVICES + " (default: ${DEFAULT-VALUE}).")
    private String device = "auto";

    /// For picocli.
    TagCommand() {}

    @Override
    public Integer call() throws IOException {
        try (Device on = RunOptions.device(device);
                Arena owner = Arena.ofShared()) {
            OpenRun opened = OpenRun.of(run, on, owner);
            if (!(decoder.on(opened.experiment()) instanceof SequenceExperiment<?> experiment)) {
                throw new BadInputException(run.toString(), "its model tags nothing", "use elbo evaluate");
            }
            Sequences sequences = input == null
                    ? experiment.set().test()
                    : SequenceSets.own(opened.config().data(), input, experiment.set(), owner);
            String lines = String.join("\n", lines(experiment, sequences)) + "\n";
            if (out == null) {
                spec.commandLine().getOut().print(lines);
                spec.commandLine().getOut().flush();
            } else {
                byte[] bytes = lines.getBytes(StandardCharsets.UTF_8);
                AtomicFile.write(out, channel -> channel.write(ByteBuffer.wrap(bytes)));
            }
        }
        return 0;
    }

    /// In the order of the data, whatever the order of the work.
    private String[] lines(SequenceExperiment<?> experiment, Sequences sequences) {
        Device on = experiment.device();
        String[] lines = new String[sequences.count()];
        int[] order = Ragged.byLength(sequences);
        int at = 0;
        for (Ragged bucket : Ragged.buckets(sequences, POSITIONS, Memory.of(on, "held-out data", experiment.owner()))) {
            try (Arena frame = Arena.ofShared()) {
                Ops f = Ops.plain(Memory.of(on, "tagging", frame));
                Answers answers = Answers.of(Inference.of(f, experiment.tagger().chain(f, bucket)), best, on);
                for (int i = 0; i < bucket.count(); i++) {
                    lines[order[at]] = line(sequences, order[at], answers, i).compact();
                    at++;
                }
            }
        }
        return lines;
    }

    private Json line(Sequences sequences, int q, Answers answers, int i) {
        int length = sequences.length(q);
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("sequence", q);
        line.put("tags", names(sequences, answers.paths, i * answers.perSequence(), length));
        if (input == null) {
            line.put("gold", names(sequences, sequences.labels(), sequences.starts()[q], length));
        }
        if (Words.inParts(sequences.classes()) && answers.scores[i * answers.k] > Float.NEGATIVE_INFINITY) {
            line.put("words", Words.of(names(sequences, answers.paths, i * answers.perSequence(), length)));
            if (input == null) {
                line.put(
                        "said",
                        Words.of(names(sequences, sequences.labels(), sequences.starts()[q], length)));
            }
        }
        double logProbability = answers.scores[i * answers.k] - answers.logPartition[i];
        line.put("log_probability", Double.isFinite(logProbability) ? logProbability : null);
        line.put("log_partition", Float.isFinite(answers.logPartition[i]) ? answers.logPartition[i] : null);
        if (best > 0) {
            List<Object> taggings = new ArrayList<>();
            for (int k = 0; k < answers.k && answers.scores[i * answers.k + k] > Float.NEGATIVE_INFINITY; k++) {
                int from = i * answers.perSequence() + k * answers.steps;
                taggings.add(Map.of(
                        "tags",
                        names(sequences, answers.paths, from, length),
                        "score",
                        answers.scores[i * answers.k + k]));
            }
            line.put("best", taggings);
        }
        if (marginals) {
            line.put("marginals", marginals(sequences, answers, i, length));
        }
        return Json.of(line);
    }

    private static List<Object> marginals(Sequences sequences, Answers answers, int i, int length) {
        List<Object> positions = new ArrayList<>();
        for (int t = 0; t < length; t++) {
            Map<String, Object> position = new LinkedHashMap<>();
            for (int state = 0; state < answers.states; state++) {
                float p = answers.marginals[(i * answers.steps + t) * answers.states + state];
                if (p >= SHOWN) {
                    position.put(sequences.classes().get(state), p);
                }
            }
            positions.add(position);
        }
        return positions;
    }

    private static List<String> names(Sequences sequences, int[] classes, int from, int length) {
        List<String> names = new ArrayList<>();
        for (int t = from; t < from + length; t++) {
            names.add(classes[t] < 0 ? null : sequences.classes().get(classes[t]));
        }
        return names;
    }

    /// What the model says about a bucket, on the host.
    ///
    /// @param paths        (n, k, steps)
    /// @param scores       (n, k)
    /// @param marginals    (n, steps, states)
    /// @param logPartition (n)
    private record Answers(
            int k, int steps, int states, int[] paths, float[] scores, float[] marginals, float[] logPartition) {
        static Answers of(Inference inference, int best, Device on) {
            int k = Math.max(1, best);
            Inference.Paths paths = inference.bestPaths(k);
            Inference.Marginals marginals = inference.marginals();
            return new Answers(
                    k,
                    inference.chain().steps(),
                    inference.chain().states(),
                    on.ints(paths.paths()),
                    on.floats(paths.scores()),
                    on.floats(marginals.unary()),
                    on.floats(marginals.logPartition()));
        }

        int perSequence() {
            return k * steps;
        }
    }
}
