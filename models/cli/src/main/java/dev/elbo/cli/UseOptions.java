package dev.elbo.cli;

import dev.elbo.cli.report.PictureGrid;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.file.AtomicFile;
import dev.elbo.runtime.file.BadInputException;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// What every command asks that makes pictures with a trained model, and what it leaves behind.
final class UseOptions {
    @Parameters(index = "0", paramLabel = "RUN", description = "Folder of the run.")
    private Path run;

    @Option(names = "--data", description = "Other data than the run's own; see `elbo train --list-data`.")
    private String data;

    @Option(names = "--seed", description = "Seed of every draw (default: ${DEFAULT-VALUE}).")
    private long seed = 1;

    @Option(names = "--device", description = RunOptions.DEVICES + " (default: ${DEFAULT-VALUE}).")
    private String device = "auto";

    @Option(names = "--out", description = "The picture (default: COMMAND.png in the folder of the run).")
    private Path out;

    @Option(names = "--json", description = "Print one JSON object as the last line.")
    private boolean json;

    /// What a command makes of a run.
    ///
    /// @param picture what is to be seen, or null where the data are no pictures
    /// @param figures by the names that the command's JSON has for them
    record Made(PictureGrid picture, Map<String, ?> figures) {}

    /// A command.
    @FunctionalInterface
    interface Use {
        Made of(ExampleExperiment<?> run, long seed);
    }

    /// Opens the run, uses it, writes the picture and says what there is to say.
    ///
    /// @param name of the picture
    void use(String name, PrintWriter terminal, Use use) throws IOException {
        try (Device on = RunOptions.device(device);
                Arena owner = Arena.ofShared()) {
            ExampleExperiment<?> opened = OpenRun.of(run, data, on, owner).examples("use elbo tag");
            Made made = use.of(opened, seed);
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("model", opened.name());
            line.put("device", on.toString());
            line.putAll(made.figures);
            made.figures.forEach((key, value) -> terminal.println("%-20s %s".formatted(key, shown(value))));
            if (made.picture != null) {
                Path file = out == null ? run.resolve(name + ".png") : out;
                byte[] png = made.picture.png().bytes();
                AtomicFile.write(file, channel -> channel.write(ByteBuffer.wrap(png)));
                terminal.println(file);
                line.put("picture", file.toString());
            }
            if (json) {
                JsonLine.print(terminal, line);
            }
        }
    }

    /// As a person reads it: `error 0.0365, mean_error 0.0822`.
    private static String shown(Object figure) {
        return switch (figure) {
            case Map<?, ?> several ->
                several.entrySet().stream()
                        .map(each -> each.getKey() + " " + shown(each.getValue()))
                        .collect(Collectors.joining(", "));
            case Double number -> String.format(Locale.ROOT, "%.4f", number);
            default -> figure.toString();
        };
    }

    /// Says so where there is nothing to look at.
    void requireExamples(ExampleExperiment<?> opened) {
        if (opened.data().set().test().count() == 0) {
            throw new BadInputException(
                    run.toString(), "its data have no held-out examples", "name some: --data digits");
        }
    }

    /// Says so where a command is for pictures and the data are none.
    void requirePictures(ExampleExperiment<?> opened) {
        if (!Pictures.of(opened.data().set().test())) {
            throw new BadInputException(
                    run.toString(),
                    "its data are no pictures; item="
                            + opened.data().set().test().item(),
                    "use elbo evaluate");
        }
    }
}
