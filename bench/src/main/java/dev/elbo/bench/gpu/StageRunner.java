package dev.elbo.bench.gpu;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Runs stages one after the other, each within its time. One that fails, hangs or dies hides nothing of the others: a
/// second run leaves out what passed, and comes back to what was begun in vain after all that was not begun at all.
///
/// ```
/// OUT/log.txt         what everybody said, as it came
/// OUT/summary.txt     one screen, written anew after each stage
/// WORK/done/NAME      a stage that passed
/// WORK/begun/NAME     one that has not
/// ```
final class StageRunner {
    /// A stage that says more than this goes on, but its log does not.
    private static final long LOG_BYTES = 1 << 20;

    /// A program that was asked to stop puts its work away first.
    private static final int GRACE_SECONDS = 15;

    // JUnit's own summary: "[       411 tests successful      ]".
    private static final Pattern TESTS = Pattern.compile("^\\[ *(\\d+) tests (successful|failed|aborted) *]");

    private final Path out;
    private final Path done;
    private final Path begun;
    private final PrintStream screen;
    private final long deadline;
    private final Map<String, Outcome> outcomes = new LinkedHashMap<>();
    private volatile Process running;

    /// @param seconds for all stages together
    StageRunner(Path out, Path work, int seconds, PrintStream screen) throws IOException {
        this.out = out;
        this.done = work.resolve("done");
        this.begun = work.resolve("begun");
        this.screen = screen;
        this.deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        Files.createDirectories(out);
        Files.createDirectories(done);
        Files.createDirectories(begun);
    }

    /// Runs what has not passed yet.
    ///
    /// @return whether nothing went wrong
    boolean run(List<Stage> stages) throws IOException, InterruptedException {
        stages.forEach(stage -> outcomes.put(stage.name(), new Outcome(Outcome.Kind.NOT_BEGUN, 0, "", List.of())));
        List<Stage> left = new ArrayList<>();
        for (Stage stage : stages) {
            if (Files.exists(done.resolve(stage.name()))) {
                List<String> lines = Files.readAllLines(done.resolve(stage.name()));
                outcomes.put(stage.name(), new Outcome(Outcome.Kind.PASSED, 0, "earlier", lines));
            } else {
                left.add(stage);
            }
        }
        left.sort(Comparator.comparing(stage -> !stage.needed() && Files.exists(begun.resolve(stage.name()))));
        boolean lost = false;
        for (int i = 0; i < left.size() && !lost; i++) {
            Stage stage = left.get(i);
            int later = left.stream().skip(i + 1).mapToInt(Stage::least).sum();
            // Where there is not enough for all, the first have theirs.
            int own = Math.min(stage.least(), left());
            Outcome outcome = run(stage, Math.max(own, Math.min(stage.most(), left() - later)));
            outcomes.put(stage.name(), outcome);
            if (outcome.kind() == Outcome.Kind.PASSED) {
                Files.write(done.resolve(stage.name()), outcome.lines());
                Files.delete(begun.resolve(stage.name()));
            }
            lost = stage.needed() && outcome.kind() != Outcome.Kind.PASSED;
            Files.writeString(out.resolve("summary.txt"), summary());
        }
        screen.print(System.lineSeparator() + summary());
        return outcomes.values().stream().noneMatch(each -> each.kind() == Outcome.Kind.FAILED) && !lost;
    }

    /// Ends the stage that is running, and all that it has started: for the end of this process.
    void abandon() {
        Process process = running;
        if (process != null) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private int left() {
        return (int) TimeUnit.NANOSECONDS.toSeconds(deadline - System.nanoTime());
    }

    private Outcome run(Stage stage, int seconds) throws IOException, InterruptedException {
        if (seconds < 1) {
            return new Outcome(Outcome.Kind.NOT_BEGUN, 0, "no time left", List.of());
        }
        Files.writeString(begun.resolve(stage.name()), "");
        say("%n== %s, at most %d s%n".formatted(stage.name(), seconds));
        long start = System.nanoTime();
        ProcessBuilder builder = new ProcessBuilder(stage.command()).redirectErrorStream(true);
        builder.environment().putAll(stage.environment());
        builder.environment().put(Stage.SECONDS, String.valueOf(seconds));
        Process process;
        try {
            process = builder.start();
            running = process;
        } catch (IOException e) {
            say(e.getMessage() + System.lineSeparator());
            return new Outcome(Outcome.Kind.NOT_HERE, 0, e.getMessage(), List.of());
        }
        Reader reader = new Reader(process);
        reader.start();
        boolean ended = process.waitFor(seconds, TimeUnit.SECONDS);
        if (!ended) {
            stop(process);
        }
        running = null;
        // A grandchild that went on may hold the pipe open.
        reader.join(TimeUnit.SECONDS.toMillis(5));
        double took = (System.nanoTime() - start) / 1e9;
        return reader.outcome(ended ? process.exitValue() : -1, took);
    }

    private static void stop(Process process) throws InterruptedException {
        List<ProcessHandle> children = process.descendants().toList();
        children.forEach(ProcessHandle::destroy);
        process.destroy();
        if (!process.waitFor(GRACE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
        children.forEach(ProcessHandle::destroyForcibly);
        process.waitFor();
    }

    private void say(String text) {
        screen.print(text);
        screen.flush();
        try {
            Files.writeString(out.resolve("log.txt"), text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String summary() {
        StringBuilder text = new StringBuilder();
        outcomes.forEach((name, outcome) -> text.append("%-14s %s%n".formatted(name, outcome)));
        outcomes.values()
                .forEach(outcome -> outcome.lines()
                        .forEach(line -> text.append("  ").append(line).append(System.lineSeparator())));
        return text.toString();
    }

    /// What a stage says, line by line.
    private final class Reader extends Thread {
        private final Process process;
        private final List<String> lines = new ArrayList<>();
        private final Map<String, Integer> tests = new LinkedHashMap<>();
        private volatile String last = "";
        private long bytes;

        Reader(Process process) {
            super("output of a stage");
            this.process = process;
            setDaemon(true);
        }

        @Override
        public void run() {
            try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
                for (String line = output.readLine(); line != null; line = output.readLine()) {
                    take(line);
                }
            } catch (IOException e) {
                take("the output broke off: " + e.getMessage());
            }
        }

        private synchronized void take(String line) {
            bytes += line.length() + 1;
            if (bytes <= LOG_BYTES) {
                say(line + System.lineSeparator());
            }
            if (line.startsWith("= ")) {
                lines.add(line.substring(2));
            } else if (line.startsWith("test_nll")) { // of the command itself
                lines.add(line);
            }
            Matcher counted = TESTS.matcher(line);
            if (counted.find()) {
                tests.merge(counted.group(2), Integer.parseInt(counted.group(1)), Integer::sum);
            }
            last = line.isBlank() ? last : line;
        }

        /// @param code exit code; -1 if it was stopped
        synchronized Outcome outcome(int code, double seconds) {
            String note = tests.isEmpty() ? "" : counted();
            Outcome.Kind kind;
            if (code == -1) {
                kind = Outcome.Kind.CUT;
            } else if (code == Stage.NOT_HERE) {
                kind = Outcome.Kind.NOT_HERE;
                note = last;
            } else if (code != 0) {
                kind = Outcome.Kind.FAILED;
                note = note.isEmpty() ? "exit code " + code + ": " + last : note;
            } else if (!tests.isEmpty() && tests.getOrDefault("successful", 0) == 0) {
                kind = Outcome.Kind.FAILED;
                note = "no test ran: " + note;
            } else {
                kind = Outcome.Kind.PASSED;
            }
            if (note.isEmpty() && lines.isEmpty()) {
                note = last.strip();
            }
            return new Outcome(kind, seconds, note, List.copyOf(lines));
        }

        private String counted() {
            List<String> words = new ArrayList<>();
            for (String what : List.of("successful", "failed", "aborted")) {
                int count = tests.getOrDefault(what, 0);
                if (count > 0 || what.equals("successful")) {
                    words.add(count + " " + what);
                }
            }
            return "tests: " + String.join(", ", words);
        }
    }
}
