package dev.elbo.bench;

import dev.elbo.bench.trust.FaultCampaign;
import dev.elbo.bench.trust.FolderCampaign;
import dev.elbo.bench.trust.Format;
import dev.elbo.bench.trust.KillCampaign;
import dev.elbo.bench.trust.LongRun;
import dev.elbo.bench.trust.ReaderCampaign;
import dev.elbo.bench.trust.RequestCampaign;
import dev.elbo.bench.trust.ScratchFolder;
import dev.elbo.bench.trust.SmallRun;
import dev.elbo.bench.trust.SoakCampaign;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CpuOptions;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.file.Json;
import dev.elbo.simulator.SimulatedGpu;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// Question: what happens to a run when calls fail, processes die, files are bad, and steps are very many?
/// Read `problems` and `leaked`: 0. A problem is printed with all that it takes to see it again.
final class TrustBench {
    private static final int FAULTS = 100;
    private static final int SLICE = 200;
    private static final int KILLS = 10;
    private static final int EVENTS = 5;
    private static final int KILLED_EPOCHS = 40;
    private static final int INPUTS = 2_000;
    private static final int STEPS = 100_000;
    private static final int SIMULATED_STEPS = 3_000;

    private final Path results;
    private final Path temporary;
    private final long seed = Long.getLong("elbo.seed", 1);
    private int problems;

    private TrustBench(Path results, Path temporary) {
        this.results = results;
        this.temporary = temporary;
    }

    /// Runs all campaigns, or one, and writes the page.
    ///
    /// @param arguments folder of the results; then the campaign: `faults`, `every` (all faults, no part of `all`),
    /// `kills`, `folders`, `readers`, `requests`, `soak`, `steps`, or `page` for none; then how many of each,
    /// or for how many seconds `every`; then one subject alone
    public static void main(String[] arguments) throws IOException, InterruptedException {
        TrustBench bench;
        try (ScratchFolder scratch = ScratchFolder.create("elbo-trust")) {
            bench = new TrustBench(Path.of(arguments[0]), scratch.path());
            bench.run(arguments);
        }
        System.exit(bench.problems == 0 ? 0 : 1);
    }

    private void run(String[] arguments) throws IOException, InterruptedException {
        String part = arguments.length > 1 ? arguments[1] : "all";
        String amount = arguments.length > 2 ? arguments[2] : "";
        String only = arguments.length > 3 ? arguments[3] : "";
        if (part.equals("all") || part.equals("faults")) {
            faults(number(amount, FAULTS), only);
        }
        if (part.equals("every")) {
            everyFault(number(amount, Integer.MAX_VALUE), only);
        }
        if (part.equals("all") || part.equals("kills")) {
            kills(number(amount, KILLS), only);
        }
        if (part.equals("all") || part.equals("folders")) {
            folders(number(amount, EVENTS), only);
        }
        if (part.equals("all") || part.equals("readers")) {
            readers(number(amount, INPUTS), only);
        }
        if (part.equals("all") || part.equals("requests")) {
            requests(number(amount, INPUTS));
        }
        if (part.equals("all") || part.equals("soak")) {
            soak(only);
        }
        if (part.equals("all") || part.equals("steps")) {
            steps(amount);
        }
        TrustPage.write(results);
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
                append(line("faults", run.name(), outcome));
            }
        }
    }

    /// All faults, in slices that each append a line: what was cut off goes on with the slice that it was in.
    ///
    /// @param seconds after which no slice is begun
    private void everyFault(long seconds, String only) throws IOException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        for (SmallRun run : SmallRun.values()) {
            boolean left = wanted(run, only);
            while (left && System.nanoTime() < end) {
                left = slice(run);
            }
        }
    }

    /// @return whether there may be more
    private boolean slice(SmallRun run) throws IOException {
        List<Map<String, Json>> before = TrustPage.lines(results, "every").getOrDefault(run.name(), List.of());
        int from = before.isEmpty() ? 0 : Integer.parseInt(TrustPage.text(before.getLast(), "next"));
        FaultCampaign.Outcome outcome = new FaultCampaign(run, temporary).range(from, SLICE);
        if (from > 0 && !TrustPage.text(before.getLast(), "possible").equals(String.valueOf(outcome.possible()))) {
            from = 0; // the code has changed, and with it what can fail
            outcome = new FaultCampaign(run, temporary).range(from, SLICE);
        }
        if (outcome.injected() > 0) {
            Map<String, String> line = line("every", run.name(), outcome);
            line.put("from", String.valueOf(from));
            line.put("next", String.valueOf(from + outcome.injected()));
            append(line);
        }
        return outcome.injected() == SLICE;
    }

    private Map<String, String> line(String campaign, String subject, FaultCampaign.Outcome outcome) {
        Map<String, String> line = line(campaign, subject, outcome.problems());
        line.put("possible", String.valueOf(outcome.possible()));
        line.put("injected", String.valueOf(outcome.injected()));
        line.put("raised", String.valueOf(outcome.raised()));
        line.put("absorbed", String.valueOf(outcome.absorbed()));
        line.put("leaked", String.valueOf(outcome.leaked()));
        return line;
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

    private void folders(int times, String only) throws IOException, InterruptedException {
        for (FolderCampaign.Event event : FolderCampaign.Event.values()) {
            if (wanted(event, only)) {
                FolderCampaign.Outcome outcome = new FolderCampaign(temporary).run(event, times, seed);
                Map<String, String> line = line("folders", event.name(), outcome.problems());
                line.put("tried", String.valueOf(outcome.tried()));
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

    private void requests(int inputs) throws IOException, InterruptedException {
        RequestCampaign.Outcome outcome = new RequestCampaign().run(inputs, seed, temporary);
        Map<String, String> line = line("requests", "EXPLORE", outcome.problems());
        line.put("inputs", String.valueOf(outcome.inputs()));
        line.put("answered", String.valueOf(outcome.answered()));
        line.put("refused", String.valueOf(outcome.refused()));
        line.put("dropped", String.valueOf(outcome.dropped()));
        line.put("slowest_ms", Results.number(1e3 * outcome.slowest()));
        append(line);
    }

    private void soak(String only) throws IOException {
        SimulatedGpu.install();
        for (SmallRun run : SmallRun.values()) {
            if (wanted(run, only)) {
                try (CpuDevice cpu = CpuDevice.open(CpuOptions.best().threads(1))) {
                    soak(run, cpu);
                }
                try (CudaDevice gpu = CudaDevice.open(0)) {
                    soak(run, gpu);
                }
            }
        }
    }

    private void soak(SmallRun run, Device device) throws IOException {
        SoakCampaign.Outcome outcome = new SoakCampaign(run, device).run();
        Map<String, String> line = line("soak", run + " on " + device, outcome.problems());
        line.put("runs", String.valueOf(outcome.runs()));
        line.put("finite", String.valueOf(outcome.finite()));
        line.put("stopped", String.valueOf(outcome.stopped()));
        append(line);
    }

    private void steps(String amount) throws IOException {
        steps("cpu", number(amount, STEPS));
        steps("simulated", number(amount, SIMULATED_STEPS));
    }

    private void steps(String device, long steps) throws IOException {
        LongRun.Outcome outcome = LongRun.of(SmallRun.VAE, device, steps);
        Map<String, String> line = line("steps", outcome.run() + " on " + outcome.device(), outcome.problems());
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
        Results.append(results.resolve(TrustPage.FILE), line);
    }
}
