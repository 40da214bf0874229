package dev.elbo.simulator.shim;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// The system's C compiler, and the shared objects it has already made.
///
/// Results are kept in a folder that only the user may enter, named by what they were made from:
/// `-Delbo.simulator.cache`, else `$XDG_CACHE_HOME/elbo-simulator`, else `~/.cache/elbo-simulator`.
final class CCompiler {
    private static final long SECONDS = 120;

    private CCompiler() {}

    /// The shared object of a library, made now unless it has been made before.
    ///
    /// @throws IllegalStateException if it must be made and there is no compiler; says what to install
    static Path compile(CLibrary library) throws IOException {
        String source = library.source();
        Path folder = cache().resolve(hash(source + library.versions() + library.soname()));
        Path made = folder.resolve(library.soname());
        if (Files.isRegularFile(made)) return made;

        Path compiler = find();
        Files.createDirectories(
                folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path work = Files.createTempDirectory(folder, "make");
        Path c = Files.writeString(work.resolve("shim.c"), source);
        Path map = Files.writeString(work.resolve("shim.map"), library.versions());
        Path out = work.resolve(library.soname());
        Path log = work.resolve("log");
        run(
                log,
                List.of(
                        compiler.toString(),
                        "-shared",
                        "-fPIC",
                        "-O1",
                        "-w",
                        "-fvisibility=hidden",
                        "-Wl,-soname," + library.soname(),
                        "-Wl,--version-script=" + map,
                        "-o",
                        out.toString(),
                        c.toString()));
        move(out, made);
        for (Path file : List.of(c, map, log, work)) Files.delete(file);
        return made;
    }

    private static Path cache() {
        String chosen = System.getProperty("elbo.simulator.cache");
        if (chosen != null) return Path.of(chosen);
        String shared = System.getenv("XDG_CACHE_HOME");
        Path folder = shared == null || shared.isBlank()
                ? Path.of(System.getProperty("user.home"), ".cache")
                : Path.of(shared);
        return folder.resolve("elbo-simulator");
    }

    private static Path find() {
        List<String> names = new ArrayList<>();
        String chosen = System.getProperty("elbo.simulator.cc", System.getenv("CC"));
        if (chosen != null && !chosen.isBlank()) names.add(chosen);
        names.addAll(List.of("cc", "gcc", "clang"));
        for (String name : names) {
            for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
                Path candidate = Path.of(folder).resolve(name);
                if (Files.isRegularFile(candidate) && Files.isExecutable(candidate)) return candidate;
            }
        }
        throw new IllegalStateException("simulated GPU: no C compiler; looked for=" + names
                + " on PATH, install gcc or clang, or name one with -Delbo.simulator.cc");
    }

    /// Several test runs may make the same file at once; each moves its own into place whole.
    private static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException _) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static void run(Path log, List<String> command) throws IOException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IOException(
                        "simulated GPU: the C compiler did not end; seconds=" + SECONDS + ", command=" + command);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("simulated GPU: interrupted while compiling", e);
        }
        if (process.exitValue() != 0) {
            throw new IOException("simulated GPU: the C compiler failed; exit=" + process.exitValue() + ", command="
                    + command + "\n" + Files.readString(log, UTF_8));
        }
    }

    private static String hash(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
            return HexFormat.of().formatHex(digest, 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has SHA-256", e);
        }
    }
}
