package dev.elbo.bench.gpu;

import dev.elbo.runtime.MatrixPrecision;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// A library of Python's that does the same work: a script of `bench/peers` in a process of its own, which begins to
/// prepare at once and takes orders when it is ready (`contender.py`).
///
/// The Python is the one that `ELBO_BENCH_PYTHON` names, or `python3`.
final class PythonPeer implements AutoCloseable {
    private static final String PYTHON = System.getenv().getOrDefault("ELBO_BENCH_PYTHON", "python3");

    private static final long POLL_NANOS = 5_000_000;

    private final String name;
    private final Path folder = Files.createTempDirectory("elbo-peer");
    private final Process process;
    private final BufferedReader said;
    private final BufferedWriter orders;

    /// An array that a script is given.
    ///
    /// @param extents its shape
    /// @param values  row-major
    record Array(int[] extents, float[] values) {}

    /// @param scripts   folder of the scripts
    /// @param script    without its ending: `torch_steps`
    /// @param mode      one of those that `script --list` names
    /// @param precision TF32 or BF16
    PythonPeer(
            Path scripts,
            String script,
            String workload,
            String mode,
            MatrixPrecision precision,
            Map<String, Array> arrays)
            throws IOException {
        this.name = script.replaceFirst("_.*", "") + " " + mode;
        List<String> command = new ArrayList<>(List.of(PYTHON, "-W", "ignore"));
        command.add(scripts.resolve(script + ".py").toString());
        command.addAll(List.of("--device", "cuda", "--mode", mode));
        command.addAll(
                List.of("--precision", precision.name().toLowerCase(Locale.ROOT), workload, "0", folder.toString()));
        for (Map.Entry<String, Array> each : arrays.entrySet()) {
            Array array = each.getValue();
            ByteBuffer bytes = ByteBuffer.allocate(4 * array.values.length).order(ByteOrder.nativeOrder());
            bytes.asFloatBuffer().put(array.values);
            Files.write(folder.resolve(each.getKey()), bytes.array());
            command.add(each.getKey() + "="
                    + IntStream.of(array.extents).mapToObj(Integer::toString).collect(Collectors.joining(",")));
        }
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("XLA_PYTHON_CLIENT_PREALLOCATE", "false");
        // Several compile at the same time, each with as many workers as there are cores unless it is told otherwise.
        builder.environment().put("TORCHINDUCTOR_COMPILE_THREADS", "4");
        process = builder.start();
        said = process.inputReader();
        orders = process.outputWriter();
    }

    /// Its framework and mode: `torch graph`.
    String name() {
        return name;
    }

    /// Its loss on the arrays, before any step, once it is ready.
    ///
    /// @param deadline by [System#nanoTime]
    /// @throws IOException when it cannot do this work, and has said why on the screen; or is not ready by then
    double loss(long deadline) throws IOException {
        while (process.isAlive() && !said.ready()) {
            if (System.nanoTime() - deadline > 0) {
                throw new IOException("the script is not ready yet; peer=" + name);
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
        return Double.parseDouble(answer());
    }

    /// Ends the process; what it has left stays until [#close].
    void stop() {
        process.destroyForcibly();
    }

    /// Microseconds a step, of so many in a row.
    double micros(int steps) throws IOException {
        orders.write(steps + "\n");
        orders.flush();
        return Long.parseLong(answer()) / 1e3 / steps;
    }

    private String answer() throws IOException {
        String line = said.readLine();
        if (line == null) {
            throw new IOException("the script has ended; peer=" + name);
        }
        return line;
    }

    /// Numbers that it has left in a file.
    float[] left(String file) throws IOException {
        ByteBuffer bytes =
                ByteBuffer.wrap(Files.readAllBytes(folder.resolve(file))).order(ByteOrder.nativeOrder());
        float[] values = new float[bytes.remaining() / 4];
        bytes.asFloatBuffer().get(values);
        return values;
    }

    @Override
    public void close() {
        process.destroy();
        try (Stream<Path> files = Files.walk(folder)) {
            process.waitFor();
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    /// Whether Python has a module: the version that it names, or nothing.
    static String version(String module) {
        try {
            Process process = new ProcessBuilder(
                            PYTHON, "-W", "ignore", "-c", "import %1$s; print(%1$s.__version__)".formatted(module))
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String said = new String(process.getInputStream().readAllBytes()).strip();
            return process.waitFor() == 0 ? said.lines().reduce("", (_, last) -> last) : "";
        } catch (IOException e) {
            return "";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        }
    }
}
