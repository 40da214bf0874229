package dev.elbo.ffi.jcuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Who serves `Blas` and `Dnn` and why. A process keeps the libraries it has loaded, so each case has its own.
@Tag("simulated")
class CudaBindingsTest {
    @TempDir
    private Path scratch;

    private final Map<String, String> properties = new HashMap<>();
    private Path natives;

    @BeforeEach
    void launchAsALauncherDoes() {
        natives = scratch.resolve("natives");
        properties.put("java.library.path", natives.toString());
        properties.put("elbo.jcuda.natives", natives.toString());
    }

    @Test
    void jcudaServesBothWhereItsNativesLoad() throws Exception {
        List<String> said = child();
        assertStarts("blas: jcuda, JCublas 12.6.0 with cuBLAS 12.", said.get(0));
        assertStarts("dnn: jcuda, JCudnn 12.6.0 with cuDNN 9.", said.get(1));
        assertEquals("product: 6.0", said.get(2));
        assertEquals("convolution: 6.0 by algorithm 1 math 3", said.get(3));
    }

    @Test
    void panamaServesWhenAskedTo() throws Exception {
        properties.put("elbo.cuda.binding", "panama");
        List<String> said = child();
        assertStarts("blas: panama, elbo.cuda.binding=panama, cuBLAS 12.", said.get(0));
        assertStarts("dnn: panama, elbo.cuda.binding=panama, cuDNN 9.", said.get(1));
        assertEquals("product: 6.0", said.get(2));
        assertEquals("convolution: 6.0 by engine 3 knobs 2:1", said.get(3));
    }

    @Test
    void anUnknownBindingIsMisuse() throws Exception {
        properties.put("elbo.cuda.binding", "jna");
        assertEquals(List.of("elbo.cuda.binding: no such binding; wanted=jna, found=[jcuda, panama]"), child());
    }

    /// And JCuda's own way, through the shared temporary folder, is not taken.
    @Test
    void withoutNativesOnTheLibraryPathPanamaServes() throws Exception {
        properties.clear();
        List<String> said = child();
        assertStarts(
                "blas: panama, not jcuda, JCublas 12.6.0 with cuBLAS:"
                        + " the launcher named no folder for JCuda's natives; start Java with"
                        + " -Djava.library.path=FOLDER -Delbo.jcuda.natives=FOLDER; cuBLAS 12.",
                said.get(0));
        assertStarts("dnn: panama, not jcuda, ", said.get(1));
        assertEquals("product: 6.0", said.get(2));
    }

    @Test
    void nativesThatWereTamperedWithAreReplaced() throws Exception {
        child();
        Path blas = natives.resolve(JcudaNatives.JCUBLAS.file());
        byte[] released = Files.readAllBytes(blas);
        byte[] bytes = released.clone();
        bytes[bytes.length / 2] ^= 1;
        Files.write(blas, bytes);
        assertStarts("blas: jcuda, ", child().getFirst());
        assertArrayEquals(released, Files.readAllBytes(blas));
    }

    @Test
    void anotherFileOfTheNameOnTheLibraryPathIsNotLoaded() throws Exception {
        Path other = Files.createDirectory(scratch.resolve("other"));
        Files.createFile(other.resolve(JcudaNatives.JCUBLAS.file()));
        properties.put("java.library.path", other + ":" + natives);
        List<String> said = child();
        assertStarts(
                "blas: panama, not jcuda, JCublas 12.6.0 with cuBLAS: Java would load another file;"
                        + " java.library.path=" + other + ":" + natives,
                said.get(0));
        assertStarts("dnn: jcuda, ", said.get(1));
    }

    @Test
    void aFolderOthersMayWriteIsNotUsed() throws Exception {
        Files.createDirectory(natives);
        Files.setPosixFilePermissions(natives, PosixFilePermissions.fromString("rwxrwxrwx"));
        List<String> said = child();
        assertStarts("blas: panama, not jcuda, ", said.get(0));
        assertTrue(said.get(0).contains("not a folder of this user alone; path=" + natives), said.get(0));
    }

    @Test
    void cuda13IsServedByPanamaAndCudnnByJcuda() throws Exception {
        List<String> said = child("driver=13000");
        assertStarts("blas: panama, not jcuda, JCublas 12.6.0 needs cuBLAS 12; found=13.", said.get(0));
        assertStarts("dnn: jcuda, ", said.get(1));
        assertEquals("product: 6.0", said.get(2));
        assertEquals("convolution: 6.0 by algorithm 1 math 3", said.get(3));
    }

    @Test
    void aMissingLibraryIsSaidWithThePlaceThatWasTried() throws Exception {
        List<String> said = child("library=cublas");
        assertStarts("blas: panama is absent, cuBLAS: missing, property elbo.library.cublas ", said.get(0));
        assertTrue(said.get(0).contains("/absent/libcublas.so.12"), said.get(0));
        assertTrue(said.get(2).contains("NativeException: cublasCreate_v2: library missing;"), said.get(2));
        assertEquals("convolution: 6.0 by algorithm 1 math 3", said.get(3));
    }

    @Test
    void aMissingSymbolIsAnErrorOnlyWhereItIsCalled() throws Exception {
        properties.put("elbo.cuda.binding", "panama");
        List<String> said = child("symbol=cublasSgemm_v2", "symbol=cudnnBackendCreateDescriptor");
        assertStarts("blas: panama, ", said.get(0));
        assertTrue(said.get(2).contains("NativeException: cublasSgemm_v2: symbol missing;"), said.get(2));
        assertTrue(said.get(3).contains("NativeException: cudnnBackendCreateDescriptor: symbol missing;"), said.get(3));
    }

    private static void assertStarts(String expected, String actual) {
        assertTrue(actual.startsWith(expected), () -> "expected: " + expected + "…\nwas: " + actual);
    }

    /// Runs [Child] on the class path, with a temporary folder in which JCuda must leave nothing.
    private List<String> child(String... arguments) throws IOException, InterruptedException {
        Path temporary = Files.createTempDirectory(scratch, "tmp");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-Djava.io.tmpdir=" + temporary,
                "-cp",
                String.join(
                        File.pathSeparator,
                        "target/test-classes",
                        System.getProperty("jdk.module.path", ""),
                        System.getProperty("java.class.path"))));
        properties.forEach((name, value) -> command.add("-D" + name + "=" + value));
        command.add(Child.class.getName());
        command.addAll(List.of(arguments));
        Path errors = temporary.resolveSibling(temporary.getFileName() + ".err");
        Process process =
                new ProcessBuilder(command).redirectError(errors.toFile()).start();
        String said = new String(process.getInputStream().readAllBytes());
        String trouble = Files.readString(errors);
        assertEquals(0, process.waitFor(), () -> said + trouble);
        try (Stream<Path> left = Files.list(temporary)) {
            assertEquals(
                    List.of(),
                    left.filter(file -> file.getFileName().toString().contains("JCu"))
                            .toList());
        }
        return said.lines().toList();
    }
}
