package dev.elbo.ffi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Processes that have no driver, or something else in its place.
class CudaAbsentTest {
    /// Calls the driver in every way that needs none of its handles, and prints what comes back.
    static final class Program {
        private Program() {}

        public static void main(String[] arguments) {
            System.out.println("present " + Cuda.library().present());
            for (Runnable call : List.<Runnable>of(
                    Cuda::init, Cuda::driverVersion, Cuda::deviceCount, () -> CudaContext.open(0, Arena.global()))) {
                try {
                    call.run();
                    System.out.println("called");
                } catch (NativeException e) {
                    System.out.println(e.getMessage());
                }
            }
            System.out.print(Report.ofProcess().text(false));
        }
    }

    @Test
    void withoutADriverEveryCallSaysWhatIsMissing() throws IOException, InterruptedException {
        ChildJvm.Outcome outcome = ChildJvm.run(Program.class, "-Delbo.library.cuda=/no/such/libcuda.so.1");
        assertEquals(0, outcome.exit(), outcome.output());
        List<String> lines = outcome.output().lines().toList();
        String reason = "library missing; library=cuda, reason=tried [property elbo.library.cuda "
                + "/no/such/libcuda.so.1: cannot open shared object file: No such file or directory]";
        assertEquals(
                List.of(
                        "present false",
                        "cuInit: " + reason,
                        "cuDriverGetVersion: " + reason,
                        "cuDeviceGetCount: " + reason,
                        "cuInit: " + reason,
                        "libraries",
                        "  CUDA driver  missing, property elbo.library.cuda /no/such/libcuda.so.1: cannot open shared"
                                + " object file: No such file or directory"),
                lines.subList(0, 7),
                outcome.output());
        assertTrue(lines.contains("  none         there is no usable CUDA driver"), outcome.output());
        assertTrue(outcome.output().contains("\n  Blas         none; cuBLAS: "), outcome.output());
    }

    @Test
    void driverOfCuda11IsRefusedWithItsVersion(@TempDir Path folder) throws IOException, InterruptedException {
        Path old = CSource.library(
                folder.resolve("libcuda.so.1"),
                "int cuDriverGetVersion(int* version) { *version = 11040; return 0; } int cuInit(int f) { return f; }");
        ChildJvm.Outcome outcome = ChildJvm.run(Program.class, "-Delbo.library.cuda=" + old);
        assertEquals(0, outcome.exit(), outcome.output());
        assertTrue(
                outcome.output()
                        .contains("cuInit: library refused; library=cuda, "
                                + "reason=driver too old; runs CUDA=11.4, needed=12.0, file=" + old),
                outcome.output());
    }

    /// A driver of the right version that lacks functions: what it has works.
    @Test
    void missingSymbolIsHeardOfWhenItIsCalled(@TempDir Path folder) throws IOException, InterruptedException {
        Path partial = CSource.library(
                folder.resolve("libcuda.so.1"),
                "int cuDriverGetVersion(int* version) { *version = 12040; return 0; } int cuInit(int f) { return f; }");
        ChildJvm.Outcome outcome = ChildJvm.run(Program.class, "-Delbo.library.cuda=" + partial);
        assertEquals(0, outcome.exit(), outcome.output());
        assertEquals(
                List.of(
                        "present true",
                        "called",
                        "called",
                        "cuDeviceGetCount: symbol missing; library=cuda, file=" + partial,
                        "cuDeviceGet: symbol missing; library=cuda, file=" + partial,
                        "libraries",
                        "  CUDA driver  12.4, " + partial),
                outcome.output().lines().limit(7).toList(),
                outcome.output());
    }

    /// A status that the driver cannot name, for it lacks the function that names statuses.
    @Test
    void statusIsReportedEvenWhenItCannotBeNamed(@TempDir Path folder) throws IOException, InterruptedException {
        Path failing = CSource.library(folder.resolve("libcuda.so.1"), """
                int cuDriverGetVersion(int* version) { *version = 12040; return 0; }
                int cuInit(int flags) { return 100 + flags; }
                int cuDeviceGetCount(int* count) { return 7777; }
                """);
        ChildJvm.Outcome outcome = ChildJvm.run(Program.class, "-Delbo.library.cuda=" + failing);
        List<String> lines = outcome.output().lines().toList();
        assertEquals("cuInit: unknown CUDA status (100)", lines.get(1), outcome.output());
        assertEquals("cuDeviceGetCount: unknown CUDA status (7777)", lines.get(3), outcome.output());
        assertTrue(lines.contains("  none         cuInit: unknown CUDA status (100)"), outcome.output());
    }
}
