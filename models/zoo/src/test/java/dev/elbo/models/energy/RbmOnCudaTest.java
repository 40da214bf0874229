package dev.elbo.models.energy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.elbo.models.training.Plan;
import dev.elbo.models.training.Trainer;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CpuOptions;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.CudaOptions;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.MatrixPrecision;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.random.Purpose;
import dev.elbo.simulator.Counters;
import dev.elbo.simulator.SimulatedGpu;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Contrastive divergence whose products are sums of bf16 terms, on the GPU that this run of the tests was asked to
/// use.
@Tag("device")
class RbmOnCudaTest {
    private static final int VISIBLE = 40;
    private static final int HIDDEN = 24;
    private static final int BATCH = 16;

    /// The parameters after so many steps of CD-1.
    private static float[] trained(Device device, int steps) {
        try (Arena owner = Arena.ofShared()) {
            Parameters<Rbm> rbm =
                    Parameters.of(device, "rbm", owner, m -> Rbm.of(VISIBLE, HIDDEN, Clock.of(2, 0, m), m));
            Plan plan = Plan.adam(BATCH, steps, 0.01, 1);
            Trainer.Objective<Rbm> objective =
                    (f, machine, x, clock) -> Gibbs.divergence(f, machine, x, 1, clock, Purpose.CHAIN);
            try (Trainer<Rbm> trainer = new Trainer<>(rbm, bars(device, owner), objective, plan)) {
                trainer.run(_ -> true);
            }
            return device.floats(rbm.values());
        }
    }

    /// A bar of eight of forty, at eight places.
    private static Tensor bars(Device device, Arena owner) {
        float[] x = new float[3 * BATCH * VISIBLE];
        for (int i = 0; i < 3 * BATCH; i++) {
            for (int j = 0; j < 8; j++) {
                x[i * VISIBLE + i % 8 * 4 + j] = 1;
            }
        }
        return Memory.of(device, "data", owner).floats(Shape.of(3 * BATCH, VISIBLE), x);
    }

    private static CudaDevice gpu(MatrixPrecision precision) {
        assumeTrue(
                CudaDevice.missing(0).isEmpty(),
                () -> "asked for a GPU: " + CudaDevice.missing(0).orElseThrow());
        return CudaDevice.open(0, CudaOptions.best().training(precision));
    }

    /// Data, draws and updates are the CPU's; the products of bits differ by no more than f32 sums in another order do.
    /// A GPU without units for bf16 multiplies in f32, and has to come to the same.
    @Test
    void aRunInTermsOfBf16IsTheCpusInF32() {
        float[] expected;
        try (CpuDevice cpu = CpuDevice.open(CpuOptions.best().threads(1).fixedOrder())) {
            expected = trained(cpu, 4);
        }
        float[] actual;
        try (CudaDevice gpu = gpu(MatrixPrecision.BF16X3)) {
            actual = trained(gpu, 4);
        }
        double most = 0;
        for (int e = 0; e < expected.length; e++) {
            most = Math.max(most, Math.abs((double) expected[e] - actual[e]));
        }
        assertTrue(most <= 1e-5, "parameters differ by " + most);
    }

    /// The products of the step are the kernel's, one of them with its draw; that of a vector is the library's.
    @Test
    @Tag("simulated")
    void aReplayedStepIsOneGraphLaunchAndAllocatesNothing() {
        try (CudaDevice gpu = gpu(MatrixPrecision.BF16X3)) {
            Counters counters = SimulatedGpu.installed().counters();
            trained(gpu, 1);
            counters.reset();
            trained(gpu, 1);
            assertEquals(3, counters.executions("matmul_split_f32"));
            assertEquals(1, counters.executions("matmul_bernoulli_split_f32"));
            assertEquals(0, counters.executions("matmul_bernoulli_f32"));
            long allocations = counters.calls("cuMemAllocAsync");
            counters.reset();
            trained(gpu, 5);
            assertEquals(5 * 3, counters.executions("matmul_split_f32"));
            assertEquals(4, counters.graphLaunches());
            assertEquals(allocations, counters.calls("cuMemAllocAsync"));
        }
    }
}
