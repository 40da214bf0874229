package dev.elbo.ffi.jcuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.ffi.jcuda.HostLibraries.Make;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Who serves `Blas` and `Dnn` and why. A process keeps the libraries it has loaded, so each case has its own.
class CudaBindingsTest {
    private static Path standard;

    @TempDir
    private Path scratch;

    @BeforeAll
    static void compile() {
        standard = HostLibraries.compile(Make.STANDARD);
    }

    @Test
    void jcudaServesBothWhereItsNativesLoad() throws Exception {
        List<String> said = child(natives(HostLibraries.properties(standard, Make.STANDARD)));
        assertEquals(
                List.of(
                        "blas: jcuda, JCublas 12.6.0 with cuBLAS 12.6.4 at " + standard.resolve("libcublas.so.12"),
                        "dnn: jcuda, JCudnn 12.6.0 with cuDNN 9.10.2 at " + standard.resolve("libcudnn.so.9"),
                        "product: 6.0",
                        "convolution: 6.0 by algorithm 1 math 3"),
                said);
    }

    @Test
    void panamaServesWhenAskedTo() throws Exception {
        Map<String, String> properties = natives(HostLibraries.properties(standard, Make.STANDARD));
        properties.put("elbo.cuda.binding", "panama");
        List<String> said = child(properties);
        assertEquals(
                List.of(
                        "blas: panama, elbo.cuda.binding=panama, cuBLAS 12.6.4 at "
                                + standard.resolve("libcublas.so.12"),
                        "dnn: panama, elbo.cuda.binding=panama, cuDNN 9.10.2 at " + standard.resolve("libcudnn.so.9"),
                        "product: 6.0",
                        "convolution: 6.0 by engine 1 knobs 2:4"),
                said);
    }

    @Test
    void anUnknownBindingIsMisuse() throws Exception {
        Map<String, String> properties = new HashMap<>(HostLibraries.properties(standard, Make.STANDARD));
        properties.put("elbo.cuda.binding", "jna");
        assertEquals(
                List.of("java.lang.IllegalArgumentException: elbo.cuda.binding: no such binding; wanted=jna,"
                        + " found=[jcuda, panama]"),
                child(properties));
    }

    /// And JCuda's own way, through the shared temporary folder, is not taken.
    @Test
    void withoutNativesOnTheLibraryPathPanamaServes() throws Exception {
        List<String> said = child(HostLibraries.properties(standard, Make.STANDARD));
        assertTrue(
                said.get(0)
                        .startsWith("blas: panama, not jcuda, JCublas 12.6.0 with cuBLAS is not usable:"
                                + " libJCublas2-12.6.0-linux-x86_64.so: not on java.library.path;"),
                said.get(0));
        assertTrue(said.get(0).endsWith("; cuBLAS 12.6.4 at " + standard.resolve("libcublas.so.12")), said.get(0));
        assertTrue(said.get(1).startsWith("dnn: panama, not jcuda, "), said.get(1));
        assertEquals("product: 6.0", said.get(2));
    }

    @Test
    void nativesThatWereTamperedWithAreNotLoaded() throws Exception {
        Path folder = Files.createDirectory(scratch.resolve("natives"));
        for (JcudaNatives library : JcudaNatives.values()) {
            library.unpack(folder);
        }
        Path blas = folder.resolve(JcudaNatives.JCUBLAS.file());
        byte[] bytes = Files.readAllBytes(blas);
        bytes[bytes.length / 2] ^= 1;
        Files.write(blas, bytes);
        Map<String, String> properties = new HashMap<>(HostLibraries.properties(standard, Make.STANDARD));
        properties.put("java.library.path", folder.toString());
        List<String> said = child(properties);
        assertTrue(
                said.get(0)
                        .contains("libJCublas2-12.6.0-linux-x86_64.so: not the file that JCuda 12.6.0 released;"
                                + " at=" + blas + ", sha256="),
                said.get(0));
        assertTrue(said.get(0).startsWith("blas: panama, "), said.get(0));
        assertTrue(said.get(1).startsWith("dnn: jcuda, "), said.get(1));
        properties.put("elbo.jcuda.natives", folder.toString());
        assertTrue(child(properties).get(0).startsWith("blas: jcuda, "), "the folder is ours: it is put right");
    }

    @Test
    void cuda13IsServedByPanamaAndCudnnByJcuda() throws Exception {
        Make make = new Make(13, 91002, 13000, true, "");
        Path folder = HostLibraries.compile(make);
        List<String> said = child(natives(HostLibraries.properties(folder, make)));
        assertEquals(
                "blas: panama, not jcuda, JCublas 12.6.0 needs cuBLAS 12; found=13.6.4; cuBLAS 13.6.4 at "
                        + folder.resolve("libcublas.so.13"),
                said.get(0));
        assertTrue(said.get(1).startsWith("dnn: jcuda, "), said.get(1));
        assertEquals("product: 6.0", said.get(2));
        assertEquals("convolution: 6.0 by algorithm 1 math 3", said.get(3));
    }

    @Test
    void mixedMajorsAreRefused() throws Exception {
        Make make = new Make(12, 91002, 13000, true, "");
        Path folder = HostLibraries.compile(make);
        List<String> said = child(natives(HostLibraries.properties(folder, make)));
        assertTrue(said.get(0).startsWith("blas: panama is absent, "), said.get(0));
        assertTrue(said.get(0).contains("CUDA majors must not mix"), said.get(0));
        assertTrue(said.get(2).contains("NativeException: cublasCreate_v2: library refused"), said.get(2));
    }

    @Test
    void aCudnnThatIsTooOldIsRefused() throws Exception {
        Make make = new Make(12, 8902, 12010, true, "");
        Path folder = HostLibraries.compile(make);
        List<String> said = child(natives(HostLibraries.properties(folder, make)));
        assertTrue(said.get(1).startsWith("dnn: panama is absent, "), said.get(1));
        assertTrue(said.get(1).contains("cuDNN too old; version=8.9.2"), said.get(1));
        assertTrue(said.get(3).contains("NativeException: cudnnCreate: library refused"), said.get(3));
        assertEquals("product: 6.0", said.get(2));
    }

    @Test
    void aMissingLibraryIsSaidWithThePlaceThatWasTried() throws Exception {
        Map<String, String> properties = natives(HostLibraries.properties(standard, Make.STANDARD));
        properties.put("elbo.library.cublas", "/absent/libcublas.so.12");
        List<String> said = child(properties);
        assertTrue(said.get(0).startsWith("blas: panama is absent, "), said.get(0));
        assertTrue(said.get(0).contains("/absent/libcublas.so.12"), said.get(0));
        assertTrue(said.get(2).contains("NativeException: cublasCreate_v2: library missing"), said.get(2));
        assertEquals("convolution: 6.0 by algorithm 1 math 3", said.get(3));
    }

    @Test
    void aMissingSymbolIsAnErrorOnlyWhereItIsCalled() throws Exception {
        Make make = new Make(12, 91002, 12060, true, "cublasSgemm_v2");
        Path folder = HostLibraries.compile(make);
        List<String> said = child(HostLibraries.properties(folder, make));
        assertTrue(said.get(0).startsWith("blas: panama, "), said.get(0));
        assertTrue(said.get(2).contains("NativeException: cublasSgemm_v2: symbol missing;"), said.get(2));
    }

    @Test
    void withoutEnginesTheOlderCallsServe() throws Exception {
        Make make = new Make(12, 91002, 12060, false, "");
        List<String> said = child(HostLibraries.properties(HostLibraries.compile(make), make));
        assertEquals("convolution: 6.0 by algorithm 1 math 3", said.get(3));
    }

    private Map<String, String> natives(Map<String, String> libraries) {
        String folder = scratch.resolve("natives").toString();
        Map<String, String> properties = new HashMap<>(libraries);
        properties.put("java.library.path", folder);
        properties.put("elbo.jcuda.natives", folder);
        return properties;
    }

    /// Runs [Child] on the class path, with a temporary folder that must stay empty.
    private List<String> child(Map<String, String> properties) throws IOException, InterruptedException {
        Path temporary = Files.createTempDirectory(scratch, "tmp");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xshare:auto",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
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
        Path errors = temporary.resolveSibling(temporary.getFileName() + ".err");
        Process process =
                new ProcessBuilder(command).redirectError(errors.toFile()).start();
        String said = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), () -> said + read(errors));
        try (Stream<Path> left = Files.list(temporary)) {
            assertEquals(List.of(), left.toList());
        }
        assertFalse(said.isEmpty());
        return said.lines().toList();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
