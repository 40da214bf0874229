package dev.elbo.cli;

import dev.elbo.cli.report.PictureGrid;
import dev.elbo.models.latent.Imputation;
import dev.elbo.models.latent.Missing;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `elbo impute`: what a model puts where something is missing.
@Command(
        name = "impute",
        description = {
            "Takes something away from held-out examples and lets a trained model fill it in, by Markov chains that",
            "pass through the model and put back what is known. Through an rbm that is Gibbs sampling of the missing",
            "given the known; through a vae an approximation of it. Says the mean square of what is wrong with a",
            "missing value (error), beside that of filling in the training data's mean (mean_error). Rows of the",
            "picture: what is known, filled in by the model, by the mean, the truth; for each kind that is asked for."
        },
        footer = {
            "",
            "Examples:",
            "  elbo impute runs/vae-mnist",
            "  elbo impute runs/rbm-digits --missing random:0.5,right --steps 500"
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ImputeCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private UseOptions options;

    @Option(
            names = "--missing",
            split = ",",
            description = "Kinds with commas between: " + Missing.WORDS
                    + " (default: random:0.3,random:0.5,random:0.8,rectangle,right,bottom).")
    private List<String> missing;

    @Option(names = "--steps", description = "Of the chain; the second half is averaged (default: ${DEFAULT-VALUE}).")
    private int steps = 60;

    @Option(names = "--chains", description = "For each example, averaged (default: ${DEFAULT-VALUE}).")
    private int chains = 8;

    @Option(names = "--examples", description = "Held-out examples to judge by (default: ${DEFAULT-VALUE}).")
    private int examples = 200;

    @Option(names = "--count", description = "Examples in the picture (default: ${DEFAULT-VALUE}).")
    private int count = 16;

    /// For picocli.
    ImputeCommand() {}

    @Override
    public Integer call() throws IOException {
        if (steps < 2 || chains < 1 || examples < 1 || count < 1) {
            throw new ParameterException(
                    spec.commandLine(), "--steps takes 2 or more, --chains, --examples and --count 1");
        }
        List<Missing> kinds = missing == null
                ? Missing.USUAL
                : missing.stream().map(Missing::of).toList();
        options.use("impute", spec.commandLine().getOut(), (run, seed) -> {
            options.requireExamples(run);
            boolean pictures = Pictures.of(run.data().set().test());
            if (kinds.stream().anyMatch(Missing::ofPictures)) {
                options.requirePictures(run);
            }
            float[] means = run.data().set().train().means();
            Map<String, Map<String, Double>> figures = new LinkedHashMap<>();
            List<PictureGrid> grids = new ArrayList<>();
            for (Missing kind : kinds) {
                Imputed imputed = Imputed.of(run, kind, examples, means, new Imputation.Effort(chains, steps, seed));
                Map<String, Double> errors = new LinkedHashMap<>();
                errors.put("error", imputed.error());
                errors.put("mean_error", imputed.meanError());
                figures.put(kind.text(), errors);
                if (pictures) {
                    grids.add(imputed.grid(count));
                }
            }
            return new UseOptions.Made(pictures ? PictureGrid.below(grids) : null, figures);
        });
        return 0;
    }
}
