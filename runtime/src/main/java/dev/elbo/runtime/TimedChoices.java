package dev.elbo.runtime;

import dev.elbo.ffi.CudaEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// Ways to do a thing that were the fastest when they were tried, and the file that remembers them: whoever uses the
/// same file on the same GPU with the same libraries and kernels has the same bytes.
///
/// ```
/// one line a task:  what it is, GPU and library included <tab> the way
/// ```
final class TimedChoices {
    private static final int SAMPLES = 5;
    private static final int RUNS = 10;

    private final CudaDevice cuda;
    private final Path file;
    private final Map<String, String> known = new HashMap<>();

    /// @param file read if it is there, appended to
    TimedChoices(CudaDevice cuda, Path file) {
        this.cuda = cuda;
        this.file = file;
        try {
            if (Files.exists(file)) {
                Files.readAllLines(file).forEach(this::read);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("timed choices cannot be read; file=" + file, e);
        }
    }

    private void read(String line) {
        String[] parts = line.split("\t");
        if (parts.length != 2) {
            throw new IllegalArgumentException("timed choices: not a line of them; file=" + file + ", line=" + line);
        }
        known.put(parts[0], parts[1]);
    }

    /// The way that the file remembers, or else the fastest, which it remembers from now on.
    ///
    /// @param task what is to be done, GPU and library included
    /// @param ways at least one
    /// @param run  goes one of them, where nobody reads what it leaves
    String choose(String task, List<String> ways, Consumer<String> run) {
        String chosen = known.get(task);
        // A library may have changed without its version: what it does not propose any more is not run.
        if (chosen == null || !ways.contains(chosen)) {
            chosen = fastest(ways, run);
            known.put(task, chosen);
            try {
                Files.writeString(
                        file,
                        task + "\t" + chosen + "\n",
                        StandardCharsets.UTF_8,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.APPEND);
            } catch (IOException e) {
                throw new UncheckedIOException("timed choices cannot be written; file=" + file, e);
            }
        }
        return chosen;
    }

    private String fastest(List<String> ways, Consumer<String> run) {
        String fastest = ways.getFirst();
        float least = Float.POSITIVE_INFINITY;
        try (Arena frame = Arena.ofConfined()) {
            CudaEvent begin = CudaEvent.openTimed(frame);
            CudaEvent end = CudaEvent.openTimed(frame);
            for (String way : ways) {
                run.accept(way);
                for (int sample = 0; sample < SAMPLES; sample++) {
                    cuda.stream().record(begin);
                    for (int i = 0; i < RUNS; i++) {
                        run.accept(way);
                    }
                    cuda.stream().record(end);
                    end.synchronize();
                    float took = end.millisecondsSince(begin);
                    if (took < least) {
                        least = took;
                        fastest = way;
                    }
                }
            }
        }
        return fastest;
    }
}
