package dev.elbo.bench;

import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/// `results/reproduction.md`: papers' figures and Elbo's beside them, written by the command alone.
final class ReproductionPage {
    /// Where the measurements are.
    static final String FILE = "reproduction.jsonl";

    private static final String HEADER = """
            # Papers' likelihoods, and Elbo's beside them

            Written by `ci/bench Reproduction` from the last line of `reproduction.jsonl` for each row; not edited by
            hand. Mean log p(x) of the test data in nats, by importance sampling with 5,000 samples where nothing else
            is said. An estimate that its effective sample sizes contradict is refused and has no number. A row that was
            not trained, or not as long as its recipe says, says so, and names the command that trains and judges it
            to the end, on a GPU where there is one, from where it was stopped. "GPU" marks those that are too much for
            the two cores of the machine that measured these: a million steps and more. Recipes are noted since the
            letters' was changed; figures without one may be of an earlier recipe than the command says.

            """;

    /// So many are days on two cores.
    private static final double MANY_STEPS = 1e6;

    private ReproductionPage() {}

    static void write(Path results) throws IOException {
        Map<String, Map<String, Json>> latest = new LinkedHashMap<>();
        Path file = results.resolve(FILE);
        if (Files.exists(file)) {
            for (String line : Files.readAllLines(file)) {
                Map<String, Json> run = ((Json.Members) Json.parse(line, FILE)).values();
                latest.put(((Json.Text) run.get("row")).value(), run);
            }
        }
        StringBuilder page = new StringBuilder(HEADER);
        for (PaperRow.Table table : PaperRow.Table.values()) {
            page.append(heading(table)).append("""
                    | row | model | theirs | ours | epochs | active units | ess | device, commit | to the end |
                    | --- | --- | --- | --- | --- | --- | --- | --- | --- |
                    """);
            PaperRow.ALL.stream()
                    .filter(row -> row.table() == table)
                    .forEach(row -> page.append(line(row, latest.get(row.name()))));
            page.append('\n');
        }
        page.append("## Commands\n\n");
        for (PaperRow row : PaperRow.ALL) {
            page.append("* `%s`: `elbo train %s`%n"
                    .formatted(row.name(), String.join(" ", row.options("DIR", row.epochs()))));
        }
        Files.writeString(results.resolve("reproduction.md"), page);
    }

    private static String heading(PaperRow.Table table) {
        return switch (table) {
            case LECTURE -> """
                    ## The lecture's table: MNIST and OCR letters

                    Figures of Li, Zhu & Zhang 2016 (arXiv:1602.07416), as lecture 004 prints them. MNIST drawn anew as
                    bits each time it is seen, layers and epochs of their code. Their letters are split
                    32,152 / 10,000 / 10,000; which letters these are is not known, so ours are drawn. Ours train an
                    IWAE on the letters by doubly reparameterised gradients (`--estimator dreg`); what the standard
                    ones, which theirs are, come to with the same recipe is an earlier line of `reproduction.jsonl`.

                    """;
            case IWAE -> """
                    ## The IWAE paper's table: MNIST

                    Burda, Grosse & Salakhutdinov 2016 (arXiv:1509.00519), one and two layers of latent variables, by
                    the recipe of their code (`--preset iwae-paper`).

                    """;
            case SHORT -> """
                    ## Ten epochs of MNIST

                    Theirs is a JAX program of the same recipe.

                    """;
        };
    }

    private static String line(PaperRow row, Map<String, Json> run) {
        String start = "| `%s` | %s | %s | ".formatted(row.name(), row.label(), number(row.theirs()));
        if (run == null) {
            return start + "not trained | 0 of %s | | | | %s |%n".formatted(PaperRow.shown(row.epochs()), whole(row));
        }
        boolean whole = value(run, "epochs") >= 0.999 * row.epochs();
        return start
                + "%s | %s of %s%s%s | %s | %s | %s, %s | %s |%n"
                        .formatted(
                                ours(row, run),
                                PaperRow.shown(Math.rint(10 * value(run, "epochs")) / 10),
                                PaperRow.shown(row.epochs()),
                                whole ? "" : ": **cut short**",
                                recipe(row, run),
                                text(run, "active_units"),
                                text(run, "ess"),
                                text(run, "device"),
                                text(run, "commit"),
                                whole ? "" : whole(row));
    }

    /// Says so where a figure may not be of the command that the page names.
    private static String recipe(PaperRow row, Map<String, Json> run) {
        if (!run.containsKey("recipe")) {
            return ", recipe not noted";
        }
        return text(run, "recipe").equals(row.manner()) ? "" : ", **by another recipe**";
    }

    /// The command that trains and judges a row to its end.
    private static String whole(PaperRow row) {
        return "`ci/bench Reproduction %s`%s".formatted(row.name(), row.steps() < MANY_STEPS ? "" : " (GPU)");
    }

    private static String ours(PaperRow row, Map<String, Json> run) {
        if (row.table() == PaperRow.Table.SHORT && row.label().endsWith("ELBO")) {
            return number(value(run, "test_elbo"));
        }
        if (!(run.get("test_nll") instanceof Json.Number(var nll))) {
            return "refused: " + text(run, "refused");
        }
        boolean usual = row.table() == PaperRow.Table.SHORT || value(run, "samples") == Reproduction.SAMPLES;
        return number(-nll.doubleValue()) + (usual ? "" : " (K = %s)".formatted(text(run, "samples")));
    }

    private static double value(Map<String, Json> run, String name) {
        return run.get(name) instanceof Json.Number(var number) ? number.doubleValue() : Double.NaN;
    }

    private static String text(Map<String, Json> run, String name) {
        return switch (run.get(name)) {
            case Json.Text(String text) -> text;
            case Json.Number(var number) -> number(number.doubleValue()).replace(".00", "");
            case null, default -> "";
        };
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }
}
