package dev.elbo.cli;

import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.chain.Form;
import dev.elbo.runtime.chain.LinearChain;
import dev.elbo.runtime.file.Npz;
import dev.elbo.runtime.file.StoredArray;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `elbo chain`: inference in linear chains whose scores come from a file, for any language and any benchmark.
@Command(
        name = "chain",
        description = {
            "Inference in linear chains (HMM, CRF) whose scores are in a numpy file:",
            "  unary (n,t,s) and transitions (s,s) or (n,t-1,s,s), natural logarithms, -inf forbids;",
            "  start (s), end (s) and lengths (n) if there are any.",
            "Questions: log-partition, marginals, pairwise, viterbi, k-best=K, samples=M, entropy, gradients."
        },
        footer = {"", "Example:", "  elbo chain scores.npz --want log-partition,viterbi,k-best=3 --out answers.npz"},
        mixinStandardHelpOptions = true)
final class ChainCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "IN.npz", description = "The scores.")
    private Path in;

    @Option(names = "--want", split = ",", required = true, description = "Questions, with commas between.")
    private List<String> want;

    @Option(names = "--out", required = true, description = "Where the answers go, a numpy file.")
    private Path out;

    @Option(
            names = "--form",
            description = "Of the recursion: auto, scaled-f32, scaled-f64, log, scan, tiles or clusters"
                    + " (default: ${DEFAULT-VALUE}).")
    private String form = "auto";

    @Option(names = "--seed", description = "Seed of the samples (default: ${DEFAULT-VALUE}).")
    private long seed = 1;

    @Option(names = "--device", description = RunOptions.DEVICES + " (default: ${DEFAULT-VALUE}).")
    private String device = "auto";

    @Option(names = "--json", description = "Print one JSON object as the last line.")
    private boolean json;

    /// For picocli.
    ChainCommand() {}

    @Override
    public Integer call() throws IOException {
        List<Consumer<ChainAnswers>> questions =
                want.stream().map(this::question).toList();
        Form asked = form();
        try (Device on = RunOptions.device(device);
                Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(on, "chain", owner);
            LinearChain chain = Potentials.read(in).upload(memory);
            check(asked, chain);
            ChainAnswers answers = new ChainAnswers(chain, asked, memory);
            questions.forEach(question -> question.accept(answers));
            new Npz(answers.arrays()).write(out);
            report(answers.arrays(), on);
        }
        return 0;
    }

    private Consumer<ChainAnswers> question(String text) {
        String[] parts = text.strip().split("=", 2);
        boolean counted = parts[0].equals("k-best") || parts[0].equals("samples");
        if (counted != parts.length > 1 || counted && !parts[1].matches("[1-9]\\d{0,5}")) {
            throw wrong(counted ? "How many? Write " + parts[0] + "=5." : "No number is asked for: " + text);
        }
        int count = counted ? Integer.parseInt(parts[1]) : 0;
        return switch (parts[0]) {
            case "log-partition" -> ChainAnswers::logPartition;
            case "marginals" -> ChainAnswers::marginals;
            case "pairwise" -> ChainAnswers::pairwise;
            case "viterbi" -> ChainAnswers::viterbi;
            case "k-best" -> answers -> answers.bestPaths(count);
            case "samples" -> answers -> answers.samples(count, seed);
            case "entropy" -> ChainAnswers::entropy;
            case "gradients" -> answers -> answers.gradients(want.contains("entropy"));
            default -> throw wrong("Unknown question: " + text);
        };
    }

    private Form form() {
        try {
            return Form.valueOf(form.toUpperCase(Locale.ROOT).replace('-', '_'));
        } catch (IllegalArgumentException _) {
            throw wrong("Unknown form: " + form);
        }
    }

    /// Pairs of single steps need matrices of single steps, and those a scan does not take.
    private void check(Form asked, LinearChain chain) {
        if (asked == Form.SCAN && (chain.perStep() || want.contains("pairwise"))) {
            throw wrong("A scan is for one matrix of transitions and finds no marginals of single steps:"
                    + " use --form auto, scaled-f32, scaled-f64 or log.");
        }
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private void report(Map<String, StoredArray> arrays, Device on) {
        PrintWriter terminal = spec.commandLine().getOut();
        Map<String, Object> shapes = new LinkedHashMap<>();
        arrays.forEach((name, array) -> {
            shapes.put(name, array.shape());
            terminal.println("%-20s %s".formatted(name, array.shape()));
        });
        Map<String, Object> forms = new TreeMap<>();
        if (arrays.containsKey("form")) {
            for (long code : arrays.get("form").toLongs()) {
                String name =
                        Form.of((int) code).name().toLowerCase(Locale.ROOT).replace('_', '-');
                forms.merge(name, 1L, (a, b) -> (Long) a + (Long) b);
            }
            terminal.println("served by            " + forms);
        }
        if (json) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("device", on.toString());
            line.put("out", out.toString());
            line.put("arrays", shapes);
            line.put("forms", forms);
            JsonLine.print(terminal, line);
        }
    }
}
