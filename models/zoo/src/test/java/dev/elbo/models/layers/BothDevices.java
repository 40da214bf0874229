package dev.elbo.models.layers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CpuOptions;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.CudaOptions;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Tensor;
import java.lang.foreign.Arena;
import java.util.function.Function;
import java.util.stream.IntStream;

/// The CPU and the GPU that this run of the tests was asked to use, products in the fixed order on both.
public final class BothDevices {
    private BothDevices() {}

    /// Work comes to the same numbers on both, to the last bit.
    public static void agree(Function<Memory, double[]> work) {
        assumeTrue(
                CudaDevice.missing(0).isEmpty(),
                () -> "asked for a GPU: " + CudaDevice.missing(0).orElseThrow());
        try (CpuDevice cpu = CpuDevice.open(CpuOptions.best().threads(1).fixedOrder());
                CudaDevice gpu = CudaDevice.open(0, CudaOptions.best().inFixedOrder())) {
            assertArrayEquals(on(cpu, work), on(gpu, work));
        }
    }

    private static double[] on(Device device, Function<Memory, double[]> work) {
        try (Arena owner = Arena.ofShared()) {
            return work.apply(Memory.of(device, "test", owner));
        }
    }

    /// Elements of a tensor.
    ///
    /// @param x any shape, f32
    public static double[] numbers(Tensor x) {
        float[] values = x.device().floats(x);
        return IntStream.range(0, values.length).mapToDouble(e -> values[e]).toArray();
    }
}
