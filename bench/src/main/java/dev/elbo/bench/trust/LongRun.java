package dev.elbo.bench.trust;

import dev.elbo.models.training.Training;
import dev.elbo.runtime.Device;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Very many steps of a small run, and whether memory and time of a step stay what they were.
public final class LongRun {
    /// What came of it, from a quarter of the run to its end: what is set up is set up by then.
    ///
    /// @param device   it ran on
    /// @param steps    in all
    /// @param heap     more bytes on the heap, after a collection
    /// @param ledger   more bytes in the device's ledger
    /// @param resident more bytes of the process, as the operating system counts them
    /// @param time     median time of a step in the last quarter over that in the second
    public record Outcome(
            SmallRun run, String device, long steps, long heap, long ledger, long resident, double time) {}

    private static final int STEPS_OF_AN_EPOCH = 3;
    private static final long PAGE = 4096;

    private record Mark(long step, long nanos, long heap, long ledger, long resident) {}

    private LongRun() {}

    /// Runs it.
    public static Outcome of(SmallRun run, Device device, long steps) {
        List<Mark> marks = new ArrayList<>();
        try (Arena owner = Arena.ofShared();
                Training training = run.training(device, (int) (steps / STEPS_OF_AN_EPOCH), owner)) {
            training.run(progress -> marks.add(mark(progress.step(), device)));
        }
        Mark from = marks.get(marks.size() / 4);
        Mark to = marks.getLast();
        double before = median(marks.subList(marks.size() / 4, marks.size() / 2));
        double after = median(marks.subList(marks.size() * 3 / 4, marks.size()));
        return new Outcome(
                run,
                device.toString(),
                to.step,
                to.heap - from.heap,
                to.ledger - from.ledger,
                to.resident - from.resident,
                after / before);
    }

    private static Mark mark(long step, Device device) {
        long nanos = System.nanoTime();
        System.gc();
        long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        return new Mark(step, nanos, heap, device.ledger().liveBytes(), resident());
    }

    /// Nanoseconds of a step between two marks, the middle one.
    private static double median(List<Mark> marks) {
        List<Double> times = new ArrayList<>();
        for (int i = 1; i < marks.size(); i++) {
            Mark a = marks.get(i - 1);
            Mark b = marks.get(i);
            times.add((double) (b.nanos - a.nanos) / (b.step - a.step));
        }
        times.sort(null);
        return times.get(times.size() / 2);
    }

    private static long resident() {
        Path file = Path.of("/proc/self/statm");
        try {
            return Files.exists(file)
                    ? PAGE * Long.parseLong(Files.readString(file).split(" ")[1])
                    : 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
