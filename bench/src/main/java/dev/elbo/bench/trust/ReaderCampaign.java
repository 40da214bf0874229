package dev.elbo.bench.trust;

import com.sun.management.ThreadMXBean;
import dev.elbo.runtime.file.BadInputException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Files that are nearly good, given to the reader of their format, thousands of them.
///
/// A reader may take such a file, or refuse it in one line as bad input. Anything else is a problem: another
/// exception, a message of several lines, more memory than a small file is worth, no answer in time. The
/// files follow from the seed.
public final class ReaderCampaign {
    /// What came of it.
    ///
    /// @param format   what was read
    /// @param inputs   files tried
    /// @param taken    files that the reader could use
    /// @param refused  files that it refused as it should
    /// @param hangs    files that it had not read in time
    /// @param slowest  seconds of the slowest
    /// @param largest  bytes of memory that the greediest asked for, on the heap and off it
    /// @param problems what was not as it should be, hangs included, in words
    public record Outcome(
            Format format,
            int inputs,
            int taken,
            int refused,
            int hangs,
            double slowest,
            long largest,
            List<String> problems) {}

    /// A hundred times what a reader needs for its buffers, a hundredth of what a length gone wrong asks for.
    private static final long MOST_BYTES = 64L << 20;

    private static final long MOST_SECONDS = 20;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /// What one file did.
    private record Answer(Throwable thrown, double seconds, long bytes) {}

    private final Format format;
    private final Path file;
    private final List<String> problems = new ArrayList<>();
    private ExecutorService reader = thread();
    private int taken;
    private int refused;
    private int hangs;
    private double slowest;
    private long largest;

    /// @param temporary an empty folder
    public ReaderCampaign(Format format, Path temporary) throws IOException {
        this.format = format;
        this.file = temporary.resolve(format.name()).resolve(format.fileName());
        Files.createDirectories(file.getParent());
    }

    /// Tries the good file and so many bad ones.
    ///
    /// @param kept a folder for the files that show a problem
    public Outcome run(int inputs, long seed, Path kept) throws IOException {
        byte[] good = format.good();
        Throwable wrong = read(good).thrown;
        if (wrong != null) {
            problems.add(format + ": the good file: " + wrong);
        }
        for (int input = 0; input < inputs; input++) {
            Mutator mutator = new Mutator(new SplittableRandom(seed + input));
            byte[] bad = mutator.random().nextBoolean() ? format.inside(good, mutator::change) : mutator.change(good);
            if (!judge(read(bad), seed + input)) {
                Files.write(kept.resolve(format + "-" + (seed + input)), bad);
            }
        }
        reader.shutdown();
        return new Outcome(format, inputs, taken, refused, hangs, slowest, largest, List.copyOf(problems));
    }

    private Answer read(byte[] bytes) throws IOException {
        Files.write(file, bytes);
        try {
            return reader.submit(this::answer).get(MOST_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            reader.shutdownNow();
            reader = thread();
            return new Answer(e, MOST_SECONDS, 0);
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException("ReaderCampaign: " + format + " was not read", e);
        }
    }

    private Answer answer() {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        long began = System.nanoTime();
        Throwable thrown = null;
        try (Counted owner = new Counted(MOST_BYTES)) {
            try {
                format.read(file, owner);
            } catch (Throwable t) {
                thrown = t;
            }
            long bytes = THREADS.getCurrentThreadAllocatedBytes() - before + owner.bytes();
            return new Answer(thrown, (System.nanoTime() - began) * 1e-9, bytes);
        }
    }

    private boolean judge(Answer answer, long seed) {
        slowest = Math.max(slowest, answer.seconds);
        largest = Math.max(largest, answer.bytes);
        String problem = null;
        switch (answer.thrown) {
            case null -> taken++;
            case BadInputException e when e.getMessage().lines().count() == 1 -> refused++;
            case TimeoutException _ -> {
                hangs++;
                problem = "no answer within " + MOST_SECONDS + " s";
            }
            default -> problem = answer.thrown + at(answer.thrown);
        }
        if (problem == null && answer.bytes > MOST_BYTES) {
            problem = "asked for " + answer.bytes + " bytes";
        }
        if (problem != null) {
            problems.add(format + ", seed " + seed + ": " + problem);
        }
        return problem == null;
    }

    private static String at(Throwable t) {
        StackTraceElement[] trace = t.getStackTrace();
        for (StackTraceElement element : trace) {
            if (element.getClassName().startsWith("dev.elbo")
                    && !element.getClassName().contains(".trust.")) {
                return " at " + element;
            }
        }
        return trace.length == 0 ? "" : " at " + trace[0];
    }

    private static ExecutorService thread() {
        return Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().factory());
    }
}
