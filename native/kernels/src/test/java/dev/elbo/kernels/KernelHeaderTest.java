package dev.elbo.kernels;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The form of a kernel file: a header with every field, and kernels that say what they take.
class KernelHeaderTest {
    private static final Path SOURCES = Path.of("src/main/cuda");
    private static final int LINES = 60;

    static Stream<Path> files() throws Exception {
        try (Stream<Path> files = Files.list(SOURCES)) {
            return files.filter(file -> file.toString().endsWith(".cu")).sorted().toList().stream();
        }
    }

    /// The parser refuses a file whose fields are missing or out of order, or whose pointers have no shape.
    private static CudaSource source(Path file) throws Exception {
        return CudaSource.parse(file.getFileName().toString(), Files.readString(file));
    }

    @ParameterizedTest
    @MethodSource("files")
    void everyFieldSaysSomething(Path file) throws Exception {
        KernelHeader header = source(file).header();
        String family = file.getFileName().toString().replaceFirst("\\..*", "");
        assertTrue(header.title().matches(family + ": \\S.*"), header.title());
        assertAll(Stream.of(header.formula(), header.shapes(), header.types(), header.ownership(), header.edges())
                .map(field -> () -> assertTrue(field.length() > 2, field)));
        assertTrue(
                header.determinism().startsWith("bit contract")
                        || header.determinism().startsWith("bitwise from run to run"),
                header.determinism());
        assertTrue(header.versions().matches("(?s)\\d+ .*<- this file.*"), header.versions());
        assertTrue(header.reference().contains("dev.elbo."), header.reference());
    }

    @ParameterizedTest
    @MethodSource("files")
    void everyKernelOfTheFileIsReadAndHasALaunch(Path file) throws Exception {
        CudaSource source = source(file);
        long declared = Files.readAllLines(file).stream()
                .filter(line -> line.contains("__global__"))
                .count();
        assertEquals(declared, source.kernels().size());
        assertEquals(source.launches().keySet(), source.kernels().keySet());
    }

    @ParameterizedTest
    @MethodSource("files")
    void namesAreOperationLayoutPullbackAndType(Path file) throws Exception {
        for (String name : source(file).kernels().keySet()) {
            assertTrue(name.matches("[a-z]+\\d?(_[a-z]+)*(_pullback)?_(f32|f64|bf16|i32|u32|u8)"), name);
            assertTrue(name.indexOf("pullback") < 0 || name.matches(".*_pullback_[a-z]\\d+"), name);
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void everyShapeIsClosed(Path file) throws Exception {
        source(file)
                .kernels()
                .forEach((name, signature) -> signature.parameters().stream()
                        .filter(Parameter::pointer)
                        .forEach(p ->
                                assertTrue(p.shape().matches("\\([^()]*(\\([^()]*\\)[^()]*)*\\).*"), name + " " + p)));
    }

    @ParameterizedTest
    @MethodSource("files")
    void kernelsFitOneScreen(Path file) throws Exception {
        source(file)
                .kernels()
                .forEach((name, signature) ->
                        assertTrue(signature.lines() <= LINES, name + " has " + signature.lines() + " lines"));
    }

    @ParameterizedTest
    @MethodSource("files")
    void gridsDependOnArgumentsThatExist(Path file) throws Exception {
        CudaSource source = source(file);
        source.launches().forEach((name, launch) -> {
            List<String> parameters = source.kernels().get(name).parameters().stream()
                    .filter(p -> !p.pointer())
                    .map(Parameter::name)
                    .toList();
            launch.grid().forEach(extent -> assertTrue(parameters.containsAll(extent.arguments()), name + extent));
        });
    }

    @ParameterizedTest
    @MethodSource("files")
    void floatAtomicsAreConfessed(Path file) throws Exception {
        boolean atomic = Files.readString(file).contains("atomicAdd");
        assertFalse(atomic && !source(file).header().determinism().contains("not deterministic"));
    }

    @Test
    void aFileWithAFieldOutOfOrderIsRefused() throws Exception {
        Path file = SOURCES.resolve("reduce.cu");
        String text = Files.readString(file).replaceFirst("\\nedges ", "\nend   ");
        var refused = assertThrows(IllegalStateException.class, () -> CudaSource.parse("reduce.cu", text));
        assertTrue(refused.getMessage().startsWith("kernel source: header fields are ["), refused.getMessage());
    }

    @Test
    void aPointerWithoutAShapeIsRefused() throws Exception {
        String text = Files.readString(SOURCES.resolve("reduce.cu")).replaceFirst("x,  // \\(rows, cols\\)", "x,");
        var refused = assertThrows(IllegalStateException.class, () -> CudaSource.parse("reduce.cu", text));
        assertEquals("kernel source: no shape comment on pointer 'x'; file=reduce.cu", refused.getMessage());
    }
}
