package dev.elbo.bench.mutation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Mutants of the CUDA sources, compiled by nvcc. What guards one are the tests of the kernels whose PTX is not
/// what it was.
final class KernelWorkshop implements Workshop {
    private static final Path RESOURCES = Path.of("native/kernels/src/main/resources/dev/elbo/kernels");
    private static final Path CUDA = Path.of("native/kernels/src/main/cuda");
    private static final Pattern ENTRY = Pattern.compile("(?m)^\\.visible \\.entry (\\w+)\\(");

    private static final Pattern TARGET = Pattern.compile("(?m)^\\.target sm_(\\d+)");

    /// A header is in many kernels: so many of them are asked.
    private static final int MOST_KERNELS = 3;

    private final Path temporary;
    private final TestNames tests;
    private final Map<String, Map<String, String>> originals = new TreeMap<>();

    KernelWorkshop(Path temporary, TestNames tests) {
        this.temporary = temporary;
        this.tests = tests;
    }

    /// Whether this machine has the compiler.
    static boolean open() throws IOException {
        try {
            return new ProcessBuilder("nvcc", "--version")
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException _) {
            return false;
        } catch (InterruptedException e) {
            throw new IOException("nvcc: interrupted", e);
        }
    }

    @Override
    public List<Path> sources() throws IOException {
        try (Stream<Path> files = Files.walk(CUDA)) {
            return files.filter(file -> file.toString().matches(".*\\.cuh?"))
                    .sorted()
                    .toList();
        }
    }

    @Override
    public Optional<Made> make(Mutant mutant) throws IOException, InterruptedException {
        Path copy = temporary.resolve("cuda");
        for (Path source : sources()) {
            Path to = copy.resolve(CUDA.relativize(source));
            Files.createDirectories(to.getParent());
            Files.writeString(to, source.equals(mutant.file()) ? mutant.source() : Files.readString(source));
        }
        for (String family : families(mutant.file())) {
            Map<String, String> original = original(family); // first: it leaves its PTX where the mutant's will be
            Optional<Map<String, String>> compiled = compile(copy, family);
            if (compiled.isEmpty()) {
                return Optional.empty();
            }
            List<String> guards = guards(family, original, compiled.get());
            if (!guards.isEmpty()) {
                Path folder = temporary.resolve("classes");
                Path ptx = folder.resolve("dev/elbo/kernels").resolve(family + ".ptx");
                Files.createDirectories(ptx.getParent());
                Files.copy(copy.resolve(family + ".ptx"), ptx);
                return Optional.of(new Made(folder, guards));
            }
        }
        return Optional.empty();
    }

    /// The families that a source is part of.
    private List<String> families(Path source) throws IOException {
        List<String> families = new ArrayList<>();
        String name = CUDA.relativize(source).toString();
        for (Path file : sources()) {
            String family = file.getFileName().toString();
            if (family.endsWith(".cu")
                    && (file.equals(source) || Files.readString(file).contains(name))) {
                families.add(family.replace(".cu", ""));
            }
        }
        return families;
    }

    private List<String> guards(String family, Map<String, String> before, Map<String, String> after) {
        List<String> kernels = after.keySet().stream()
                .filter(kernel -> !after.get(kernel).equals(before.get(kernel)))
                .limit(MOST_KERNELS)
                .toList();
        List<String> guards = kernels.stream()
                .flatMap(each -> tests.ofKernel(each).stream())
                .distinct()
                .toList();
        return guards.isEmpty() && !kernels.isEmpty() ? TestNames.withoutTwins(family) : guards;
    }

    private Map<String, String> original(String family) throws IOException, InterruptedException {
        Map<String, String> known = originals.get(family);
        if (known == null) {
            known = compile(CUDA.toAbsolutePath(), family)
                    .orElseThrow(() -> new IOException("nvcc: does not take the original; family=" + family));
            originals.put(family, known);
        }
        return known;
    }

    /// The PTX of each kernel of a family, which is also written beside the copy of the sources.
    private Optional<Map<String, String>> compile(Path sources, String family)
            throws IOException, InterruptedException {
        Path ptx = temporary.resolve("cuda").resolve(family + ".ptx");
        Files.createDirectories(ptx.getParent());
        String file = sources.resolve(family + ".cu").toString();
        String committed = Files.readString(RESOURCES.resolve(family + ".ptx"));
        Matcher target = TARGET.matcher(committed);
        String arch = target.find() ? target.group(1) : "75";
        Process nvcc = new ProcessBuilder(
                        "nvcc",
                        "-ptx",
                        "-arch=compute_" + arch,
                        "-std=c++17",
                        "--fmad=false",
                        "-o",
                        ptx.toString(),
                        file)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (nvcc.waitFor() != 0) {
            return Optional.empty();
        }
        Matcher version = Pattern.compile("(?m)^\\.version .*").matcher(committed);
        String text = version.find()
                ? Files.readString(ptx).replaceFirst("(?m)^\\.version .*", version.group())
                : Files.readString(ptx);
        Files.writeString(ptx, text);
        Map<String, String> kernels = new LinkedHashMap<>();
        Matcher entry = ENTRY.matcher(text);
        int from = 0;
        String name = "";
        while (entry.find()) {
            kernels.put(name, text.substring(from, entry.start()));
            from = entry.start();
            name = entry.group(1);
        }
        kernels.put(name, text.substring(from));
        kernels.remove("");
        return Optional.of(kernels);
    }
}
