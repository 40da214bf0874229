package dev.elbo.bench.mutation;

import dev.elbo.kernels.Kernels;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/// Mutants of operations, which call kernels and loops, and of the loops of the CPU.
final class JavaWorkshop implements Workshop {
    private static final Path SOURCES = Path.of("runtime/src/main/java");
    private static final String OPS = "dev/elbo/runtime/ops";
    private static final String CPU = "dev/elbo/runtime/cpu";

    /// Loops, and the kernel families that are compared with them.
    private static final Map<String, List<String>> TWINS = Map.ofEntries(
            Map.entry("Binary", List.of("pointwise")),
            Map.entry("LoopedFactor", List.of("gaussian_full")),
            Map.entry("LoopedNoise", List.of("random", "reparameterise")),
            Map.entry("LoopedNormalise", List.of("batch_normalise")),
            Map.entry("LoopedPointwise", List.of("pointwise")),
            Map.entry("LoopedRows", List.of("reduce", "likelihood")),
            Map.entry("LoopedSoftmax", List.of("logsumexp", "likelihood")),
            Map.entry("LoopedUpdates", List.of("optimize")),
            Map.entry("RowMap", List.of("logsumexp")),
            Map.entry("Term", List.of("likelihood")),
            Map.entry("Unary", List.of("pointwise")));

    /// The twins of these kernels have loops of their own.
    private static final String CONVOLUTION = "LoopedConvolution";

    private static final List<String> CHAINS = List.of("LogSequence", "LoopedChain", "LoopedScan", "ScaledSequence");

    private final Path temporary;
    private final TestNames tests;
    private final String classPath;
    private final JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();

    JavaWorkshop(Path temporary, TestNames tests, String classPath) {
        this.temporary = temporary;
        this.tests = tests;
        this.classPath = classPath;
    }

    @Override
    public List<Path> sources() throws IOException {
        List<Path> sources = new ArrayList<>();
        try (Stream<Path> files = Files.list(SOURCES.resolve(OPS))) {
            sources.addAll(files.sorted().toList());
        }
        Stream.of(TWINS.keySet(), List.of(CONVOLUTION), CHAINS)
                .flatMap(Collection::stream)
                .sorted()
                .forEach(name -> sources.add(SOURCES.resolve(CPU).resolve(name + ".java")));
        return sources;
    }

    @Override
    public Optional<Made> make(Mutant mutant) throws IOException {
        Path folder = temporary.resolve("classes");
        Path original = temporary.resolve("original");
        if (!compile(mutant.file(), mutant.source(), folder)
                || !compile(mutant.file(), Files.readString(mutant.file()), original)
                || same(folder, original)) {
            return Optional.empty();
        }
        List<String> guards = guards(mutant.file().getFileName().toString().replace(".java", ""));
        return guards.isEmpty() ? Optional.empty() : Optional.of(new Made(folder, guards));
    }

    private boolean compile(Path file, String text, Path folder) throws IOException {
        Files.createDirectories(folder);
        URI name = URI.create("string:///" + SOURCES.relativize(file));
        JavaFileObject source = new SimpleJavaFileObject(name, JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return text;
            }
        };
        List<String> options = List.of(
                "-proc:none",
                "-nowarn",
                "--add-modules",
                "jdk.incubator.vector",
                "-d",
                folder.toString(),
                "-cp",
                classPath);
        return compiler.getTask(new StringWriter(), null, null, options, null, List.of(source))
                .call();
    }

    private static boolean same(Path folder, Path original) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (Files.mismatch(file, original.resolve(folder.relativize(file))) >= 0) {
                    return false;
                }
            }
        }
        return true;
    }

    private List<String> guards(String name) {
        if (CHAINS.contains(name)) {
            return TestNames.CHAINS;
        }
        if (name.equals(CONVOLUTION)) {
            return TestNames.CONVOLUTIONS;
        }
        List<String> families = TWINS.get(name);
        if (families == null) {
            return tests.ofOperation(name);
        }
        return families.stream()
                .flatMap(family -> Kernels.family(family).entries().stream())
                .flatMap(kernel -> tests.ofKernel(kernel.name()).stream())
                .distinct()
                .toList();
    }
}
