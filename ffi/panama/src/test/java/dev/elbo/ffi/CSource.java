package dev.elbo.ffi;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// C that a test compiles with the system's compiler. Without one the test aborts and says so.
final class CSource {
    private CSource() {}

    /// Compiles `source` into the shared library `file`.
    ///
    /// @param options further options, such as `-DVERSION=12`
    static Path library(Path file, String source, String... options) throws IOException, InterruptedException {
        Path c = Files.writeString(Files.createTempFile("elbo", ".c"), source);
        List<String> command = new ArrayList<>(List.of(compiler("cc", "gcc", "clang"), "-shared", "-fPIC", "-O1"));
        command.addAll(List.of(options));
        command.addAll(List.of("-o", file.toString(), c.toString()));
        Files.createDirectories(file.getParent());
        String said = run(command);
        Files.delete(c);
        if (!Files.exists(file)) {
            throw new IllegalStateException("compiler failed: " + said);
        }
        return file;
    }

    /// The first of these compilers that is on the path.
    static String compiler(String... names) {
        for (String folder : System.getenv("PATH").split(":")) {
            for (String name : names) {
                Path file = Path.of(folder, name);
                if (Files.isExecutable(file)) {
                    return file.toString();
                }
            }
        }
        return abort("no C compiler on the path; looked for " + Stream.of(names).toList());
    }

    /// Runs a command to its end and returns what it said.
    static String run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes());
        process.waitFor();
        return said;
    }
}
