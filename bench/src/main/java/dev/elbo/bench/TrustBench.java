package dev.elbo.bench;

import dev.elbo.bench.trust.FaultCampaign;
import dev.elbo.bench.trust.Format;
import dev.elbo.bench.trust.KillCampaign;
import dev.elbo.bench.trust.LongRun;
import dev.elbo.bench.trust.ReaderCampaign;
import dev.elbo.bench.trust.SmallRun;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CpuOptions;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.file.Json;
import dev.elbo.simulator.SimulatedGpu;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Question: what happens to a run when calls fail, processes die, files are bad, and steps are very many?
/// Read `problems` and `leaked`: 0. A problem is printed with all that it takes to see it again.
final class TrustBench {
    private static final String FILE = "trust.jsonl";
    private static final int FAULTS = 100;
    private static final int KILLS = 10;
    private static final int KILLED_EPOCHS = 40;
    private static final int INPUTS = 2_000;
    private static final int STEPS = 100_000;
    private static final int SIMULATED_STEPS = 3_000;

    private static final String HEAD = """
            # Broken on purpose

            Written by `ci/bench TrustBench` from the last line of `trust.jsonl` for each campaign and subject; not
            edited by hand.
            """;
    private static final String ON_FAULTS = """
            Faults of the simulated GPU during the smallest training run of each model: a status from a driver's or a
            library's call, a dead context, a lost device, no memory, a kernel that dies; one at a time, drawn by the
            seed from all that are possible. Raised: one exception that names the call. Absorbed: the run ended in the
            same bytes. Every run was then started again on its folder.
            """;
    private static final String ON_KILLS = """
            Processes killed at random moments of a run on the CPU, and started again. Survived: the run ended in the
            bytes of one that nobody disturbed.
            """;
    private static final String ON_READERS = """
            Files that are nearly good. Problems: whatever is not one line that refuses the file, more than 64 MB of
            memory, more than 20 seconds.
            """;
    private static final String ON_STEPS = """
            Many steps: what memory grew by from the first quarter to the end, and the time of a step in the last
            quarter over that in the second.
            """;

    private final Path results;
    private final Path temporary = Files.createTempDirectory("elbo-trust");
    private final long seed = Long.getLong("elbo.seed", 1);
    private int problems;

    private TrustBench(Path results) throws IOException {
        this.results = results;
    }

    /// Runs all campaigns, or one, and writes the page.
    ///
    /// @param arguments folder of the results; then `faults`, `kills`, `readers`, `steps` or `page`; then how
    /// many of each (`all` faults are some thousands for each model); then one model or format alone
    public static void main(String[] arguments) throws IOException, InterruptedException {
        TrustBench bench = new TrustBench(Path.of(arguments[0]));
        String part = arguments.length > 1 ? arguments[1] : "all";
        String amount = arguments.length > 2 ? arguments[2] : "";
        String only = arguments.length > 3 ? arguments[3] : "";
        if (part.equals("all") || part.equals("faults")) {
            bench.faults(number(amount, FAULTS), only);
        }
        if (part.equals("all") || part.equals("kills")) {
            bench.kills(number(amount, KILLS), only);
        }
        if (part.equals("all") || part.equals("readers")) {
            bench.readers(number(amount, INPUTS), only);
        }
        if (part.equals("all") || part.equals("steps")) {
            bench.steps(amount);
        }
        bench.write();
        System.exit(bench.problems == 0 ? 0 : 1);
    }

    private static int number(String amount, int usual) {
        return amount.isEmpty() ? usual : amount.equals("all") ? Integer.MAX_VALUE : Integer.parseInt(amount);
    }

    private static boolean wanted(Enum<?> each, String only) {
        return only.isEmpty() || each.name().equals(only);
    }

    private void faults(int most, String only) throws IOException {
        for (SmallRun run : SmallRun.values()) {
            if (wanted(run, only)) {
                FaultCampaign.Outcome outcome = new FaultCampaign(run, temporary).run(most, seed);
                Map<String, String> line = line("faults", run.name(), outcome.problems());
                line.put("possible", String.valueOf(outcome.possible()));
                line.put("injected", String.valueOf(outcome.injected()));
                line.put("raised", String.valueOf(outcome.raised()));
                line.put("absorbed", String.valueOf(outcome.absorbed()));
                line.put("leaked", String.valueOf(outcome.leaked()));
                append(line);
            }
        }
    }

    private void kills(int kills, String only) throws IOException, InterruptedException {
        // L-BFGS and expectation maximisation do not promise the same bytes, or end when nothing changes any more.
        for (SmallRun run : List.of(SmallRun.VAE, SmallRun.RBM, SmallRun.GAN, SmallRun.NN_CRF)) {
            if (wanted(run, only)) {
                KillCampaign.Outcome outcome = new KillCampaign(run, temporary, KILLED_EPOCHS).run(kills, seed);
                Map<String, String> line = line("kills", run.name(), outcome.problems());
                line.put("kills", String.valueOf(outcome.kills()));
                line.put("survived", String.valueOf(outcome.survived()));
                append(line);
            }
        }
    }

    private void readers(int inputs, String only) throws IOException {
        for (Format format : Format.values()) {
            if (wanted(format, only)) {
                ReaderCampaign.Outcome outcome = new ReaderCampaign(format, temporary).run(inputs, seed, temporary);
                Map<String, String> line = line("readers", format.name(), outcome.problems());
                line.put("inputs", String.valueOf(outcome.inputs()));
                line.put("taken", String.valueOf(outcome.taken()));
                line.put("refused", String.valueOf(outcome.refused()));
                line.put("hangs", String.valueOf(outcome.hangs()));
                line.put("slowest_ms", Results.number(1e3 * outcome.slowest()));
                line.put("largest_mb", Results.number(1e-6 * outcome.largest()));
                append(line);
            }
        }
    }

    private void steps(String amount) throws IOException {
        try (CpuDevice cpu = CpuDevice.open(CpuOptions.best().threads(1))) {
            steps(cpu, number(amount, STEPS));
        }
        SimulatedGpu.install();
        try (CudaDevice gpu = CudaDevice.open(0)) {
            steps(gpu, number(amount, SIMULATED_STEPS));
        }
    }

    private void steps(Device device, long steps) throws IOException {
        LongRun.Outcome outcome = LongRun.of(SmallRun.VAE, device, steps);
        Map<String, String> line = line("steps", outcome.run() + " on " + outcome.device(), List.of());
        line.put("steps", String.valueOf(outcome.steps()));
        line.put("heap_kb", Results.number(outcome.heap() / 1e3));
        line.put("ledger_bytes", String.valueOf(outcome.ledger()));
        line.put("resident_kb", Results.number(outcome.resident() / 1e3));
        line.put("time_ratio", Results.number(outcome.time()));
        append(line);
    }

    private Map<String, String> line(String campaign, String subject, List<String> said) {
        said.forEach(System.out::println);
        problems += said.size();
        Map<String, String> line = new LinkedHashMap<>();
        line.put("benchmark", Results.quoted("TrustBench"));
        line.put("campaign", Results.quoted(campaign));
        line.put("subject", Results.quoted(subject));
        line.put("seed", String.valueOf(seed));
        line.put("problems", String.valueOf(said.size()));
        return line;
    }

    private void append(Map<String, String> line) throws IOException {
        System.out.println(line);
        Results.append(results.resolve(FILE), line);
    }

    /// `trust.md`, from the last line of each campaign and subject.
    private void write() throws IOException {
        Map<String, Map<String, Map<String, Json>>> latest = new LinkedHashMap<>();
        for (String text : Files.readAllLines(results.resolve(FILE))) {
            Map<String, Json> line = ((Json.Members) Json.parse(text, FILE)).values();
            latest.computeIfAbsent(text(line, "campaign"), _ -> new LinkedHashMap<>())
                    .put(text(line, "subject"), line);
        }
        StringBuilder page = new StringBuilder(HEAD);
        section(
                page,
                latest.get("faults"),
                ON_FAULTS,
                "possible",
                "injected",
                "raised",
                "absorbed",
                "leaked",
                "problems");
        section(page, latest.get("kills"), ON_KILLS, "kills", "survived", "problems");
        section(
                page,
                latest.get("readers"),
                ON_READERS,
                "inputs",
                "taken",
                "refused",
                "hangs",
                "slowest_ms",
                "largest_mb",
                "problems");
        section(page, latest.get("steps"), ON_STEPS, "steps", "heap_kb", "ledger_bytes", "resident_kb", "time_ratio");
        Files.writeString(results.resolve("trust.md"), page);
    }

    private static void section(
            StringBuilder page, Map<String, Map<String, Json>> lines, String about, String... columns) {
        if (lines == null) {
            return;
        }
        page.append('\n').append(about).append("\n| | ").append(String.join(" | ", columns));
        page.append(" | seed | commit |\n|")
                .append(" --- |".repeat(columns.length + 3))
                .append('\n');
        lines.forEach((subject, line) -> {
            page.append("| ").append(subject);
            for (String column : columns) {
                page.append(" | ").append(text(line, column));
            }
            page.append(" | ").append(text(line, "seed"));
            page.append(" | ").append(text(line, "commit")).append(" |\n");
        });
    }

    private static String text(Map<String, Json> line, String name) {
        return line.get(name) instanceof Json.Text(String text)
                ? text
                : line.get(name).compact();
    }
}
