package dev.elbo.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/// What a benchmark measured, one JSON object a line, with where and how and how noisy.
///
/// ```json
/// {"benchmark":"BoundaryBench.launch","binding":"panama","score":17.1,"error":0.4,"median":17.0,"best":16.8,...}
/// ```
///
/// `error` is half the 99.9 % confidence interval of `score`, the mean over all iterations of all forks; a difference
/// inside the errors of both sides is none. `best` is the lowest iteration, so for a time the one that was disturbed
/// least. Counters that a benchmark keeps beside its score follow with their errors. `load` is the machine's load
/// average when the run ended: at rest it is about 1.
final class Results {
    private Results() {}

    /// Appends a line for each of `runs`.
    static void append(Path file, Collection<RunResult> runs) throws IOException {
        Map<String, String> where = where();
        List<String> lines = new ArrayList<>();
        for (RunResult run : runs) {
            lines.add(line(run, where));
        }
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.write(file, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /// Appends one line that is not JMH's.
    ///
    /// @param measured names and JSON values, in order
    static void append(Path file, Map<String, String> measured) throws IOException {
        Map<String, String> fields = new LinkedHashMap<>(measured);
        fields.putAll(where());
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.writeString(file, json(fields) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private static String line(RunResult run, Map<String, String> where) {
        Map<String, String> fields = new LinkedHashMap<>();
        BenchmarkParams params = run.getParams();
        String[] name = params.getBenchmark().split("\\.");
        fields.put("benchmark", quoted(name[name.length - 2] + "." + name[name.length - 1]));
        for (String key : params.getParamsKeys()) {
            fields.put(key, quoted(params.getParam(key)));
        }
        Result<?> primary = run.getPrimaryResult();
        fields.put("score", number(primary.getScore()));
        fields.put("error", number(primary.getScoreError()));
        fields.put("median", number(primary.getStatistics().getPercentile(50)));
        fields.put("best", number(primary.getStatistics().getMin()));
        fields.put("unit", quoted(primary.getScoreUnit()));
        fields.put("iterations", Long.toString(primary.getSampleCount()));
        fields.put("forks", Integer.toString(params.getForks()));
        Result<?> garbage = run.getSecondaryResults().get("gc.alloc.rate.norm");
        if (garbage != null) {
            fields.put("heap_bytes_per_op", number(garbage.getScore()));
        }
        run.getSecondaryResults().forEach((counter, result) -> {
            if (!counter.contains(".")) {
                fields.put(counter, number(result.getScore()));
                fields.put(counter + "_error", number(result.getScoreError()));
            }
        });
        fields.putAll(where);
        return json(fields);
    }

    private static String json(Map<String, String> fields) {
        return fields.entrySet().stream()
                .map(field -> quoted(field.getKey()) + ":" + field.getValue())
                .collect(Collectors.joining(",", "{", "}"));
    }

    private static Map<String, String> where() throws IOException {
        Map<String, String> where = new LinkedHashMap<>();
        where.put("time", quoted(Instant.now().truncatedTo(ChronoUnit.SECONDS).toString()));
        where.put("commit", commit());
        where.put("jdk", quoted(Runtime.version().toString()));
        where.put("cpu", quoted(cpu()));
        where.put("cores", Integer.toString(Runtime.getRuntime().availableProcessors()));
        where.put("load", number(ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage()));
        return where;
    }

    /// The commit that is checked out, as a JSON string.
    static String commit() throws IOException {
        return quoted(said("git", "rev-parse", "--short", "HEAD"));
    }

    private static String cpu() throws IOException {
        Path info = Path.of("/proc/cpuinfo");
        if (!Files.isReadable(info)) {
            return System.getProperty("os.arch");
        }
        return Files.readAllLines(info).stream()
                .filter(line -> line.startsWith("model name"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse(System.getProperty("os.arch"));
    }

    private static String said(String... command) throws IOException {
        return new String(new ProcessBuilder(command).start().getInputStream().readAllBytes()).strip();
    }

    /// A JSON number of four digits.
    static String number(double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%.4g", value) : "null";
    }

    /// A JSON string.
    static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}
