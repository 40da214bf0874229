package dev.elbo.bench;

import dev.elbo.models.data.Sequences;
import dev.elbo.models.data.SpokenDigits;
import dev.elbo.models.data.SpokenStrings;
import dev.elbo.models.sequence.Decoding;
import dev.elbo.models.sequence.Lexicon;
import dev.elbo.models.sequence.Ragged;
import dev.elbo.models.sequence.Tagger;
import dev.elbo.models.sequence.Tagging;
import dev.elbo.models.sequence.Transcripts;
import dev.elbo.models.sequence.Words;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.chain.LinearChain;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;

/// Question: are strings of spoken digits recognised better by a network alone, by a network and a hidden Markov model
/// trained apart, or by both trained as one (lecture 000, after Bengio et al. 1992)?
///
/// `ci/bench SpokenDigitsBench FILE [own|speakers]` trains every [SpokenSystem] on both splits, or on one, from
/// [#SEEDS] seeds, on one core. Each leaves a line in `spoken-digits.jsonl`, from which `spoken-digits.md` is
/// written; lines that are there are not measured again, so that a run that was cut off is gone on with.
///
/// Each system has one dial with three settings. It is set once, by the development part of the data's own split from
/// seed 0. The decoder's two constants are set for each trained system by the development part of its own split.
public final class SpokenDigitsBench {
    /// Where the measurements are.
    static final String FILE = "spoken-digits.jsonl";

    /// Seeds of the comparison.
    static final int SEEDS = 5;

    /// Passes over the strings that every system is trained by gradients for.
    static final double EPOCHS = 16;

    /// Of these, how many are by strings where network and chain are trained as one.
    static final double OF_STRINGS = 4;

    /// The decoder's constants that are tried, the plain ones first.
    private static final float[] SCALES = {1, 0.3f, 0.1f};

    private static final float[] PENALTIES = {0, -5, -10, -20, -40};
    private static final int SEARCH_SEED = 0;

    private SpokenDigitsBench() {}

    /// A split of the recordings.
    ///
    /// @param name `own` or `speakers`
    /// @param held the speaker that tests, or ``
    /// @param of   what a recording is used for
    private record Split(String name, String held, Function<SpokenDigits.Recording, SpokenStrings.Part> of) {
        static Split own() {
            return new Split("own", "", SpokenStrings::own);
        }

        /// Another speaker tests for each seed, and the next one is for development.
        static Split speakers(List<String> speakers, int seed) {
            String test = speakers.get((seed - 1) % speakers.size());
            return new Split("speakers", test, SpokenStrings.without(test, speakers.get(seed % speakers.size())));
        }
    }

    /// @param arguments the folder of results, the archive of recordings, and splits; none: both
    public static void main(String[] arguments) throws IOException {
        if (arguments.length < 2) {
            throw new IllegalArgumentException("SpokenDigitsBench: the archive of recordings is missing");
        }
        List<String> named = List.of(arguments).subList(2, arguments.length);
        Path results = Path.of(arguments[0]);
        List<SpokenDigits.Recording> recordings = SpokenDigits.read(Path.of(arguments[1]));
        List<String> speakers = recordings.stream()
                .map(SpokenDigits.Recording::speaker)
                .distinct()
                .sorted()
                .toList();
        try (Device device = CpuDevice.open(1)) {
            SpokenLines lines = SpokenLines.read(results.resolve(FILE));
            Path page = results.resolve("spoken-digits.md");
            measure("search", Split.own(), SEARCH_SEED, recordings, device, lines);
            SpokenTable.write(lines, page);
            for (int seed = 1; seed <= SEEDS; seed++) {
                for (Split split : List.of(Split.own(), Split.speakers(speakers, seed))) {
                    if (named.isEmpty() || named.contains(split.name)) {
                        measure("run", split, seed, recordings, device, lines);
                        SpokenTable.write(lines, page);
                    }
                }
            }
        }
    }

    /// All systems on one split from one seed: at all settings, or at the one that was best.
    private static void measure(
            String stage,
            Split split,
            int seed,
            List<SpokenDigits.Recording> recordings,
            Device device,
            SpokenLines lines)
            throws IOException {
        try (Arena owner = Arena.ofShared()) {
            SpokenStrings.Parts parts = SpokenStrings.of(recordings, split.of, owner);
            Lexicon lexicon = Lexicon.of(parts.train().classes());
            Map<List<Object>, float[]> known = new HashMap<>();
            for (SpokenSystem system : SpokenSystem.values()) {
                boolean search = stage.equals("search");
                double[] settings = search ? system.settings() : new double[] {lines.best(system)};
                for (double setting : settings) {
                    Map<String, String> line = new LinkedHashMap<>();
                    line.put("benchmark", Results.quoted("SpokenDigitsBench"));
                    line.put("stage", Results.quoted(stage));
                    line.put("split", Results.quoted(split.name));
                    line.put("held_speaker", Results.quoted(split.held));
                    line.put("seed", Integer.toString(seed));
                    line.put("system", Results.quoted(system.name()));
                    line.put("setting", Results.number(setting));
                    if (!lines.have(line)) {
                        try (Arena own = Arena.ofShared()) {
                            SpokenSystems systems = new SpokenSystems(lexicon, parts.train(), seed, device, own, known);
                            measure(system, setting, systems, parts, lines, line);
                        }
                        lines.append(line);
                    }
                }
            }
        }
    }

    private static void measure(
            SpokenSystem system,
            double setting,
            SpokenSystems systems,
            SpokenStrings.Parts parts,
            SpokenLines lines,
            Map<String, String> line) {
        long began = processorNanos();
        SpokenSystem.Trained trained = system.train(systems, setting, lines);
        trained.stoppedAt().ifPresent(step -> line.put("stopped_at_step", Long.toString(step)));
        Judge judge = new Judge(trained.tagger(), systems.lexicon(), systems.device());
        Decoding tuned = judge.tuned(parts.development());
        line.put(
                "development",
                Results.number(judge.words(parts.development(), tuned).accuracy()));
        if (line.get("stage").equals(Results.quoted("run"))) {
            judge.figures("untuned", parts.test(), Decoding.PLAIN, line);
            judge.figures("tuned", parts.test(), tuned, line);
            if (system.observes()) {
                judge.densities(parts.test(), line);
            }
        }
        line.put("cpu_seconds", Results.number((processorNanos() - began) * 1e-9));
    }

    private static long processorNanos() {
        return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
                .getProcessCpuTime();
    }

    /// Decodes strings and counts.
    private record Judge(Tagger tagger, Lexicon lexicon, Device device) {
        private Tagging tagging(Sequences sequences, Decoding decoding) {
            return Tagging.of((f, batch) -> decoding.apply(f, tagger.chain(f, batch), lexicon), sequences, device);
        }

        Words words(Sequences sequences, Decoding decoding) {
            return tagging(sequences, decoding).words();
        }

        /// The constants of the highest accuracy of digits; of equal ones those that were tried first.
        Decoding tuned(Sequences development) {
            Decoding best = Decoding.PLAIN;
            double accuracy = Double.NEGATIVE_INFINITY;
            for (float scale : SCALES) {
                for (float penalty : PENALTIES) {
                    Decoding tried = new Decoding(scale, penalty);
                    double reached = words(development, tried).accuracy();
                    if (reached > accuracy) {
                        best = tried;
                        accuracy = reached;
                    }
                }
            }
            return best;
        }

        void figures(String name, Sequences test, Decoding decoding, Map<String, String> line) {
            Tagging tagging = tagging(test, decoding);
            Words words = tagging.words();
            line.put(name + "_scale", Results.number(decoding.scale()));
            line.put(name + "_penalty", Results.number(decoding.penalty()));
            line.put(name + "_frames", Results.number(rightDigits(tagging)));
            line.put(name + "_recognised", Integer.toString(words.recognised()));
            line.put(name + "_substituted", Integer.toString(words.substituted()));
            line.put(name + "_deleted", Integer.toString(words.deleted()));
            line.put(name + "_inserted", Integer.toString(words.inserted()));
            line.put(name + "_digit_accuracy", Results.number(words.accuracy()));
            line.put(name + "_string_accuracy", Results.number(words.wholeAccuracy()));
        }

        /// Share of frames that are given to the digit that is being said, whatever part of it.
        private double rightDigits(Tagging tagging) {
            Sequences sequences = tagging.sequences();
            long right = 0;
            for (int q = 0; q < tagging.paths().length; q++) {
                int[] path = tagging.paths()[q];
                int from = sequences.starts()[q];
                right += IntStream.range(0, path.length)
                        .filter(t -> path[t] >= 0
                                && path[t] / lexicon.parts() == sequences.labels()[from + t] / lexicon.parts())
                        .count();
            }
            return (double) right / sequences.labels().length;
        }

        /// log p(h(x), words) of a frame and log p(words | x) of a string, nats, means.
        void densities(Sequences test, Map<String, String> line) {
            double density = 0;
            double conditional = 0;
            for (int q = 0; q < test.count(); q++) {
                try (Arena frame = Arena.ofShared()) {
                    Memory memory = Memory.of(device, "densities", frame);
                    Ops f = Ops.plain(memory);
                    int[] one = {q};
                    LinearChain chain = tagger.chain(f, Ragged.upload(test, one, memory));
                    Transcripts said = Transcripts.upload(test, one, test.length(q), lexicon.states(), memory);
                    density += device.scalar(said.logLikelihood(f, chain));
                    conditional += device.scalar(said.logConditional(f, chain));
                }
            }
            line.put("log_density_of_a_frame", Results.number(density / test.labels().length));
            line.put("log_probability_of_a_string", Results.number(conditional / test.count()));
        }
    }
}
