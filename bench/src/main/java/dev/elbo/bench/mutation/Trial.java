package dev.elbo.bench.mutation;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Runs tests over changed code in a process of their own, which may hang or die, until one of them fails.
final class Trial {
    /// What became of a mutant.
    ///
    /// @param killed  whether a test failed
    /// @param test    the first that did; empty for a survivor
    /// @param message what it said, in one line
    record Verdict(boolean killed, String test, String message) {}

    /// Of the processor's time, so that a busy machine kills nothing.
    private static final Duration MOST = Duration.ofSeconds(300);

    private static final int TESTS_FAILED = 1;
    private static final int NO_TESTS = 2;
    private static final int CONSOLE_FAILED = 255;
    private static final Pattern FAILURE = Pattern.compile("(?m)^JUnit Jupiter > (.*) :: FAILED\\R\\t(.*)\\R");

    private final String classPath;
    private final Path output;

    /// @param classPath of the tests, with JUnit's console
    /// @param temporary where their output goes
    Trial(String classPath, Path temporary) {
        this.classPath = classPath;
        this.output = temporary.resolve("output");
    }

    /// Runs the tests.
    ///
    /// @param folder in front of the class path; may be missing
    /// @param tests  selectors
    Verdict of(Path folder, List<String> tests) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--add-modules",
                "jdk.incubator.vector",
                "-enableassertions", // as Maven runs them
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Delbo.test.device=simulated",
                "-cp",
                folder + File.pathSeparator + classPath,
                "org.junit.platform.console.ConsoleLauncher",
                "execute",
                "--config=junit.jupiter.extensions.autodetection.enabled=true",
                "--exclude-tag=slow",
                "--fail-if-no-tests",
                "--disable-banner",
                "--disable-ansi-colors",
                "--details=testfeed"));
        command.addAll(tests);
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        while (!process.waitFor(1, TimeUnit.SECONDS)) {
            Duration used = process.info().totalCpuDuration().orElse(Duration.ZERO);
            Optional<Verdict> failure = failure();
            if (failure.isPresent() || used.compareTo(MOST) > 0) {
                process.destroyForcibly().waitFor();
                return failure.orElse(new Verdict(true, "all", "no end within " + MOST.toSeconds() + " s"));
            }
        }
        int status = process.exitValue();
        if (status == 0) {
            return new Verdict(false, "", "");
        }
        Optional<Verdict> failure = failure();
        if (status == TESTS_FAILED && failure.isPresent()) {
            return failure.get();
        }
        if (status == NO_TESTS || status == CONSOLE_FAILED || status == TESTS_FAILED) {
            throw new IOException("Trial: the tests did not run; status=" + status + ", output=" + said());
        }
        return new Verdict(true, "all", "the process died; status=" + status);
    }

    /// The first test that has failed so far.
    private Optional<Verdict> failure() throws IOException {
        Matcher failure = FAILURE.matcher(said());
        return failure.find()
                ? Optional.of(new Verdict(true, failure.group(1).replace(" > ", ":"), failure.group(2)))
                : Optional.empty();
    }

    /// What was printed so far, which may end within a letter.
    private String said() throws IOException {
        return new String(Files.readAllBytes(output), StandardCharsets.UTF_8);
    }
}
