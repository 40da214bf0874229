package dev.elbo.ffi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Modules, their kernels and variables, and launches.
class CudaKernelContractTest extends CudaContract {
    @ParameterizedTest
    @ValueSource(ints = {1, 31, 33, 129, 1000})
    void kernelComputes(int n) {
        float[] x = new float[n];
        float[] y = new float[n];
        float[] expected = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = i + 0.5f;
            y[i] = -i;
            expected[i] = Math.fma(3f, x[i], y[i]);
        }
        MemorySegment on = floats(y);
        LaunchBlock block = LaunchBlock.of(owner).arg(floats(x)).arg(on).arg(3f).arg(n);
        module().function("saxpy").launch(LaunchShape.of((n + 127) / 128, 128), block, stream);
        assertArrayEquals(expected, floats(on, n));
    }

    @Test
    void argumentsOfEveryKindArrive() {
        MemorySegment out = ints(0, 0, 0, 0, 0, 0);
        LaunchBlock block = LaunchBlock.of(owner);
        block.arg(out).arg(-1.5f).arg(-7).arg(0x0123456789abcdefL).arg(ints(42)).arg(99);
        module().function("mixed").launch(LaunchShape.of(1, 1), block, stream);
        block.clear().arg(0L);
        assertArrayEquals(new int[] {Float.floatToRawIntBits(-1.5f), -7, 0x89abcdef, 0x01234567, 42, 99}, ints(out, 6));
    }

    @Test
    void dynamicSharedMemoryIsGiven() {
        MemorySegment x = ints(IntStream.range(0, 64).toArray());
        CudaFunction reverse = module().function("reverse");
        reverse.launch(LaunchShape.of(1, 64).shared(256), LaunchBlock.of(owner).arg(x), stream);
        assertArrayEquals(IntStream.range(0, 64).map(i -> 63 - i).toArray(), ints(x, 64));
    }

    @Test
    void launchesWithAttributesComputeTheSame() {
        MemorySegment x = floats(1, 2, 3, 4);
        MemorySegment y = floats(0, 0, 0, 0);
        CudaFunction saxpy = module().function("saxpy");
        LaunchBlock block = LaunchBlock.of(owner).arg(x).arg(y).arg(1f).arg(4);
        LaunchShape shape = LaunchShape.of(2, 2);
        saxpy.launch(shape.together(), block, stream);
        saxpy.launch(shape, block, stream);
        int launches = 2;
        if (context.attribute(DeviceAttribute.CLUSTER_LAUNCH) == 1) {
            CudaFunction waiting =
                    CudaModule.load("waiting.ptx", waiting(), owner).function("saxpy");
            waiting.launch(shape.overlapping(), block, stream);
            waiting.launch(shape.clusters(2).overlapping(), block, stream);
            saxpy.launch(shape.clusters(2), block, stream);
            saxpy.launch(shape.clusters(2).together(), block, stream);
            launches += 4;
        }
        assertArrayEquals(new float[] {launches, 2 * launches, 3 * launches, 4 * launches}, floats(y, 4));
    }

    /// The kernels of `contract.cu` where saxpy may begin early: what nobody waits for, nobody is certain to see.
    private static byte[] waiting() {
        return new String(Gpu.ptx(), StandardCharsets.UTF_8)
                .replaceFirst("[.]version 7.0", ".version 7.8")
                .replaceFirst("[.]target sm_75", ".target sm_90")
                .replaceFirst("(?s)(entry saxpy.*?\n\\{\n)", "$1griddepcontrol.wait;\n")
                .getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void kernelSaysWhatItNeedsAndWhatFits() {
        CudaFunction reverse = module().function("reverse");
        assertTrue(reverse.attribute(FunctionAttribute.MAX_THREADS_PER_BLOCK) >= 32);
        assertTrue(reverse.attribute(FunctionAttribute.REGISTERS) > 0);
        assertEquals(0, reverse.attribute(FunctionAttribute.LOCAL_BYTES));
        reverse.attribute(FunctionAttribute.MAX_DYNAMIC_SHARED_BYTES, 8192);
        assertEquals(8192, reverse.attribute(FunctionAttribute.MAX_DYNAMIC_SHARED_BYTES));
        assertTrue(reverse.activeBlocks(128, 0) >= reverse.activeBlocks(128, 8192));
        assertTrue(reverse.activeBlocks(128, 8192) >= 1);
        NativeException e = assertThrows(
                NativeException.class,
                () -> reverse.attribute(FunctionAttribute.MAX_DYNAMIC_SHARED_BYTES, Integer.MAX_VALUE));
        assertEquals(
                "cuFuncSetAttribute: CUDA_ERROR_INVALID_VALUE (1); "
                        + "kernel=reverse, attribute=MAX_DYNAMIC_SHARED_BYTES, value=2147483647",
                e.getMessage());
    }

    @Test
    void clustersThatFitAreCounted() {
        assumeTrue(context.attribute(DeviceAttribute.CLUSTER_LAUNCH) == 1, "the device has no clusters");
        CudaFunction saxpy = module().function("saxpy");
        assertTrue(saxpy.activeClusters(LaunchShape.of(8, 128).clusters(2)) >= 1);
    }

    @Test
    void impossibleLaunchNamesTheKernelAndTheShape() {
        CudaFunction bump = module().function("bump");
        LaunchBlock block = LaunchBlock.of(owner).arg(1);
        NativeException e =
                assertThrows(NativeException.class, () -> bump.launch(LaunchShape.of(1, 4096), block, stream));
        assertEquals(
                "cuLaunchKernel: CUDA_ERROR_INVALID_VALUE (1); kernel=bump, "
                        + "grid=(1, 1, 1), block=(4096, 1, 1), sharedBytes=0, parameterBytes=4",
                e.getMessage());
        assertThrows(IllegalArgumentException.class, () -> LaunchShape.of(0, 32));
        assertThrows(IllegalArgumentException.class, () -> LaunchShape.of(3, 32).clusters(2));
    }

    @Test
    void unknownKernelAndVariableAreNamed() {
        CudaModule module = module();
        NativeException kernel = assertThrows(NativeException.class, () -> module.function("nothing"));
        assertEquals("cuModuleGetFunction: CUDA_ERROR_NOT_FOUND (500); name=nothing", kernel.getMessage());
        NativeException variable = assertThrows(NativeException.class, () -> module.global("nothing", 4));
        assertEquals("cuModuleGetGlobal_v2: CUDA_ERROR_NOT_FOUND (500); name=nothing", variable.getMessage());
    }

    @Test
    void variableOfAModuleIsDeviceMemory() {
        CudaModule module = module();
        MemorySegment counter = module.global("counter", 16);
        assertArrayEquals(new int[4], ints(counter, 4));
        module.function("bump")
                .launch(LaunchShape.of(1, 1), LaunchBlock.of(owner).arg(5), stream);
        assertArrayEquals(new int[] {5, 0, 0, 0}, ints(counter, 4));
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> module.global("counter", 8));
        assertEquals(
                "size of variable differs: module=contract.ptx, variable=counter, expected=8, declared=16",
                e.getMessage());
    }

    @Test
    void refusedPtxComesWithTheCompilersWords() {
        byte[] broken = new String(Gpu.ptx(), StandardCharsets.UTF_8)
                .replace("@%p1 bra", "@@%p1 bra")
                .getBytes(StandardCharsets.UTF_8);
        NativeException e = assertThrows(NativeException.class, () -> CudaModule.load("broken.ptx", broken, owner));
        assertEquals("CUDA_ERROR_INVALID_PTX", e.statusName());
        assertTrue(e.arguments().startsWith("name=broken.ptx, errors="), e.getMessage());
    }

    @Test
    void capturedArgumentsAreThoseOfTheLaunch() {
        CudaModule module = module();
        CudaFunction bump = module.function("bump");
        MemorySegment counter = module.global("counter", 16);
        LaunchBlock block = LaunchBlock.of(owner);
        CudaGraph graph = CudaGraph.capture(
                stream,
                () -> {
                    bump.launch(LaunchShape.of(1, 1), block.clear().arg(1), stream);
                    bump.launch(LaunchShape.of(1, 1), block.clear().arg(10), stream);
                },
                owner);
        assertEquals(2, graph.nodes());
        CudaGraphExec exec = graph.instantiate(owner);
        assertArrayEquals(new int[4], ints(counter, 4), "nothing has run yet");
        exec.upload(stream);
        exec.launch(stream);
        exec.launch(stream);
        assertEquals(22, ints(counter, 1)[0]);
    }
}
