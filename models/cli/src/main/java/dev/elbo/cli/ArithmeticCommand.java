package dev.elbo.cli;

import dev.elbo.models.data.Examples;
import dev.elbo.models.latent.Coder;
import dev.elbo.models.latent.Walk;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.file.BadInputException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `elbo arithmetic`: a − b + c in the space of codes.
@Command(
        name = "arithmetic",
        description = {
            "Adds and subtracts in the space of codes of a trained model: A − B + C. Each of them is a class of the",
            "data (class:NAME), or held-out examples (numbers with commas between), and stands for the mean of their",
            "codes. The picture shows A, B, C and what lies at A − B + C."
        },
        footer = {
            "",
            "Examples:",
            "  elbo arithmetic runs/vae-digits class:8 class:0 class:1",
            "  elbo arithmetic runs/vae-digits 3,17,42 8 25"
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ArithmeticCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private UseOptions options;

    @Parameters(
            index = "1..3",
            arity = "3",
            paramLabel = "A B C",
            hideParamSyntax = true,
            description = "class:NAME, or numbers of examples.")
    private String[] operands;

    /// For picocli.
    ArithmeticCommand() {}

    @Override
    public Integer call() throws IOException {
        options.use("arithmetic", spec.commandLine().getOut(), (run, _) -> {
            options.requireExamples(run);
            options.requirePictures(run);
            Coder coder = run.coder();
            Ops f = Ops.plain(run.memory());
            Tensor a = code(run, coder, f, operands[0]);
            Tensor b = code(run, coder, f, operands[1]);
            Tensor c = code(run, coder, f, operands[2]);
            Tensor result = Walk.arithmetic(f, a, b, c);
            Tensor all = f.concatRows(f.concatRows(a, b), f.concatRows(c, result));
            return new UseOptions.Made(Pictures.grid(4, run.data().set().test(), coder.decode(f, all)), Map.of());
        });
        return 0;
    }

    /// Mean code of what an operand names, (1, latent).
    private static Tensor code(ExampleExperiment<?> run, Coder coder, Ops f, String operand) {
        Examples test = run.data().set().test();
        int[] rows = operand.startsWith("class:") ? ofClass(test, operand) : numbers(test, operand);
        Tensor mean = f.meanColumns(coder.code(f, run.examples(rows)));
        return f.reshape(mean, Shape.of(1, coder.latent()));
    }

    private static int[] ofClass(Examples test, String operand) {
        int label = test.classes().indexOf(operand.substring("class:".length()));
        int[] rows = IntStream.range(0, test.labels().length)
                .filter(row -> test.labels()[row] == label)
                .toArray();
        if (rows.length == 0) {
            throw new BadInputException(operand, "no held-out example of it", "the classes are " + test.classes());
        }
        return rows;
    }

    private static int[] numbers(Examples test, String operand) {
        int[] rows = operand.matches("\\d{1,8}(,\\d{1,8})*")
                ? Arrays.stream(operand.split(",")).mapToInt(Integer::parseInt).toArray()
                : new int[0];
        if (rows.length == 0 || Arrays.stream(rows).anyMatch(row -> row >= test.count())) {
            throw new BadInputException(
                    operand, "no held-out examples", "use numbers from 0 to " + (test.count() - 1) + " or class:NAME");
        }
        return rows;
    }
}
