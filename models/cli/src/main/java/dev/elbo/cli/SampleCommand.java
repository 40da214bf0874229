package dev.elbo.cli;

import dev.elbo.models.data.Examples;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.file.AtomicFile;
import dev.elbo.runtime.file.BadInputException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `elbo sample`: pictures drawn from a trained model.
@Command(
        name = "sample",
        description = "Draws from a trained model and writes the pictures as one PNG.",
        footer = {"", "Example:", "  elbo sample runs/vae-digits --count 64 --out samples.png"},
        mixinStandardHelpOptions = true)
final class SampleCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "RUN", description = "Folder of the run.")
    private Path run;

    @Option(names = "--count", description = "How many (default: ${DEFAULT-VALUE}).")
    private int count = 64;

    @Option(names = "--seed", description = "Seed of every draw (default: ${DEFAULT-VALUE}).")
    private long seed = 1;

    @Option(names = "--out", description = "The file (default: samples.png in the folder of the run).")
    private Path out;

    /// For picocli.
    SampleCommand() {}

    @Override
    public Integer call() throws IOException {
        try (Device on = RunOptions.device("auto");
                Arena owner = Arena.ofShared()) {
            ExampleExperiment<?> opened = OpenRun.of(run, on, owner).examples("use elbo tag");
            Examples examples = opened.data().set().train();
            if (!Pictures.of(examples)) {
                throw new BadInputException(
                        run.toString(), "its data are no pictures; item=" + examples.item(), "use elbo evaluate");
            }
            Tensor drawn = opened.sample(count, seed);
            int columns = (int) Math.ceil(Math.sqrt(count));
            byte[] png = Pictures.grid(columns, examples, drawn).png().bytes();
            Path file = out == null ? run.resolve("samples.png") : out;
            AtomicFile.write(file, channel -> channel.write(ByteBuffer.wrap(png)));
            spec.commandLine().getOut().println(file);
        }
        return 0;
    }
}
