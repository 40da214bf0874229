package dev.elbo.simulator.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.simulator.Configuration;
import dev.elbo.simulator.Report;
import dev.elbo.simulator.SimulatedGpu;
import java.io.File;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The shared objects as the loader sees them. Other configurations are looked at in JVMs of their own.
class LibrariesTest extends GpuTest {
    private static final Linker LINKER = Linker.nativeLinker();

    /// A library that is loaded under its soname satisfies whoever links against it.
    @Test
    void librariesAreKnownByTheirSonames() throws Throwable {
        for (String soname : List.of("libcuda.so.1", "libcublas.so.12", "libcublasLt.so.12", "libcudnn.so.9")) {
            assertNotEquals(0, open(soname), soname);
        }
    }

    @Test
    void symbolsCarryTheVersionsThatBinariesWereLinkedWith() throws Throwable {
        // void* dlvsym(void* handle, const char* symbol, const char* version)
        MethodHandle find = LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow("dlvsym"),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS, ValueLayout.ADDRESS));
        long cublas = open("libcublas.so.12");
        MemorySegment symbol = arena.allocateFrom("cublasSgemm_v2");
        assertNotEquals(0, (long) find.invokeExact(cublas, symbol, arena.allocateFrom("libcublas.so.12")));
        assertEquals(0, (long) find.invokeExact(cublas, symbol, arena.allocateFrom("libcublas.so.13")));
        long cudnn = open("libcudnn.so.9");
        assertNotEquals(0, (long)
                find.invokeExact(cudnn, arena.allocateFrom("cudnnCreate"), arena.allocateFrom("libcudnn.so.9")));
    }

    private long open(String name) throws Throwable {
        // void* dlopen(const char* filename, int flags); RTLD_NOW 2
        MethodHandle open = LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow("dlopen"),
                FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
        return (long) open.invokeExact(arena.allocateFrom(name), 2);
    }

    @Test
    void aFunctionThatIsOnlyThereToBeLinkedSaysSo() {
        assertEquals(15, new Native("cublas").call("cublasScopy_v2"));
        assertReported(Report.Kind.UNSUPPORTED, "cublasScopy_v2: not simulated", "libcublas.so.12");
    }

    @Test
    void theDriverFindsItsOwnSymbols() {
        MemorySegment out = arena.allocate(8);
        MemorySegment name = arena.allocateFrom("cuMemAlloc");
        cuda.ok("cuGetProcAddress_v2", name, out, 12080, 0L, arena.allocate(4));
        assertNotEquals(0, out.get(ValueLayout.JAVA_LONG, 0));
        assertEquals(
                500,
                cuda.call("cuGetProcAddress_v2", arena.allocateFrom("cuNothing"), out, 12080, 0L, arena.allocate(4)));
    }

    @Test
    void aDriverOfCuda13ComesWithCublas13() throws Exception {
        assertEquals("libcublas.so.13 130801 true true", child(List.of(), "13000", "", ""));
    }

    @Test
    void aMissingSymbolIsMissing() throws Exception {
        assertEquals("libcublas.so.12 120801 false true", child(List.of(), "12080", "", "cuLaunchKernelEx"));
    }

    @Test
    void anOldDriverLacksWhatCameLater() throws Exception {
        assertEquals("libcublas.so.12 120801 true false", child(List.of(), "12000", "", ""));
    }

    @Test
    void aMissingLibraryIsMissing() throws Exception {
        assertTrue(child(List.of(), "12080", "cublas", "").contains("no /absent/libcublas.so.12"));
    }

    @Test
    void withoutACompilerTheMessageSaysWhatToDo(@TempDir Path empty) throws Exception {
        String said = child(List.of("-Delbo.simulator.cache=" + empty.resolve("cache")), "12080", "", "");
        assertTrue(said.contains("no C compiler; looked for=[cc, gcc, clang] on PATH, install gcc or clang"), said);
    }

    /// Runs [#main] in a JVM of its own.
    ///
    /// @param options of that JVM; with any, it finds no compiler
    /// @return the last line it wrote
    private static String child(List<String> options, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path")));
        command.addAll(options);
        command.add(LibrariesTest.class.getName());
        command.addAll(List.of(arguments));
        File out = File.createTempFile("child", ".txt");
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out);
            if (!options.isEmpty()) builder.environment().put("PATH", "");
            builder.environment().remove("CC");
            builder.start().waitFor();
            return Files.readString(out.toPath())
                    .lines()
                    .reduce((_, last) -> last)
                    .orElse("");
        } finally {
            Files.delete(out.toPath());
        }
    }

    /// @param arguments driver version, missing library, missing symbol
    public static void main(String... arguments) {
        Configuration configuration = Configuration.standard().driverVersion(Integer.parseInt(arguments[0]));
        if (!arguments[1].isEmpty()) configuration = configuration.withoutLibrary(arguments[1]);
        if (!arguments[2].isEmpty()) configuration = configuration.withoutSymbol(arguments[2]);
        try {
            SimulatedGpu.install(configuration);
        } catch (IllegalStateException e) {
            System.out.println(e.getMessage());
            return;
        }
        Path cublas = Path.of(System.getProperty("elbo.library.cublas"));
        if (!Files.exists(cublas)) {
            System.out.println("no " + cublas);
            return;
        }
        Native cuda = new Native("cuda");
        long version = new Native("cublasLt").callLong("cublasLtGetVersion");
        System.out.println(cublas.getFileName() + " " + version + " " + cuda.has("cuLaunchKernelEx") + " "
                + cuda.has("cuEventElapsedTime_v2"));
    }
}
