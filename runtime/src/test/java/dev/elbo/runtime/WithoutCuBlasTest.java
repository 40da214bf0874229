package dev.elbo.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.ops.Activation;
import dev.elbo.simulator.Configuration;
import dev.elbo.simulator.SimulatedGpu;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// On a machine with a driver and nothing else, Elbo's kernels multiply, and the device says so.
@Tag("simulated")
class WithoutCuBlasTest {
    /// Trains a little on a GPU beside which there is no library. A process keeps the libraries it has loaded, so this
    /// is one of its own.
    static final class Program {
        private Program() {}

        public static void main(String[] arguments) {
            SimulatedGpu gpu = SimulatedGpu.install(
                    Configuration.standard().withoutLibrary("cublas").withoutLibrary("cublasLt"));
            try (CudaDevice device = CudaDevice.open(0)) {
                System.out.println(device.products());
                System.out.println(product(device));
                System.out.println("kernels " + gpu.counters().launches("matmul_f32"));
            }
            gpu.close();
            System.out.print(Doctor.examine().text(false));
        }
    }

    /// Bits of a layer of neurons and of a product without bias.
    private static String product(Device device) {
        try (Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(device, "test", owner);
            Ops f = Ops.plain(memory);
            float[] numbers = new float[33 * 20];
            for (int e = 0; e < numbers.length; e++) {
                numbers[e] = (e * 37 % 101 - 50) / 17f;
            }
            Tensor x = memory.floats(Shape.of(33, 20), numbers);
            Tensor w = memory.floats(Shape.of(20, 33), numbers);
            Tensor y = f.linear(x, w, memory.floats(Shape.of(33), Arrays.copyOf(numbers, 33)), Activation.TANH);
            return Arrays.hashCode(device.floats(y)) + " " + Arrays.hashCode(device.floats(f.product(y, x)));
        }
    }

    @Test
    void elbosKernelsMultiplyAndTheDeviceSaysWhy() throws Exception {
        List<String> lines = ChildJvm.output(Program.class, List.of()).lines().toList();
        String all = String.join("\n", lines);
        assertTrue(lines.get(0).startsWith("Elbo's own kernel: "), all);
        assertTrue(lines.get(0).contains("cublas"), all);
        try (CpuDevice cpu = CpuDevice.open(CpuOptions.best().threads(1).fixedOrder())) {
            assertEquals(product(cpu), lines.get(1));
        }
        assertEquals("kernels 2", lines.get(2));
        assertTrue(lines.stream().anyMatch(line -> line.startsWith("  Blas         none; ")), all);
    }
}
