package dev.elbo.cli;

import dev.elbo.models.data.Examples;
import dev.elbo.runtime.Tensor;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `elbo reconstruct`: held-out examples and what a model makes of them.
@Command(
        name = "reconstruct",
        description = {
            "Passes held-out examples through a trained model: a picture with the examples above and what the model",
            "makes of them below, and `error`, the mean square of what is wrong with a value, beside `mean_error`,",
            "that of the training data's mean."
        },
        footer = {"", "Example:", "  elbo reconstruct runs/vae-digits --count 32"},
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ReconstructCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private UseOptions options;

    @Option(names = "--count", description = "Examples in the picture (default: ${DEFAULT-VALUE}).")
    private int count = 16;

    /// For picocli.
    ReconstructCommand() {}

    @Override
    public Integer call() throws IOException {
        if (count < 1) {
            throw new ParameterException(spec.commandLine(), "--count takes 1 or more");
        }
        options.use("reconstruct", spec.commandLine().getOut(), this::made);
        return 0;
    }

    private UseOptions.Made made(ExampleExperiment<?> run, long seed) {
        options.requireExamples(run);
        Examples test = run.data().set().test();
        Tensor x = run.data().test();
        Tensor y = run.reconstruct(x, seed);
        float[] truth = x.device().floats(x);
        Map<String, Double> figures = Map.of(
                "error", Errors.between(truth, x.device().floats(y)),
                "mean_error", Errors.ofMeans(truth, run.data().set().train().means()));
        int shown = Math.min(count, test.count());
        return new UseOptions.Made(
                Pictures.of(test) ? Pictures.grid(shown, test, x.rows(0, shown), y.rows(0, shown)) : null, figures);
    }
}
