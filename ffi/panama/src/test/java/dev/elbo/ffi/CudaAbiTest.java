package dev.elbo.ffi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The bindings against `cuda.h`, where a toolkit is installed: the compiler is asked whether each function has the
/// parameters, and each enumerator the value, that Java believes. Without a toolkit the test aborts and says so.
class CudaAbiTest {
    private static final List<Class<?>> BINDINGS = List.of(
            Cuda.class, CudaContexts.class, CudaStreams.class, CudaMemory.class, CudaModules.class, CudaGraphs.class);

    /// Enumerators by Java's name, where C's is not `CU_DEVICE_ATTRIBUTE_<name>`.
    private static final Map<DeviceAttribute, String> DEVICE = Map.of(
            DeviceAttribute.MAX_GRID_Y, "MAX_GRID_DIM_Y",
            DeviceAttribute.SHARED_BYTES_PER_BLOCK, "MAX_SHARED_MEMORY_PER_BLOCK",
            DeviceAttribute.MULTIPROCESSORS, "MULTIPROCESSOR_COUNT",
            DeviceAttribute.MEMORY_CLOCK, "MEMORY_CLOCK_RATE",
            DeviceAttribute.MEMORY_BUS_WIDTH, "GLOBAL_MEMORY_BUS_WIDTH",
            DeviceAttribute.L2_BYTES, "L2_CACHE_SIZE",
            DeviceAttribute.CAPABILITY_MAJOR, "COMPUTE_CAPABILITY_MAJOR",
            DeviceAttribute.CAPABILITY_MINOR, "COMPUTE_CAPABILITY_MINOR",
            DeviceAttribute.SHARED_BYTES_PER_MULTIPROCESSOR, "MAX_SHARED_MEMORY_PER_MULTIPROCESSOR",
            DeviceAttribute.SHARED_BYTES_PER_BLOCK_OPT_IN, "MAX_SHARED_MEMORY_PER_BLOCK_OPTIN");

    private static final Map<FunctionAttribute, String> FUNCTION = Map.of(
            FunctionAttribute.SHARED_BYTES, "SHARED_SIZE_BYTES",
            FunctionAttribute.LOCAL_BYTES, "LOCAL_SIZE_BYTES",
            FunctionAttribute.REGISTERS, "NUM_REGS",
            FunctionAttribute.MAX_DYNAMIC_SHARED_BYTES, "MAX_DYNAMIC_SHARED_SIZE_BYTES",
            FunctionAttribute.SHARED_CARVEOUT, "PREFERRED_SHARED_MEMORY_CARVEOUT",
            FunctionAttribute.NON_PORTABLE_CLUSTERS, "NON_PORTABLE_CLUSTER_SIZE_ALLOWED");

    private static Path header() {
        List<Path> candidates = Stream.of(System.getenv("CUDA_HOME"), "/usr/local/cuda")
                .filter(folder -> folder != null)
                .map(folder -> Path.of(folder, "include", "cuda.h"))
                .toList();
        List<Path> found = candidates.stream().filter(Files::exists).toList();
        assumeTrue(!found.isEmpty(), "no CUDA toolkit; looked for " + candidates);
        return found.getFirst();
    }

    private static List<MethodHandleField> handles() throws IllegalAccessException {
        List<MethodHandleField> handles = new ArrayList<>();
        for (Class<?> binding : BINDINGS) {
            for (Field field : binding.getDeclaredFields()) {
                if (field.getType() == MethodHandle.class) {
                    field.setAccessible(true);
                    handles.add(new MethodHandleField(field.getName(), (MethodHandle) field.get(null)));
                }
            }
        }
        return handles;
    }

    private record MethodHandleField(String symbol, MethodHandle handle) {
        /// `same<4, 8, 4>(cuFunction)`: the size of what is returned, then of each parameter.
        String check() {
            String sizes = Stream.concat(Stream.of(handle.type().returnType()), handle.type().parameterList().stream())
                    .map(MethodHandleField::size)
                    .collect(Collectors.joining(", "));
            return "static_assert(same<" + sizes + ">(" + symbol + "), \"" + symbol + "\");";
        }

        private static String size(Class<?> type) {
            if (type == MemorySegment.class || type == long.class) {
                return "8";
            }
            return type == byte.class ? "1" : "4";
        }
    }

    @Test
    void everyFunctionHasTheParametersOfTheHeader(@TempDir Path folder) throws Exception {
        Path header = header();
        String checks = handles().stream().map(MethodHandleField::check).collect(Collectors.joining("\n"));
        assertTrue(handles().size() > 60, "found too few handles: " + handles().size());
        assertEquals("", compile(folder, header, """
                template <unsigned... Sizes, class R, class... Args> constexpr bool same(R (*)(Args...)) {
                    constexpr unsigned expected[] = {Sizes...};
                    constexpr unsigned actual[] = {sizeof(R), sizeof(Args)...};
                    if (sizeof expected != sizeof actual) return false;
                    for (unsigned i = 0; i < sizeof expected / sizeof *expected; i++) {
                        if (expected[i] != actual[i]) return false;
                    }
                    return true;
                }
                """ + checks));
    }

    @Test
    void everyEnumeratorHasTheValueOfTheHeader(@TempDir Path folder) throws Exception {
        Path header = header();
        Stream<String> devices = Arrays.stream(DeviceAttribute.values())
                .map(a -> equal("CU_DEVICE_ATTRIBUTE_" + DEVICE.getOrDefault(a, a.name()), a.code));
        Stream<String> functions = Arrays.stream(FunctionAttribute.values())
                .map(a -> equal("CU_FUNC_ATTRIBUTE_" + FUNCTION.getOrDefault(a, a.name()), a.code));
        Stream<String> updates = Arrays.stream(CudaGraphExec.Update.values())
                .filter(u -> u.ordinal() > 1)
                .map(u -> equal("CU_GRAPH_EXEC_UPDATE_ERROR_" + u, u.ordinal()));
        Stream<String> layouts = Stream.of(
                "static_assert(sizeof(CUlaunchConfig) == 56);",
                "static_assert(offsetof(CUlaunchConfig, hStream) == 32 && offsetof(CUlaunchConfig, attrs) == 40);",
                "static_assert(offsetof(CUlaunchConfig, numAttrs) == 48);",
                "static_assert(sizeof(CUlaunchAttribute) == 72 && offsetof(CUlaunchAttribute, value) == 8);",
                equal("CU_LAUNCH_ATTRIBUTE_COOPERATIVE", 2),
                equal("CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION", 4),
                equal("CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION", 6),
                equal("CU_MEMPOOL_ATTR_RELEASE_THRESHOLD", 4),
                equal("CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT", 5),
                equal("CU_MEMPOOL_ATTR_USED_MEM_CURRENT", 7),
                equal("CUDA_ERROR_NOT_READY", 600),
                equal("CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE", 910));
        String checks = Stream.of(devices, functions, updates, layouts)
                .flatMap(each -> each)
                .collect(Collectors.joining("\n"));
        assertEquals("", compile(folder, header, checks));
    }

    @Test
    void theCompilerWouldSeeADifference(@TempDir Path folder) throws Exception {
        assertTrue(compile(folder, header(), equal("CUDA_ERROR_NOT_READY", 601)).contains("static assertion failed"));
    }

    private static String equal(String enumerator, int value) {
        return "static_assert(" + enumerator + " == " + value + ", \"" + enumerator + "\");";
    }

    /// What the C++ compiler has to say about `source`; nothing if it agrees.
    private static String compile(Path folder, Path header, String source) throws IOException, InterruptedException {
        Path file = Files.writeString(
                folder.resolve("abi.cpp"), "#include <cstddef>\n#include \"" + header + "\"\n" + source + "\n");
        return CSource.run(
                List.of(CSource.compiler("c++", "g++", "clang++"), "-std=c++17", "-fsyntax-only", file.toString()));
    }
}
