package dev.elbo.runtime.random;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The headers of the kernels, compiled for the host by the machine's C compiler.
public final class HostCompiler {
    private static final Path HEADERS = Path.of("..", "native", "kernels", "src", "main", "cuda", "common");

    private HostCompiler() {}

    /// The program `fingerprints.c`, or nothing where there is no C compiler.
    ///
    /// @param folder where the program is put
    public static Optional<Path> fingerprints(Path folder) throws IOException, InterruptedException {
        if (!works(List.of("cc", "--version"))) {
            return Optional.empty();
        }
        Path source = folder.resolve("fingerprints.c");
        try (InputStream in = HostCompiler.class.getResourceAsStream("fingerprints.c")) {
            Files.copy(in, source, StandardCopyOption.REPLACE_EXISTING);
        }
        Path program = folder.resolve("fingerprints");
        run(List.of(
                "cc",
                "-std=c11",
                "-O2",
                "-ffp-contract=off",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-I",
                HEADERS.toString(),
                source.toString(),
                "-o",
                program.toString(),
                "-lm"));
        return Optional.of(program);
    }

    private static boolean works(List<String> command) throws InterruptedException {
        try {
            return new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false; // no such program
        }
    }

    /// The lines `name value` that a program prints.
    public static Map<String, String> values(List<String> command) throws IOException, InterruptedException {
        Map<String, String> values = new HashMap<>();
        run(command).lines().filter(line -> line.contains(" ")).forEach(line -> {
            String[] parts = line.split(" ");
            values.put(parts[0], parts[1]);
        });
        return values;
    }

    private static String run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());
        int status = process.waitFor();
        if (status != 0) {
            throw new IOException("a program failed: " + output + "; status=" + status + ", command=" + command);
        }
        return output;
    }
}
