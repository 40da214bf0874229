package dev.elbo.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Runs a `main` of the tests in a JVM of its own.
public final class ChildJvm {
    /// Both compilers and the vectors.
    public static final List<String> COMPILED =
            List.of("-XX:TieredStopAtLevel=4", "--add-modules", "jdk.incubator.vector");

    private ChildJvm() {}

    /// What the program said, once it has ended well.
    ///
    /// @param options of the JVM, which else has its quick compiler alone
    public static String output(Class<?> program, List<String> options, String... arguments) throws Exception {
        // Everything this JVM sees, on one class path: a module patched with its tests cannot be passed on as it is.
        String classPath = String.join(
                System.getProperty("path.separator"),
                Path.of("target", "classes").toString(),
                Path.of("target", "test-classes").toString(),
                System.getProperty("java.class.path"),
                System.getProperty("jdk.module.path", ""));
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-XX:TieredStopAtLevel=1");
        command.addAll(options);
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp", classPath, program.getName()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), said);
        return said;
    }
}
