package dev.elbo.bench.trust;

import dev.elbo.models.training.Training;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CpuOptions;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Device;
import dev.elbo.simulator.SimulatedGpu;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

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
    public record Outcome(SmallRun run, String device, long steps, long heap, long ledger, long resident, double time) {
        /// What grew with the steps, in words; how long they took is for the reader to judge, who knows the machine.
        public List<String> problems() {
            boolean flat = ledger == 0 && heap <= MOST_HEAP && resident <= MOST_RESIDENT;
            return flat ? List.of() : List.of("memory grew: " + this);
        }
    }

    private static final long MOST_HEAP = 1_000_000;

    /// The compilers' own memory, and the code that they make late.
    private static final long MOST_RESIDENT = 32_000_000;

    private static final int STEPS_OF_AN_EPOCH = 3;
    private static final long MARKS = 1000;

    /// All of its heap is the process's from the beginning: what grows beside it is native.
    private static final List<String> FIXED_HEAP =
            List.of("-Xms256m", "-Xmx256m", "-XX:+AlwaysPreTouch", "--add-modules=jdk.incubator.vector");

    private static final Pattern FIGURES = Pattern.compile("figures (\\S+ \\S+ \\S+ \\S+ \\S+ \\S+)");
    private static final long PAGE = 4096;

    private record Mark(long step, long nanos, long heap, long ledger, long resident) {}

    private LongRun() {}

    /// Runs it in a process of its own, whose heap is as large as it will ever be.
    ///
    /// @param device `cpu`, one thread of it, or `simulated`
    public static Outcome of(SmallRun run, String device, long steps) throws IOException {
        try (Victim process =
                Victim.start(FIXED_HEAP, LongRun.class.getName(), run.name(), device, String.valueOf(steps))) {
            String[] figures = process.find(FIGURES).split(" ");
            return new Outcome(
                    run,
                    figures[0],
                    Long.parseLong(figures[1]),
                    Long.parseLong(figures[2]),
                    Long.parseLong(figures[3]),
                    Long.parseLong(figures[4]),
                    Double.parseDouble(figures[5]));
        }
    }

    /// @param arguments run, device, steps
    public static void main(String[] arguments) {
        boolean simulated = arguments[1].equals("simulated");
        if (simulated) {
            SimulatedGpu.install();
        }
        try (Device device = simulated
                ? CudaDevice.open(0)
                : CpuDevice.open(CpuOptions.best().threads(1))) {
            Outcome outcome = of(SmallRun.valueOf(arguments[0]), device, Long.parseLong(arguments[2]));
            System.out.println("figures " + outcome.device + " " + outcome.steps + " " + outcome.heap + " "
                    + outcome.ledger + " " + outcome.resident + " " + outcome.time);
        }
    }

    private static Outcome of(SmallRun run, Device device, long steps) {
        List<Mark> marks = new ArrayList<>();
        long every = Math.max(1, steps / MARKS);
        long done;
        try (Arena owner = Arena.ofShared();
                Training training = run.training(device, (int) Math.ceilDiv(steps, STEPS_OF_AN_EPOCH), owner)) {
            done = training.run(progress -> {
                if (marks.isEmpty() || progress.step() >= marks.getLast().step + every) {
                    marks.add(mark(progress.step(), device));
                }
                return true;
            });
        }
        Mark from = marks.get(marks.size() / 4);
        Mark to = marks.getLast();
        double before = median(marks.subList(marks.size() / 4, marks.size() / 2));
        double after = median(marks.subList(marks.size() * 3 / 4, marks.size()));
        return new Outcome(
                run,
                device.toString(),
                done,
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
