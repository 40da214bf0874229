package dev.elbo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.elbo.models.training.RunFolder;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The command at a terminal, which `script` of util-linux plays: progress in one line, and Ctrl-C.
class TerminalTest {
    private static final char CTRL_C = 3;
    private static final int PATIENCE_SECONDS = 300;
    private static final String[] TRAIN = {
        "train", "vae", "--hidden", "8", "--latent", "2", "--batch", "10", "--seed", "5", "--device", "cpu"
    };

    @TempDir
    Path folder;

    @BeforeAll
    static void hasTerminal() throws Exception {
        Path script = Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
                .map(place -> Path.of(place, "script"))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
        assumeTrue(script != null, "skipped: no `script` on the path to play a terminal");
        Process version = new ProcessBuilder(script.toString(), "--version")
                .redirectErrorStream(true)
                .start();
        version.getOutputStream().close();
        String said = new String(version.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assumeTrue(said.contains("util-linux"), "skipped: `script` is not that of util-linux: " + said);
    }

    /// A command at a terminal.
    private static final class Terminal implements AutoCloseable {
        private final Process process;
        private final Reader out;
        private final Thread watch;
        private final StringBuilder shown = new StringBuilder();

        Terminal(List<String> words) throws IOException {
            String line = Session.process(words).stream()
                    .map(word -> "'" + word.replace("'", "'\\''") + "'")
                    .collect(Collectors.joining(" "));
            // A test run in the background has Ctrl-C ignored, and who is started by it inherits that.
            process = new ProcessBuilder(
                            "env",
                            "--default-signal=INT",
                            "script",
                            "--quiet",
                            "--flush",
                            "--return",
                            "--command",
                            line,
                            "/dev/null")
                    .redirectErrorStream(true)
                    .start();
            out = new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8);
            watch = Thread.startVirtualThread(this::endWhenItHangs);
        }

        private void endWhenItHangs() {
            try {
                Thread.sleep(Duration.ofSeconds(PATIENCE_SECONDS));
                end();
            } catch (InterruptedException _) {
                // It has ended.
            }
        }

        /// Reads on until `text` has been shown.
        void awaits(String text) throws IOException {
            while (shown.indexOf(text) < 0) {
                int next = out.read();
                if (next < 0) {
                    throw new IOException("it ended without " + text + ": " + shown);
                }
                shown.append((char) next);
            }
        }

        void types(char key) throws IOException {
            process.getOutputStream().write(key);
            process.getOutputStream().flush();
        }

        /// The exit code, after everything has been shown.
        int ends() throws Exception {
            for (int next = out.read(); next >= 0; next = out.read()) {
                shown.append((char) next);
            }
            return process.waitFor();
        }

        private void end() {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }

        @Override
        public void close() {
            watch.interrupt();
            end();
        }
    }

    private List<String> train(int epochs, Path run) {
        List<String> words = new ArrayList<>(List.of(TRAIN));
        words.addAll(List.of("--epochs", String.valueOf(epochs), "--out", run.toString()));
        return words;
    }

    @Test
    void progressIsOneLineThatIsWrittenOver() throws Exception {
        try (Terminal terminal = new Terminal(train(2, folder.resolve("run")))) {
            assertEquals(0, terminal.ends(), terminal.shown.toString());
            String shown = terminal.shown.toString();
            assertTrue(shown.contains("\r" + "█".repeat(14) + " epoch"), shown);
            String written = shown.substring(shown.indexOf("epoch"), shown.lastIndexOf("epoch"));
            assertTrue(written.chars().filter(c -> c == '\r').count() >= 10, "not written over: " + shown);
            assertEquals(-1, written.indexOf('\n'), "not in one line: " + shown);
            for (String line : written.split("\r")) {
                assertTrue(line.replace("\u001b[K", "").length() <= 80, "wider than a terminal: " + line);
            }
        }
    }

    /// Ctrl-C saves, says how to go on, and going on ends in the bytes of a run that nobody interrupted.
    @Test
    void ctrlCSavesAndTheRunGoesOn() throws Exception {
        Path run = folder.resolve("interrupted");
        try (Terminal terminal = new Terminal(train(6, run))) {
            terminal.awaits("epoch");
            terminal.types(CTRL_C);
            int code = terminal.ends();
            String shown = terminal.shown.toString();
            assertTrue(shown.contains("go on with: elbo train --resume " + run), shown);
            assertEquals(130, code, shown);
            assertTrue(!shown.contains("Exception"), shown);
        }
        assertEquals(0, Session.run("train", "--resume", run, "--device", "cpu").code());
        Path whole = folder.resolve("whole");
        assertEquals(0, Session.run(train(6, whole).toArray()).code());
        assertEquals(
                -1,
                Files.mismatch(
                        RunFolder.checkpoints(run).getLast(),
                        RunFolder.checkpoints(whole).getLast()));
    }

    @Test
    void ctrlCEndsThePage() throws Exception {
        Path run = folder.resolve("run");
        assertEquals(0, Session.run(train(1, run).toArray()).code());
        try (Terminal terminal = new Terminal(List.of("explore", run.toString(), "--device", "cpu"))) {
            terminal.awaits("Ctrl-C ends it");
            terminal.types(CTRL_C);
            int code = terminal.ends();
            assertEquals(130, code, terminal.shown.toString());
            assertTrue(!terminal.shown.toString().contains("Exception"), terminal.shown.toString());
        }
    }
}
