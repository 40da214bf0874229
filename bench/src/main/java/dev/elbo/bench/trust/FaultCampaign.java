package dev.elbo.bench.trust;

import dev.elbo.ffi.NativeException;
import dev.elbo.models.training.RunFolder;
import dev.elbo.runtime.Checkpoint;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.simulator.Report;
import dev.elbo.simulator.SimulatedGpu;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/// A run on the simulated GPU in which each call of driver and libraries fails once.
///
/// After each fault it asks: is there one exception, of the call that failed or of the wait that heard of it?
/// Is all device memory given back, by the ledger's account and by the simulator's? Is every checkpoint
/// whole, with nothing half written beside it? And does the run, started again on the same folder, end in the
/// bytes of one that nobody disturbed? A fault may also do no harm, where Elbo has another way; then the run
/// must have ended in those bytes itself.
public final class FaultCampaign {
    /// What came of it.
    ///
    /// @param run      whose calls failed
    /// @param possible faults of a whole run
    /// @param injected how many of them were tried
    /// @param raised   how many ended in an exception
    /// @param absorbed how many did no harm
    /// @param leaked   how many left device memory or handles behind
    /// @param problems what was not as it should be, leaks included, in words
    public record Outcome(
            SmallRun run, int possible, int injected, int raised, int absorbed, int leaked, List<String> problems) {}

    private static final int EPOCHS = 1;

    /// Calls that need no context, or end it: no context dies in them.
    private static final List<String> NO_CONTEXT =
            List.of("cuInit", "cuDriver", "cuDevice", "cuCtx", "cuGetProc", "cublas", "cudnn");

    /// Calls that return texts and numbers, and cannot fail.
    private static final List<String> NO_STATUS = List.of("GetError", "GetStatus", "cudnnGetVersion", "LtGetVersion");

    private final SmallRun run;
    private final Path temporary;
    private final SimulatedGpu gpu = SimulatedGpu.install();
    private final List<String> problems = new ArrayList<>();
    private byte[] expected;
    private int raised;
    private int absorbed;
    private int leaked;

    /// @param temporary an empty folder
    public FaultCampaign(SmallRun run, Path temporary) {
        this.run = run;
        this.temporary = temporary;
    }

    /// Tries some faults.
    ///
    /// @param most how many, drawn of all that there are by the seed; all of them if there are no more
    public Outcome run(int most, long seed) throws IOException {
        List<Fault> all = prepare();
        Collections.shuffle(all, new Random(seed));
        return breakEach(all.size(), all.subList(0, Math.min(most, all.size())));
    }

    /// Tries all faults of a range.
    ///
    /// @param from the first, from 0
    /// @param most how many; fewer where there are no more
    public Outcome range(int from, int most) throws IOException {
        List<Fault> all = prepare();
        return breakEach(all.size(), all.subList(Math.min(from, all.size()), Math.min(from + most, all.size())));
    }

    /// Runs undisturbed.
    ///
    /// @return all faults of such a run
    private List<Fault> prepare() throws IOException {
        gpu.reset();
        Path whole = temporary.resolve(run + "-whole");
        train(whole); // what a process asks its driver but once
        ScratchFolder.delete(whole);
        gpu.counters().reset();
        train(whole);
        expected = last(whole);
        ScratchFolder.delete(whole);
        return faults(gpu.counters().calls());
    }

    private Outcome breakEach(int possible, List<Fault> tried) throws IOException {
        Path folder = temporary.resolve(run + "-broken");
        for (Fault fault : tried) {
            breakOnce(fault, folder);
            ScratchFolder.delete(folder);
        }
        gpu.reset();
        return new Outcome(run, possible, tried.size(), raised, absorbed, leaked, List.copyOf(problems));
    }

    private List<Fault> faults(Map<String, Long> calls) {
        List<Fault> all = new ArrayList<>();
        calls.forEach((function, count) -> {
            boolean context = NO_CONTEXT.stream().noneMatch(function::startsWith);
            boolean hasStatus = NO_STATUS.stream().noneMatch(function::contains);
            for (int n = 1; n <= count; n++) {
                if (hasStatus) {
                    all.add(new Fault(Fault.Kind.STATUS, function, n));
                    if (context) {
                        all.add(new Fault(n % 2 == 0 ? Fault.Kind.STICKY : Fault.Kind.LOST, function, n));
                    }
                }
                if (function.startsWith("cuMemAlloc") && !function.startsWith("cuMemAllocHost")) {
                    all.add(new Fault(Fault.Kind.OUT_OF_MEMORY, "", n));
                }
            }
        });
        long kernels = gpu.counters().executionsByName().entrySet().stream()
                .filter(each -> !each.getKey().startsWith("cu")) // products of cuBLAS, convolutions of cuDNN
                .mapToLong(Map.Entry::getValue)
                .sum();
        for (int n = 1; n <= kernels; n++) {
            all.add(new Fault(Fault.Kind.LAUNCH, "", n));
        }
        return all;
    }

    private void breakOnce(Fault fault, Path folder) throws IOException {
        fault.plan(gpu.faults());
        Throwable thrown = null;
        try {
            train(folder);
        } catch (RuntimeException | Error e) {
            thrown = e;
        }
        if (!gpu.faults().allHappened()) {
            problem(fault, "never happened", thrown);
        }
        gpu.faults().clear();
        if (thrown == null) {
            absorbed++;
            checkHarmless(fault, folder);
        } else {
            raised++;
            checkSaid(fault, thrown);
        }
        checkDevice(fault, thrown);
        checkFiles(fault, folder);
        if (fault.leavesThings()) {
            gpu.reset();
        }
        checkGoesOn(fault, folder);
    }

    private void checkHarmless(Fault fault, Path folder) throws IOException {
        if (!Arrays.equals(expected, last(folder))) {
            problem(fault, "nobody was told, and the run ended in other bytes", null);
        }
    }

    private void checkSaid(Fault fault, Throwable thrown) {
        if (!(thrown instanceof NativeException e)) {
            problem(fault, "an exception of another kind", thrown);
            return;
        }
        boolean heardLater = fault.kind() == Fault.Kind.LAUNCH;
        if (fault.kind() == Fault.Kind.OUT_OF_MEMORY && !e.getMessage().contains("high water=")) {
            problem(fault, "does not say what holds the memory", e);
        }
        if (!heardLater && !fault.function().isEmpty() && !e.function().equals(fault.function())) {
            problem(fault, "names another function", e);
        }
        if (heardLater && !e.getMessage().contains("operation=")) {
            problem(fault, "names no operation", e);
        }
        for (Throwable suppressed : e.getSuppressed()) {
            if (!fault.deadly() || !(suppressed instanceof NativeException)) {
                problem(fault, "something else went wrong: " + suppressed, e);
            }
        }
    }

    private void checkDevice(Fault fault, Throwable thrown) {
        List<String> left = fault.leavesThings() ? List.of() : gpu.leaks();
        boolean inLedger = thrown != null
                && Arrays.stream(thrown.getSuppressed()).anyMatch(each -> each instanceof IllegalStateException);
        if (!left.isEmpty() || inLedger) {
            leaked++;
            problem(fault, "left on the device: " + left, thrown);
            gpu.reset();
        }
        gpu.takeReports().stream()
                .filter(report -> report.kind() != Report.Kind.LEAK || !fault.leavesThings())
                .findFirst()
                .ifPresent(report -> problem(fault, "the simulator noticed: " + report, thrown));
    }

    private void checkFiles(Fault fault, Path folder) throws IOException {
        Path checkpoints = folder.resolve("checkpoints");
        if (!Files.exists(checkpoints)) {
            return;
        }
        try (Stream<Path> files = Files.list(checkpoints);
                Arena owner = Arena.ofConfined()) {
            for (Path file : files.toList()) {
                if (RunFolder.step(file) < 0) {
                    problem(fault, "a file that is no checkpoint: " + file.getFileName(), null);
                } else {
                    Checkpoint.read(file, owner);
                }
            }
        } catch (BadInputException e) {
            problem(fault, "a checkpoint that is not whole", e);
        }
    }

    /// As a person would: the same command once more.
    private void checkGoesOn(Fault fault, Path folder) throws IOException {
        try {
            train(folder);
        } catch (RuntimeException | Error e) {
            problem(fault, "the run does not go on", e);
            gpu.reset();
            return;
        }
        if (exact() && !Arrays.equals(expected, last(folder))) {
            problem(fault, "the run that went on ended in other bytes", null);
        }
        gpu.takeReports().stream()
                .findFirst()
                .ifPresent(report -> problem(fault, "the simulator noticed afterwards: " + report, null));
    }

    /// Whether a training promises that: L-BFGS forgets what it knew of earlier steps.
    private boolean exact() {
        return run != SmallRun.CRF;
    }

    private void problem(Fault fault, String what, Throwable thrown) {
        problems.add(run + ", " + fault + ": " + what + (thrown == null ? "" : "; thrown=" + thrown));
    }

    private void train(Path folder) throws IOException {
        try (CudaDevice cuda = CudaDevice.open(0)) {
            run.train(cuda, folder, EPOCHS, _ -> {});
        }
    }

    private static byte[] last(Path folder) throws IOException {
        return Files.readAllBytes(RunFolder.checkpoints(folder).getLast());
    }
}
