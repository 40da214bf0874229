package dev.elbo.ffi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Which libraries are chosen on machines made of small shared libraries that state versions and do nothing else.
class CudaLibrariesTest {
    private static final String SOURCE = """
            #include <stddef.h>
            #ifdef DRIVER
            int cuDriverGetVersion(int* version) { *version = DRIVER; return 0; }
            #endif
            #ifdef CUDNN
            size_t cudnnGetVersion(void) { return CUDNN; }
            size_t cudnnGetCudartVersion(void) { return CUDART; }
            #endif
            #ifdef CUBLAS
            int cublasGetProperty(int part, int* value) { int v[] = {CUBLAS, 4, 1}; *value = v[part]; return 0; }
            #endif
            #ifdef CUBLASLT
            size_t cublasLtGetVersion(void) { return CUBLASLT; }
            #endif
            #ifdef NVRTC
            int nvrtcVersion(int* major, int* minor) { *major = NVRTC; *minor = 8; return 0; }
            #endif
            """;

    private final Map<String, String> properties = new HashMap<>();
    private final Map<String, String> variables = new HashMap<>();

    @TempDir
    Path root;

    @BeforeEach
    void realPath() throws IOException {
        root = root.toRealPath();
    }

    private Path library(String path, String... options) throws IOException, InterruptedException {
        return CSource.library(root.resolve(path), SOURCE, options);
    }

    private void driver(int version) throws IOException, InterruptedException {
        library("usr/local/nvidia/lib64/libcuda.so.1", "-DDRIVER=" + version);
    }

    private void toolkit(int major) throws IOException, InterruptedException {
        String folder = "usr/local/cuda-" + major + ".0/lib64/";
        library(folder + "libcublas.so." + major, "-DCUBLAS=" + major);
        library(folder + "libcublasLt.so." + major, "-DCUBLASLT=" + (major * 10_000 + 401));
        library(folder + "libnvrtc.so." + major, "-DNVRTC=" + major);
    }

    private void cudnn(int version, int cudart) throws IOException, InterruptedException {
        variables.put("VIRTUAL_ENV", root.resolve("venv").toString());
        library(
                "venv/lib/python3.12/site-packages/nvidia/cudnn/lib/libcudnn.so.9",
                "-DCUDNN=" + version,
                "-DCUDART=" + cudart);
    }

    private CudaLibraries find() {
        return CudaLibraries.find(Places.of(properties::get, variables::get, false, root));
    }

    @Test
    void bareMachineHasNothingAndSaysWhere() {
        CudaLibraries none = find();
        for (NativeLibrary library :
                List.of(none.driver(), none.cudnn(), none.cublas(), none.cublasLt(), none.nvrtc())) {
            assertFalse(library.present());
            assertEquals("tried []", library.reason());
            assertTrue(library.attempts().stream()
                    .anyMatch(attempt ->
                            attempt.outcome().equals("no such folder: " + root.resolve("usr/local/nvidia/lib64"))));
        }
        assertEquals(13, none.major(), "what to install");
    }

    @Test
    void everythingOfOneMajorIsTaken() throws IOException, InterruptedException {
        driver(12080);
        toolkit(12);
        cudnn(91000, 12060);
        CudaLibraries found = find();
        assertEquals(
                List.of("12.8", "9.10", "12.4.1", "12.4.1", "12.8"),
                List.of(found.driver(), found.cudnn(), found.cublas(), found.cublasLt(), found.nvrtc()).stream()
                        .map(library -> library.version().toString())
                        .toList());
        assertEquals(12, found.major());
        assertEquals(
                root.resolve("usr/local/cuda-12.0/lib64/libcublas.so.12").toString(),
                found.cublas().file());
    }

    /// Of a driver that the loader does not find, it does not find the other half either.
    @Test
    void theDriverFindsItsCompilerBesideItself() throws IOException, InterruptedException {
        String folder = "usr/local/nvidia/lib64/";
        String compiler = "libnvidia-ptxjitcompiler.so.1";
        CSource.library(root.resolve(folder + compiler), "int compiles;", "-Wl,-soname," + compiler);
        CSource.library(root.resolve(folder + "libcuda.so.1"), """
                #include <dlfcn.h>
                int cuDriverGetVersion(int* version) {
                    *version = dlopen("libnvidia-ptxjitcompiler.so.1", RTLD_NOW) ? 13000 : 12000;
                    return 0;
                }
                """, "-ldl");
        assertEquals("13.0", find().driver().version().toString());
    }

    @Test
    void newestMajorIsTakenWhereNothingElseDecides() throws IOException, InterruptedException {
        driver(13000);
        toolkit(12);
        toolkit(13);
        CudaLibraries found = find();
        assertEquals(13, found.cublas().version().major());
        assertEquals(13, found.cublasLt().version().major());
        assertEquals(13, found.nvrtc().version().major());
    }

    @Test
    void driverLimitsTheMajor() throws IOException, InterruptedException {
        driver(12040);
        toolkit(12);
        toolkit(13);
        assertEquals(12, find().cublas().version().major());
    }

    @Test
    void cudnnDecidesAmongTheMajors() throws IOException, InterruptedException {
        driver(13000);
        toolkit(12);
        toolkit(13);
        cudnn(91000, 12060);
        CudaLibraries found = find();
        assertTrue(found.cudnn().present());
        assertEquals(12, found.cublas().version().major());
        assertEquals(12, found.cublasLt().version().major());
    }

    @Test
    void cudnnBeyondTheDriverIsRefused() throws IOException, InterruptedException {
        driver(12040);
        toolkit(12);
        cudnn(92400, 13000);
        CudaLibraries found = find();
        assertFalse(found.cudnn().present());
        assertEquals(
                "CUDA majors must not mix; built for CUDA=13, usable=[12], file="
                        + found.cudnn().file(),
                found.cudnn().reason());
        assertEquals(12, found.cublas().version().major());
    }

    @Test
    void cublasNamedByHandIsRefusedBesideACudnnOfAnotherMajor() throws IOException, InterruptedException {
        driver(13000);
        toolkit(12);
        toolkit(13);
        cudnn(92400, 13000);
        properties.put(
                "elbo.library.cublas",
                root.resolve("usr/local/cuda-12.0/lib64/libcublas.so.12").toString());
        CudaLibraries found = find();
        assertFalse(found.cublas().present());
        assertTrue(found.cublas().reason().startsWith("CUDA majors must not mix; built for CUDA=12, usable=[13]"));
        assertEquals(13, found.cublasLt().version().major());
    }

    @Test
    void driverOfCuda11IsTooOld() throws IOException, InterruptedException {
        driver(11080);
        NativeLibrary driver = find().driver();
        assertFalse(driver.present());
        assertEquals("driver too old; runs CUDA=11.8, needed=12.0, file=" + driver.file(), driver.reason());
        assertEquals("11.8", driver.version().toString());
    }

    @Test
    void cudnn8IsTooOld() throws IOException, InterruptedException {
        properties.put(
                "elbo.library.cudnn",
                library("libcudnn.so.8", "-DCUDNN=8902", "-DCUDART=12000").toString());
        NativeLibrary cudnn = find().cudnn();
        assertFalse(cudnn.present());
        assertEquals("cuDNN too old; version=8.9.2, needed=9.0, file=" + cudnn.file(), cudnn.reason());
    }

    @Test
    void whatOnlyHasTheNameIsNotTheLibrary() throws IOException, InterruptedException {
        driver(12080);
        Path wrong = library("wrong.so");
        for (String name : List.of("cudnn", "cublas", "cublasLt", "nvrtc")) {
            properties.put("elbo.library." + name, wrong.toString());
        }
        CudaLibraries found = find();
        assertEquals(
                List.of(
                        "not cuDNN: symbol missing; symbol=cudnnGetVersion, file=" + wrong,
                        "not cuBLAS: symbol missing; symbol=cublasGetProperty, file=" + wrong,
                        "not cuBLASLt: symbol missing; symbol=cublasLtGetVersion, file=" + wrong,
                        "not NVRTC: symbol missing; symbol=nvrtcVersion, file=" + wrong),
                List.of(found.cudnn(), found.cublas(), found.cublasLt(), found.nvrtc()).stream()
                        .map(NativeLibrary::reason)
                        .toList());
    }

    @Test
    void anyLibraryCalledLibcudaIsNoDriver() throws IOException, InterruptedException {
        library("usr/local/nvidia/lib64/libcuda.so.1");
        NativeLibrary driver = find().driver();
        assertFalse(driver.present());
        assertTrue(driver.reason().startsWith("not a CUDA driver: symbol missing; symbol=cuDriverGetVersion"));
    }

    @Test
    void brokenFileIsPassedOverAndReported() throws IOException, InterruptedException {
        driver(12080);
        toolkit(12);
        Path broken =
                Files.createDirectories(root.resolve("usr/local/cuda/lib64")).resolve("libcublas.so.12");
        Files.writeString(broken, "not a library ".repeat(10));
        NativeLibrary cublas = find().cublas();
        assertTrue(cublas.present());
        assertTrue(cublas.attempts()
                .contains(new NativeLibrary.Attempt("toolkit", broken.toString(), "invalid ELF header")));
    }

    @Test
    void installCommandsAreOfTheMajorInUse() throws IOException, InterruptedException {
        driver(12040);
        assertEquals(
                List.of(
                        "pip install nvidia-cublas-cu12",
                        "pip install nvidia-cublas-cu12",
                        "pip install nvidia-cudnn-cu12",
                        "pip install nvidia-cuda-nvrtc-cu12"),
                find().report().stream().skip(1).map(Report.Library::install).toList());
    }
}
