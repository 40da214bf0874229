package dev.elbo.cli;

import dev.elbo.cli.report.PictureGrid;
import dev.elbo.models.data.Examples;
import dev.elbo.models.latent.Coder;
import dev.elbo.models.latent.Walk;
import dev.elbo.runtime.Ops;
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

/// `elbo interpolate`: the ways between held-out examples, through the space of codes.
@Command(
        name = "interpolate",
        description = {
            "Walks from one held-out example to the next through the space of codes of a trained model: a row of the",
            "picture for each pair, from the first example's code to the second's."
        },
        footer = {
            "",
            "Examples:",
            "  elbo interpolate runs/vae-digits",
            "  elbo interpolate runs/vae-mnist --arc --steps 15"
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class InterpolateCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private UseOptions options;

    @Option(names = "--pairs", description = "How many (default: ${DEFAULT-VALUE}).")
    private int pairs = 8;

    @Option(names = "--steps", description = "Codes on each way, both ends included (default: ${DEFAULT-VALUE}).")
    private int steps = 11;

    @Option(names = "--from", description = "First held-out example of the first pair (default: ${DEFAULT-VALUE}).")
    private int from = 0;

    @Option(names = "--arc", description = "Along an arc around 0 instead of a line.")
    private boolean arc;

    /// For picocli.
    InterpolateCommand() {}

    @Override
    public Integer call() throws IOException {
        if (steps < 2 || pairs < 1 || from < 0) {
            throw new ParameterException(spec.commandLine(), "--pairs takes 1 or more, --steps 2, --from 0");
        }
        options.use("interpolate", spec.commandLine().getOut(), (run, _) -> {
            options.requireExamples(run);
            options.requirePictures(run);
            if (from + 2 * pairs > run.data().set().test().count()) {
                throw new ParameterException(
                        spec.commandLine(),
                        "There are only " + run.data().set().test().count() + " held-out examples");
            }
            return new UseOptions.Made(grid(run, from, pairs, steps, arc), Map.of());
        });
        return 0;
    }

    /// A row for each of the pairs (from, from + 1), (from + 2, from + 3), …
    static PictureGrid grid(ExampleExperiment<?> run, int from, int pairs, int steps, boolean arc) {
        Examples test = run.data().set().test();
        Coder coder = run.coder();
        Ops f = Ops.plain(run.memory());
        int[] even = new int[pairs];
        int[] odd = new int[pairs];
        for (int i = 0; i < pairs; i++) {
            even[i] = from + 2 * i;
            odd[i] = from + 2 * i + 1;
        }
        Tensor a = coder.code(f, run.examples(even));
        Tensor b = coder.code(f, run.examples(odd));
        Tensor way = arc ? Walk.arc(f, a, b, steps) : Walk.line(f, a, b, steps);
        return Pictures.grid(steps, test, coder.decode(f, way));
    }
}
