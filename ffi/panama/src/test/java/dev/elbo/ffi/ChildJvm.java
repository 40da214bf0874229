package dev.elbo.ffi;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Runs a `main` in a JVM of its own, for what a process can do but once: finding its libraries.
public final class ChildJvm {
    private ChildJvm() {}

    /// What the child did.
    public record Outcome(int exit, String output) {}

    /// @param options options of the JVM, such as `-Delbo.library.cuda=…`
    public static Outcome run(Class<?> program, String... options) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1"));
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", classPath(), program.getName()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());
        return new Outcome(process.waitFor(), output);
    }

    /// Everything this JVM sees, on one class path: a module patched with its tests cannot be passed on as it is.
    private static String classPath() {
        return String.join(
                System.getProperty("path.separator"),
                List.of(
                        Path.of("target", "classes").toString(),
                        Path.of("target", "test-classes").toString(),
                        System.getProperty("java.class.path"),
                        System.getProperty("jdk.module.path", "")));
    }
}
