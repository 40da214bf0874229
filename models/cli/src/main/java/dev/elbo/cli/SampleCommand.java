package dev.elbo.cli;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `elbo sample`: pictures drawn from a trained model.
@Command(
        name = "sample",
        description = "Draws from a trained model and writes the pictures as one PNG.",
        footer = {"", "Example:", "  elbo sample runs/vae-digits --count 64 --out samples.png"},
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class SampleCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private UseOptions options;

    @Option(names = "--count", description = "How many (default: ${DEFAULT-VALUE}).")
    private int count = 64;

    /// For picocli.
    SampleCommand() {}

    @Override
    public Integer call() throws IOException {
        if (count < 1) {
            throw new ParameterException(spec.commandLine(), "--count takes 1 or more");
        }
        options.use("samples", spec.commandLine().getOut(), (run, seed) -> {
            options.requirePictures(run);
            int columns = (int) Math.ceil(Math.sqrt(count));
            return new UseOptions.Made(
                    Pictures.grid(columns, run.data().set().test(), run.sample(count, seed)), Map.of());
        });
        return 0;
    }
}
