package dev.elbo.bench;

import dev.elbo.bench.work.Contender;
import dev.elbo.bench.work.Prepared;
import dev.elbo.bench.work.Sized;
import dev.elbo.bench.work.Start;
import dev.elbo.bench.work.Workload;
import dev.elbo.bench.work.Workloads;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.file.Safetensors;
import dev.elbo.runtime.file.StoredArray;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// Question: how much memory does a process need that does nothing but a training step, over and over?
///
/// `ci/bench --peers MemoryBench [STEP…]`: a fresh JVM for each step and library, ended after some seconds of it.
public final class MemoryBench {
    private static final String FILE = "memory.jsonl";

    /// The library of a process that prepares nothing: the JVM alone.
    static final String NOBODY = "jvm";

    /// Elbo, as a library.
    static final String ELBO = "elbo";

    private MemoryBench() {}

    /// @param arguments the folder of results, and names of steps; none: all
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path results = Path.of(arguments[0]);
        List<Sized> steps = arguments.length == 1
                ? Workloads.of(Workload.Kind.STEP)
                : Arrays.stream(arguments).skip(1).map(Workloads::named).toList();
        List<Contender.Library> peers = Libraries.here();
        for (Sized step : steps) {
            Path arrays = Files.createTempFile("elbo-memory", ".safetensors");
            try {
                write(step, arrays);
                measure(step, NOBODY, "a JVM that does nothing", arrays, results);
                measure(step, ELBO, "Elbo", arrays, results);
                for (Contender.Library peer : peers) {
                    if (peer.knows(step)) {
                        measure(step, peer.name(), peer.description(), arrays, results);
                    }
                }
            } finally {
                Files.delete(arrays);
            }
        }
        write(results);
    }

    /// Where the peers start, for processes in which Elbo is not to be seen.
    private static void write(Sized step, Path file) throws IOException {
        try (Device cpu = Devices.open("cpu");
                Prepared elbo = Prepared.beside(step, cpu)) {
            Start start = elbo.start();
            Map<String, StoredArray> arrays = new LinkedHashMap<>();
            start.arrays().forEach((name, array) -> {
                List<Long> extents =
                        IntStream.of(array.extents()).mapToObj(Long::valueOf).toList();
                arrays.put(name, StoredArray.of(extents, array.values()));
            });
            new Safetensors(Map.of("loss", Double.toString(start.loss())), arrays).write(file);
        }
    }

    /// What [#write(Sized, Path)] wrote.
    static Start read(Sized step, Path file) throws IOException {
        try (Arena frame = Arena.ofConfined()) {
            Safetensors stored = Safetensors.read(file, frame);
            Map<String, Start.Array> arrays = new LinkedHashMap<>();
            stored.arrays().forEach((name, array) -> {
                int[] extents =
                        array.shape().stream().mapToInt(Math::toIntExact).toArray();
                arrays.put(name, new Start.Array(extents, array.toFloats()));
            });
            return new Start(step, arrays, Double.parseDouble(stored.metadata().get("loss")));
        }
    }

    private static void measure(Sized step, String library, String description, Path arrays, Path results)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--add-modules=jdk.incubator.vector",
                "-XX:-UseProfiledLoopPredicate",
                "-XX:+UseSerialGC",
                "-Xmn16m",
                "-cp",
                System.getProperty("java.class.path"),
                MemoryProbe.class.getName()));
        command.addAll(List.of(library, step.name(), arrays.toString()));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        List<String> said = process.inputReader().readAllLines().reversed();
        if (process.waitFor() != 0 || said.isEmpty()) {
            throw new IOException("memory: a process failed; step=" + step + ", library=" + library + ", status="
                    + process.exitValue());
        }
        String[] peaks = said.getFirst().split(" ");
        Map<String, String> measured = new LinkedHashMap<>();
        measured.put("benchmark", Results.quoted("MemoryBench"));
        measured.put("device", Results.quoted("cpu"));
        measured.put("workload", Results.quoted(step.name()));
        measured.put("sizes", Results.quoted(step.sizes().toString()));
        measured.put("library", Results.quoted(library));
        measured.put("is", Results.quoted(description));
        measured.put("resident_bytes", peaks[0]);
        measured.put("heap_bytes", peaks[1]);
        measured.put("runs", peaks[2]);
        System.out.println(measured);
        Results.append(results.resolve(FILE), measured);
    }

    private static void write(Path results) throws IOException {
        Map<String, Line> latest =
                Line.latest(results.resolve(FILE), line -> line.text("workload") + " " + line.text("library"));
        StringBuilder page = new StringBuilder("""
                # Memory of a process that takes training steps

                Written by `ci/bench --peers MemoryBench` from the last line of `memory.jsonl` for each; not edited by
                hand. A process of its own for each, ended after some seconds of steps. Resident: the most that the
                process, and those it started, had in memory at any time, its code and the data set of 31 MB included.
                Heap: the most that the Java heap held, garbage included. All have the serial collector and a young
                generation of 16 MB.

                | step | library | resident | Java heap |
                | --- | --- | --- | --- |
                """);
        for (Line line : latest.values()) {
            page.append("| %s | %s | %.0f MB | %.0f MB |%n"
                    .formatted(
                            line.text("workload"),
                            line.text("is"),
                            line.number("resident_bytes") / 1e6,
                            line.number("heap_bytes") / 1e6));
        }
        page.append("%nMeasured at %s.%n".formatted(Line.where(latest.values())));
        Files.writeString(results.resolve("memory.md"), page);
    }
}
