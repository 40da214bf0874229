package dev.elbo.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A library of somebody else's, `ci/consumer`, builds on the artifacts of this checkout and passes its own tests.
///
/// Maven gets a repository of its own: Elbo's jars as `install` would put them, made from the class files of this
/// build, and beside them links to what the user's repository has of others. Nothing is installed in the latter.
class ConsumerTest {
    private static final String VERSION = "0.1.0-SNAPSHOT";
    private static final Map<String, String> ARTIFACTS = Map.of(
            "elbo-kernels", "native/kernels",
            "elbo-ffi", "ffi/panama",
            "elbo-runtime", "runtime",
            "elbo-simulator", "native/simulator");

    @TempDir
    Path folder;

    @Test
    void aLibraryThatDependsOnTheRuntimeAloneBuildsAndRuns() throws Exception {
        Path repository = folder.resolve("repository");
        List<Path> links = link(Path.of(System.getProperty("elbo.maven.repository")), repository, "dev");
        try {
            install(repository);
            copy(House.ROOT.resolve("ci/consumer"), folder.resolve("consumer"));
            assertBuilds(repository);
        } finally {
            for (Path link : links) {
                Files.delete(link); // before the temporary folder is, whose removal must not meet what they lead to
            }
        }
    }

    private static void install(Path repository) throws IOException {
        install(repository, "elbo", House.ROOT.resolve("pom.xml"));
        for (Map.Entry<String, String> artifact : ARTIFACTS.entrySet()) {
            Path module = House.ROOT.resolve(artifact.getValue());
            Path installed = install(repository, artifact.getKey(), module.resolve("pom.xml"));
            Path jar = installed.resolve(artifact.getKey() + "-" + VERSION + ".jar");
            ToolProvider tool = ToolProvider.findFirst("jar").orElseThrow();
            Path classes = module.resolve("target/classes");
            int status = tool.run(
                    System.out, System.err, "--create", "--file", jar.toString(), "-C", classes.toString(), ".");
            assertEquals(0, status, jar.toString());
        }
        assertTrue(bytes(repository, "elbo-kernels", "elbo-ffi", "elbo-runtime") < 5_000_000, "the runtime has grown");
    }

    private void assertBuilds(Path repository) throws IOException, InterruptedException {
        Path output = folder.resolve("output");
        Path maven = Path.of(System.getProperty("elbo.maven.home"), "bin", "mvn");
        ProcessBuilder build = new ProcessBuilder(
                        maven.toString(), "--batch-mode", "--offline", "-Dmaven.repo.local=" + repository, "test")
                .directory(folder.resolve("consumer").toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        build.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process maker = build.start();
        assertTrue(maker.waitFor(5, TimeUnit.MINUTES), "still building after five minutes");
        String said = Files.readString(output);
        assertEquals(0, maker.exitValue(), said);
        assertTrue(said.contains("Tests run: 3, Failures: 0, Errors: 0, Skipped: 0"), said);
    }

    /// Links to all that a repository has but Elbo's own.
    private static List<Path> link(Path from, Path to, String shared) throws IOException {
        List<Path> links = new ArrayList<>();
        Files.createDirectories(to.resolve(shared));
        for (Path each : list(from)) {
            if (!each.getFileName().toString().equals(shared)) {
                links.add(Files.createSymbolicLink(to.resolve(each.getFileName()), each));
            }
        }
        for (Path each : list(from.resolve(shared))) {
            if (!each.getFileName().toString().equals("elbo")) {
                links.add(Files.createSymbolicLink(to.resolve(shared).resolve(each.getFileName()), each));
            }
        }
        return links;
    }

    private static List<Path> list(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.toList();
        }
    }

    private static Path install(Path repository, String artifact, Path pom) throws IOException {
        Path installed = Files.createDirectories(
                repository.resolve("dev/elbo").resolve(artifact).resolve(VERSION));
        Files.copy(pom, installed.resolve(artifact + "-" + VERSION + ".pom"));
        return installed;
    }

    private static long bytes(Path repository, String... artifacts) throws IOException {
        long sum = 0;
        for (String artifact : artifacts) {
            Path installed = repository.resolve("dev/elbo").resolve(artifact).resolve(VERSION);
            sum += Files.size(installed.resolve(artifact + "-" + VERSION + ".jar"));
        }
        return sum;
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) throws IOException {
                if (folder.endsWith("target")) {
                    return FileVisitResult.SKIP_SUBTREE;
                }
                Files.createDirectories(to.resolve(from.relativize(folder)));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.copy(file, to.resolve(from.relativize(file)));
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
