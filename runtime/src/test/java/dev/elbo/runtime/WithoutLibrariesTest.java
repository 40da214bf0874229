package dev.elbo.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.ops.Window;
import dev.elbo.simulator.Configuration;
import dev.elbo.simulator.SimulatedGpu;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// On a machine with a driver and nothing else, Elbo's kernels multiply and convolve, and the device says so.
@Tag("simulated")
class WithoutLibrariesTest {
    /// Trains a little on a GPU beside which there is no library. A process keeps the libraries it has loaded, so this
    /// is one of its own.
    static final class Program {
        private Program() {}

        public static void main(String[] arguments) {
            SimulatedGpu gpu = SimulatedGpu.install(Configuration.standard()
                    .withoutLibrary("cublas")
                    .withoutLibrary("cublasLt")
                    .withoutLibrary("cudnn"));
            try (CudaDevice device = CudaDevice.open(0)) {
                System.out.println(device.products());
                System.out.println(device.convolutions());
                System.out.println(product(device));
                System.out.println("products " + gpu.counters().launches("matmul_f32"));
                System.out.println("convolutions " + gpu.counters().launches("convolution_f32"));
            }
            gpu.close();
            System.out.print(Doctor.examine().text(false));
        }
    }

    /// Bits of a layer of neurons, of a product without bias, and of a convolution.
    private static String product(Device device) {
        try (Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(device, "test", owner);
            Ops f = Ops.plain(memory);
            Tensor x = some(memory, 33, 20);
            Tensor y = f.linear(x, some(memory, 20, 33), some(memory, 33), Activation.TANH);
            Tensor map =
                    f.convolution(some(memory, 2, 5, 6, 11), some(memory, 5, 3, 4, 11), new Window(3, 4, 2, 1, 1, 2));
            return Stream.of(y, f.product(y, x), map)
                    .map(each -> String.valueOf(Arrays.hashCode(device.floats(each))))
                    .collect(Collectors.joining(" "));
        }
    }

    private static Tensor some(Memory memory, int... extents) {
        Shape shape = Shape.of(extents);
        float[] numbers = new float[(int) shape.size()];
        for (int e = 0; e < numbers.length; e++) {
            numbers[e] = (e * 37 % 101 - 50) / 17f;
        }
        return memory.floats(shape, numbers);
    }

    @Test
    void elbosKernelsServeAndTheDeviceSaysWhy() throws Exception {
        List<String> lines = ChildJvm.output(Program.class, List.of()).lines().toList();
        String all = String.join("\n", lines);
        assertTrue(lines.get(0).startsWith("Elbo's own kernel: "), all);
        assertTrue(lines.get(0).contains("cublas"), all);
        assertTrue(lines.get(1).startsWith("Elbo's own kernels: "), all);
        assertTrue(lines.get(1).contains("cudnn"), all);
        try (CpuDevice cpu = CpuDevice.open(CpuOptions.best().threads(1).fixedOrder())) {
            assertEquals(product(cpu), lines.get(2));
        }
        assertEquals("products 2", lines.get(3));
        assertEquals("convolutions 1", lines.get(4));
        assertTrue(lines.stream().anyMatch(line -> line.startsWith("  Blas         none; ")), all);
        assertTrue(lines.stream().anyMatch(line -> line.startsWith("  Dnn          none; ")), all);
    }
}
