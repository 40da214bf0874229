package dev.elbo.cli;

import dev.elbo.models.training.RunFolder;
import dev.elbo.models.training.Training;
import dev.elbo.runtime.Checkpoint;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.file.BadInputException;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `elbo verify`: runs the last steps of a run again and compares every byte.
@Command(
        name = "verify",
        description = {
            "Runs the last steps of a run again, from a checkpoint before them or from the beginning, and compares",
            "every byte with what the run saved: parameters, optimizer, clock, chains.",
            "Exit code 0 when all are equal, 3 when they are not."
        },
        footer = {"", "Examples:", "  elbo verify runs/vae-digits", "  elbo verify runs/vae-digits --steps 1000 --json"
        },
        mixinStandardHelpOptions = true)
final class VerifyCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "RUN", description = "Folder of the run.")
    private Path run;

    @Option(
            names = "--steps",
            description = "How many of the last steps at least (default: those since the checkpoint before the last).")
    private long steps = 1;

    @Option(names = "--device", description = RunOptions.DEVICES + " (default: that of the run).")
    private String device;

    @Option(names = "--json", description = "Print one JSON object as the last line.")
    private boolean json;

    /// For picocli.
    VerifyCommand() {}

    /// What was run again.
    ///
    /// @param differing names of what came out otherwise
    private record Outcome(long from, long to, int tensors, long bytes, List<String> differing) {}

    @Override
    public Integer call() throws IOException {
        Config config = OpenRun.config(run);
        try (Arena files = Arena.ofShared()) {
            Checkpoint last = RunFolder.latest(run, files);
            Provenance then = Provenance.in(last.facts());
            try (Device on = RunOptions.device(device == null ? then.device() : device, config.precision());
                    Arena owner = Arena.ofShared()) {
                Experiment experiment = Experiment.of(config, on, owner);
                Provenance now = Provenance.of(experiment, on);
                if (then.otherData(now)) {
                    throw new BadInputException(
                            config.data(), "not the data that the run learned from", "bring those back");
                }
                Outcome outcome = repeat(experiment, last, files);
                report(outcome, experiment, on, then.differences(now));
            }
        }
        return 0;
    }

    private Outcome repeat(Experiment experiment, Checkpoint last, Arena files) throws IOException {
        long to = step(last);
        try (Training training = experiment.training()) {
            Optional<Checkpoint> from = training.resumesExactly() ? before(to - steps, files) : Optional.empty();
            from.ifPresent(training::restore);
            long began = training.steps();
            if (began < to) {
                training.run(progress -> progress.step() < to);
            }
            if (training.steps() != to) {
                throw new BadInputException(
                        run.toString(),
                        "training ended at another step; saved=" + to + ", again=" + training.steps(),
                        "compare config.json with what was run");
            }
            return compare(training.state(), last, began);
        }
    }

    /// The latest checkpoint that has at most so many steps.
    private Optional<Checkpoint> before(long most, Arena files) throws IOException {
        for (Path file : RunFolder.checkpoints(run).reversed()) {
            if (RunFolder.step(file) <= most) {
                return Optional.of(Checkpoint.read(file, files));
            }
        }
        return Optional.empty();
    }

    private long step(Checkpoint checkpoint) {
        return RunFolder.step(checkpoint.file());
    }

    private Outcome compare(Map<String, Tensor> state, Checkpoint saved, long began) {
        List<String> differing = new ArrayList<>();
        long bytes = 0;
        for (Map.Entry<String, Tensor> each : state.entrySet()) {
            Tensor tensor = each.getValue();
            try (Arena host = Arena.ofConfined()) {
                MemorySegment again =
                        host.allocate(Math.max(1, tensor.bytes()), Long.BYTES).asSlice(0, tensor.bytes());
                tensor.device().read(tensor, again);
                boolean there = saved.arrays().containsKey(each.getKey());
                if (!there || again.mismatch(saved.arrays().get(each.getKey()).data()) >= 0) {
                    differing.add(each.getKey());
                }
                bytes += tensor.bytes();
            }
        }
        return new Outcome(began, step(saved), state.size(), bytes, differing);
    }

    private void report(Outcome outcome, Experiment experiment, Device on, List<String> differences) {
        PrintWriter terminal = spec.commandLine().getOut();
        terminal.println("ran steps %,d to %,d again on %s".formatted(outcome.from, outcome.to, on));
        differences.forEach(difference -> terminal.println("differs  " + difference));
        boolean equal = outcome.differing.isEmpty();
        if (equal) {
            terminal.println("equal in every byte: %,d tensors, %,d bytes".formatted(outcome.tensors, outcome.bytes));
        }
        if (json) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("model", experiment.name());
            line.put("device", on.toString());
            line.put("from_step", outcome.from);
            line.put("to_step", outcome.to);
            line.put("tensors", outcome.tensors);
            line.put("bytes", outcome.bytes);
            line.put("equal", equal);
            line.put("differing", outcome.differing);
            line.put("provenance", differences);
            JsonLine.print(terminal, line);
        }
        if (!equal) {
            throw new BadInputException(
                    run.toString(),
                    "not what its configuration makes; tensors that differ=" + outcome.differing.size() + " of "
                            + outcome.tensors + ", first=" + outcome.differing.getFirst(),
                    differences.isEmpty() ? "do not trust the checkpoint" : "see what differs above");
        }
    }
}
