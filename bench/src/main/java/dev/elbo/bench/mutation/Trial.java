package dev.elbo.bench.mutation;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Runs tests over changed code in a process of their own, which may hang or die.
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
    private static final Pattern FAILURE = Pattern.compile("(?m)^  JUnit Jupiter:(.*)$");
    private static final Pattern MESSAGE = Pattern.compile("(?m)^    => (.*)$");

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
                "--details=summary"));
        command.addAll(tests);
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        while (!process.waitFor(1, TimeUnit.SECONDS)) {
            Duration used = process.info().totalCpuDuration().orElse(Duration.ZERO);
            if (used.compareTo(MOST) > 0) {
                process.destroyForcibly().waitFor();
                return new Verdict(true, "all", "no end within " + MOST.toSeconds() + " s");
            }
        }
        String said = Files.readString(output);
        int status = process.exitValue();
        if (status == 0) {
            return new Verdict(false, "", "");
        }
        Matcher failure = FAILURE.matcher(said);
        if (status == TESTS_FAILED && failure.find()) {
            Matcher message = MESSAGE.matcher(said);
            return new Verdict(true, failure.group(1), message.find(failure.end()) ? message.group(1) : "");
        }
        if (status == NO_TESTS || status == CONSOLE_FAILED) {
            throw new IOException("Trial: the tests did not run; status=" + status + ", output=" + said);
        }
        return new Verdict(true, "all", "the process died; status=" + status);
    }
}
