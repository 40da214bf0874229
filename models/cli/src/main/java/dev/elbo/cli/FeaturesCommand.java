package dev.elbo.cli;

import dev.elbo.models.classifier.LogisticRegression;
import dev.elbo.models.data.Dataset;
import dev.elbo.models.data.Examples;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Npz;
import dev.elbo.runtime.file.StoredArray;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `elbo features`: what a trained model sees in examples, for a classifier.
@Command(
        name = "features",
        description = {
            "Writes what a trained model sees in each example as numpy arrays: of an rbm p(h | x), of a vae the means",
            "of q(z | x). x (n, features) has a row for each example in the order of its source, train part before",
            "test part where these have sources of their own; y (n) has the labels, if there are any, and held_out",
            "(n) is 1 for the test part."
        },
        footer = {
            "",
            "Examples:",
            "  elbo features runs/vae-mnist --out means.npz",
            "  elbo train rbm --data nudged-digits --hidden 100 --persistent --out runs/rbm",
            "  elbo features runs/rbm --out features.npz --classify"
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class FeaturesCommand implements Callable<Integer> {
    private static final int ITERATIONS = 1000;

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "RUN", description = "Folder of the run.")
    private Path run;

    @Option(names = "--data", description = "Other data than the run's own; see `elbo train --list-data`.")
    private String data;

    @Option(names = "--out", description = "The file (default: features.npz in the folder of the run).")
    private Path out;

    @Option(
            names = "--classify",
            description = "Fit a logistic regression to the train part's features, and say its accuracy on the test"
                    + " part; the same on the data themselves.")
    private boolean classify;

    @Option(
            names = "--penalty",
            description = "Of --classify: weight of ½ ‖W‖², biases included, beside the sum of losses; 1 / C where"
                    + " others have one (default: ${DEFAULT-VALUE}).")
    private double penalty = 1.0 / 6000;

    @Option(names = "--device", description = RunOptions.DEVICES + " (default: ${DEFAULT-VALUE}).")
    private String device = "auto";

    @Option(names = "--json", description = "Print one JSON object as the last line.")
    private boolean json;

    /// For picocli.
    FeaturesCommand() {}

    @Override
    public Integer call() throws IOException {
        PrintWriter terminal = spec.commandLine().getOut();
        Idle.refuse(spec, option -> classify || !option.equals("--penalty"), "it is for --classify");
        if (!(penalty >= 0)) {
            throw new ParameterException(spec.commandLine(), "--penalty takes 0 or more");
        }
        try (Device on = RunOptions.device(device);
                Arena owner = Arena.ofShared()) {
            ExampleExperiment<?> opened = OpenRun.of(run, data, on, owner).examples("use elbo tag");
            Dataset set = opened.data().set();
            if (set.train().count() == 0) {
                throw new BadInputException(run.toString(), "its data have no examples", "name some: --data digits");
            }
            float[] train = opened.features(set.train());
            float[] test = opened.features(set.test());
            int width = train.length / set.train().count();
            Path file = out == null ? run.resolve("features.npz") : out;
            write(file, set, width, train, test);
            terminal.println("%s: x (%d, %d)"
                    .formatted(file, set.train().count() + set.test().count(), width));
            Map<String, Double> figures = new LinkedHashMap<>();
            if (classify) {
                requireLabels(set);
                figures.put("test_accuracy", accuracy(set, train, test, width, on));
                figures.put("raw_accuracy", rawAccuracy(set, on));
                figures.forEach((name, value) -> terminal.println("%-22s %.4f".formatted(name, value)));
            }
            if (json) {
                Map<String, Object> line = new LinkedHashMap<>();
                line.put("model", opened.name());
                line.put("device", on.toString());
                line.put("features", width);
                line.putAll(figures);
                line.put("out", file.toString());
                JsonLine.print(terminal, line);
            }
        }
        return 0;
    }

    /// Every example at its place.
    private static void write(Path file, Dataset set, int width, float[] train, float[] test) throws IOException {
        int n = set.train().count() + set.test().count();
        float[] x = new float[n * width];
        long[] y = new long[set.train().labels().length + set.test().labels().length];
        long[] held = new long[n];
        place(set, false, width, train, x, y, held);
        place(set, true, width, test, x, y, held);
        Map<String, StoredArray> arrays = new LinkedHashMap<>();
        arrays.put("x", StoredArray.of(List.of((long) n, (long) width), x));
        if (y.length > 0) {
            arrays.put("y", StoredArray.of(List.of((long) n), y));
        }
        arrays.put("held_out", StoredArray.of(List.of((long) n), held));
        new Npz(arrays).write(file);
    }

    private static void place(
            Dataset set, boolean test, int width, float[] features, float[] x, long[] y, long[] held) {
        Examples part = test ? set.test() : set.train();
        for (int row = 0; row < part.count(); row++) {
            int at = set.place(test, row);
            System.arraycopy(features, row * width, x, at * width, width);
            held[at] = test ? 1 : 0;
            if (y.length > 0) {
                y[at] = part.labels()[row];
            }
        }
    }

    private void requireLabels(Dataset set) {
        if (set.train().labels().length == 0 || set.test().labels().length == 0) {
            throw new BadInputException(run.toString(), "--classify needs labels; data=" + set.name(), "leave it out");
        }
    }

    private double accuracy(Dataset set, float[] train, float[] test, int width, Device on) {
        try (Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(on, "classifier", owner);
            LogisticRegression classifier = LogisticRegression.fit(
                    memory.floats(Shape.of(train.length / width, width), train),
                    set.train().labels(),
                    set.train().classes().size(),
                    penalty,
                    ITERATIONS,
                    owner);
            return classifier.accuracy(
                    memory.floats(Shape.of(test.length / width, width), test),
                    set.test().labels());
        }
    }

    private double rawAccuracy(Dataset set, Device on) {
        try (Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(on, "classifier", owner);
            LogisticRegression classifier = LogisticRegression.fit(
                    set.train().upload(memory),
                    set.train().labels(),
                    set.train().classes().size(),
                    penalty,
                    ITERATIONS,
                    owner);
            return classifier.accuracy(set.test().upload(memory), set.test().labels());
        }
    }
}
