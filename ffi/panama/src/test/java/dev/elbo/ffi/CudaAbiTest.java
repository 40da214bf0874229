package dev.elbo.ffi;

import static dev.elbo.ffi.CHeader.equal;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
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

    @Test
    void everyFunctionHasTheParametersOfTheHeader(@TempDir Path folder) throws Exception {
        CHeader header = CHeader.find("cuda.h");
        List<String> functions = new ArrayList<>(CHeader.functions(BINDINGS));
        assertTrue(functions.size() > 60, "found too few handles: " + functions.size());
        // Bound under its older name where the newer is missing.
        functions.addFirst("#if CUDA_VERSION < 12080\n#define cuEventElapsedTime_v2 cuEventElapsedTime\n#endif");
        assertEquals("", header.objections(folder, functions));
    }

    @Test
    void everyEnumeratorHasTheValueOfTheHeader(@TempDir Path folder) throws Exception {
        CHeader header = CHeader.find("cuda.h");
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
        assertEquals(
                "",
                header.objections(
                        folder,
                        Stream.of(devices, functions, updates, layouts)
                                .flatMap(each -> each)
                                .toList()));
    }

    @Test
    void theCompilerWouldSeeADifference(@TempDir Path folder) throws Exception {
        CHeader header = CHeader.find("cuda.h");
        String wrong = header.objections(folder, List.of(equal("CUDA_ERROR_NOT_READY", 601)));
        assertTrue(wrong.contains("static assertion failed"), wrong);
    }
}
