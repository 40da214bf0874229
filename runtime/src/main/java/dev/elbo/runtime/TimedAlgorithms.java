package dev.elbo.runtime;

import dev.elbo.ffi.CudaEvent;
import dev.elbo.ffi.FusedProduct;
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

/// Algorithms of cuBLASLt that were the fastest when they were tried, and the file that remembers them: whoever
/// uses the same file on the same GPU with the same library has the same bytes.
///
/// ```
/// one line a product:  what it is, GPU and library included <tab> bits of the algorithm <tab> bytes of its workspace
/// ```
final class TimedAlgorithms {
    private static final int SAMPLES = 5;
    private static final int RUNS = 10;

    private final CudaDevice cuda;
    private final Path file;
    private final Map<String, FusedProduct.Algorithm> known = new HashMap<>();

    /// @param file read if it is there, appended to
    TimedAlgorithms(CudaDevice cuda, Path file) {
        this.cuda = cuda;
        this.file = file;
        try {
            if (Files.exists(file)) {
                Files.readAllLines(file).forEach(this::read);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("chosen algorithms cannot be read; file=" + file, e);
        }
    }

    private void read(String line) {
        String[] parts = line.split("\t");
        if (parts.length != 3 || !parts[2].matches("\\d{1,18}")) {
            throw new IllegalArgumentException(
                    "chosen algorithms: not a line of them; file=" + file + ", line=" + line);
        }
        known.put(parts[0], new FusedProduct.Algorithm(parts[1], Long.parseLong(parts[2])));
    }

    /// The algorithm that the file remembers, or else the fastest, which it remembers from now on.
    ///
    /// @param product  what it is, GPU and library included
    /// @param proposed at least one
    /// @param run      runs the product on scratch memory by an algorithm
    FusedProduct.Algorithm choose(
            String product, List<FusedProduct.Algorithm> proposed, Consumer<FusedProduct.Algorithm> run) {
        FusedProduct.Algorithm chosen = known.get(product);
        // The library may have changed without its version: what it does not propose any more is not run.
        if (chosen == null || !proposed.contains(chosen)) {
            chosen = fastest(proposed, run);
            known.put(product, chosen);
            try {
                String line = product + "\t" + chosen.bits() + "\t" + chosen.workspaceBytes() + "\n";
                Files.writeString(
                        file, line, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            } catch (IOException e) {
                throw new UncheckedIOException("chosen algorithms cannot be written; file=" + file, e);
            }
        }
        return chosen;
    }

    private FusedProduct.Algorithm fastest(
            List<FusedProduct.Algorithm> proposed, Consumer<FusedProduct.Algorithm> run) {
        FusedProduct.Algorithm fastest = proposed.getFirst();
        float least = Float.POSITIVE_INFINITY;
        try (Arena frame = Arena.ofConfined()) {
            CudaEvent begin = CudaEvent.openTimed(frame);
            CudaEvent end = CudaEvent.openTimed(frame);
            for (FusedProduct.Algorithm each : proposed) {
                run.accept(each);
                for (int sample = 0; sample < SAMPLES; sample++) {
                    cuda.stream().record(begin);
                    for (int i = 0; i < RUNS; i++) {
                        run.accept(each);
                    }
                    cuda.stream().record(end);
                    end.synchronize();
                    float took = end.millisecondsSince(begin);
                    if (took < least) {
                        least = took;
                        fastest = each;
                    }
                }
            }
        }
        return fastest;
    }
}
