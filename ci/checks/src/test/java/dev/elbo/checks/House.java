package dev.elbo.checks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/// The checkout under test: where it is, which modules it has, and its files.
final class House {
    /// A module of the build.
    ///
    /// @param folder  where it is, from the root
    /// @param prefix  the package its classes live in, as class files write it
    /// @param mayUse  packages of other modules its main classes may mention
    /// @param foreign packages from outside the JDK its main classes may mention
    record Module(String folder, String prefix, List<String> mayUse, List<String> foreign) {
        Path classes() {
            return ROOT.resolve(folder).resolve("target/classes");
        }

        List<Path> sources() {
            return walk(ROOT.resolve(folder).resolve("src")).stream()
                    .filter(file -> file.toString().endsWith(".java"))
                    .toList();
        }
    }

    static final Path ROOT = root();

    private static final String KERNELS = "dev/elbo/kernels/";
    private static final String FFI = "dev/elbo/ffi/";
    private static final String JCUDA = "dev/elbo/ffi/jcuda/";
    private static final String SIMULATOR = "dev/elbo/simulator/";
    private static final String RUNTIME = "dev/elbo/runtime/";
    private static final String MODELS = "dev/elbo/models/";
    private static final String CLI = "dev/elbo/cli/";
    private static final String BENCH = "dev/elbo/bench/";

    /// The direction of dependence: each module sees what its line names, and nothing else.
    static final List<Module> MODULES = List.of(
            new Module("native/kernels", KERNELS, List.of(), List.of()),
            new Module("ffi/panama", FFI, List.of(), List.of()),
            new Module("ffi/jcuda", JCUDA, List.of(FFI), List.of("jcuda/")),
            new Module("native/simulator", SIMULATOR, List.of(), List.of("org/junit/")),
            new Module("runtime", RUNTIME, List.of(KERNELS, FFI), List.of()),
            new Module("models/zoo", MODELS, List.of(RUNTIME), List.of()),
            new Module("models/cli", CLI, List.of(MODELS, RUNTIME), List.of("picocli/")),
            new Module(
                    "bench",
                    BENCH,
                    List.of(KERNELS, FFI, JCUDA, SIMULATOR, RUNTIME, MODELS, CLI),
                    List.of("org/openjdk/jmh/", "jcuda/", "ai/djl/", "joptsimple/")));

    private House() {}

    /// Every regular file below `folder` that the build did not make, in a fixed order.
    static List<Path> walk(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .filter(file -> !generated(ROOT.relativize(file)))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean generated(Path relative) {
        Set<String> skipped = Set.of("target", ".git", "runs");
        for (Path part : relative) {
            if (skipped.contains(part.toString())) {
                return true;
            }
        }
        return false;
    }

    private static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve(".ci/run"))) {
            folder = folder.getParent();
            if (folder == null) {
                throw new IllegalStateException("the checks run inside a checkout: no .ci/run above "
                        + Path.of("").toAbsolutePath());
            }
        }
        return folder;
    }
}
