package dev.elbo.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What is promised of the committed PTX, read from its text. That its bytes are the compiler's is `ci/kernels
/// --check`.
class PtxTest {
    private static final Path SOURCES = Path.of("src/main/cuda");
    private static final Path COMMITTED = Path.of("src/main/resources/dev/elbo/kernels");
    private static final Pattern FLOAT_ATOMIC = Pattern.compile("\\b(atom|red)\\.\\S*\\.(f|bf)(16|32|64)");

    /// A family and one of its PTX files.
    record Variant(KernelFamily family, Ptx ptx) {
        @Override
        public String toString() {
            return ptx.file();
        }
    }

    @ParameterizedTest
    @MethodSource("variants")
    void launchedEarlyEveryKernelWaitsBeforeAllElse(Variant variant) {
        Ptx early = Ptx.parse(variant.ptx.file(), variant.ptx.overlapping());
        assertTrue(early.target().compareTo(new ComputeCapability(9, 0)) >= 0);
        assertEquals(variant.ptx.entries().size(), early.entries().size());
        for (int i = 0; i < early.entries().size(); i++) {
            String before = variant.ptx.entries().get(i).body().replace("ld.global.nc.", "ld.global.");
            String waiting = "\n\tgriddepcontrol.launch_dependents;\n\tgriddepcontrol.wait;" + before;
            assertEquals(waiting, early.entries().get(i).body());
        }
    }

    static Stream<Variant> variants() {
        return Kernels.families().stream()
                .flatMap(family -> family.variants().values().stream().map(ptx -> new Variant(family, ptx)));
    }

    @ParameterizedTest
    @MethodSource("variants")
    void oldDriversLoadIt(Variant variant) {
        assertTrue(variant.ptx.isa().matches("7\\.\\d"), variant.ptx.isa());
        boolean plain = variant.ptx.file().equals(variant.family.name() + ".ptx");
        assertEquals(plain, variant.ptx.target().equals(new ComputeCapability(7, 5)));
    }

    @ParameterizedTest
    @MethodSource("variants")
    void bitsAreNotLeftToTheChip(Variant variant) {
        String text = variant.ptx.text();
        if (variant.family.header().bitContract()) {
            assertFalse(text.contains(".approx"), "an approximate instruction");
        }
        assertFalse(text.contains(".ftz"), "subnormals flushed");
        assertFalse(FLOAT_ATOMIC.matcher(text).find()
                && !variant.family.header().determinism().contains("not deterministic"));
    }

    /// Contraction is the compiler's choice only where no rounding is stated; so every operation states one.
    @ParameterizedTest
    @MethodSource("variants")
    void noOperationIsLeftToContraction(Variant variant) {
        List<String> open = Pattern.compile("\\b(add|sub|mul|mad|fma)\\.(f32|f64)\\b")
                .matcher(variant.ptx.text())
                .results()
                .map(found -> found.group())
                .distinct()
                .toList();
        assertEquals(List.of(), open);
    }

    @ParameterizedTest
    @MethodSource("variants")
    void nothingInItDependsOnWhereItWasMade(Variant variant) {
        String text = variant.ptx.text();
        assertFalse(text.contains("_INTERNAL_"));
        assertFalse(text.contains("/" + "work") || text.contains("/home") || text.contains(".cu\""));
        assertFalse(Pattern.compile("^\\s*\\.(file|loc)\\b", Pattern.MULTILINE)
                .matcher(text)
                .find());
    }

    @ParameterizedTest
    @MethodSource("variants")
    void itHoldsTheKernelsOfItsSource(Variant variant) {
        assertEquals(
                variant.family.entries().stream()
                        .map(KernelEntry::name)
                        .sorted()
                        .toList(),
                variant.ptx.entries().stream().map(Ptx.Entry::name).toList());
        for (Ptx.Entry compiled : variant.ptx.entries()) {
            KernelEntry entry = variant.family.entry(compiled.name());
            assertEquals(
                    entry.parameters().stream().map(Parameter::ptxType).toList(), compiled.parameters(), entry.name());
            assertEquals(entry.launch().block().count(), compiled.threads(), entry.name());
        }
    }

    /// The index names, for each PTX, the digest of the sources it was made from: a source that was edited and not
    /// compiled is found on machines without a compiler, too.
    @ParameterizedTest
    @MethodSource("variants")
    void itWasMadeFromTheseSources(Variant variant) throws Exception {
        ByteArrayOutputStream sources = new ByteArrayOutputStream();
        sources.write(Files.readAllBytes(SOURCES.resolve(variant.ptx.file().replace(".ptx", ".cu"))));
        try (Stream<Path> headers = Files.list(SOURCES.resolve("common"))) {
            for (Path header : headers.filter(file -> file.toString().endsWith(".cuh"))
                    .sorted()
                    .toList()) {
                sources.write(Files.readAllBytes(header));
            }
        }
        String digest =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(sources.toByteArray()));
        assertTrue(
                Files.readAllLines(COMMITTED.resolve("index")).contains(variant.ptx.file() + " " + digest),
                "run ci/kernels and commit what it writes; file=" + variant.ptx.file());
    }

    @ParameterizedTest
    @MethodSource("variants")
    void onlyOneCompilerWroteThemAll(Variant variant) {
        assertEquals(1, new TreeSet<>(variants().map(v -> v.ptx.compiler()).toList()).size());
    }
}
