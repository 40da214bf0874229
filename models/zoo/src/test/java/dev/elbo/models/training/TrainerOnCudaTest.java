package dev.elbo.models.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.elbo.models.latent.Bounds;
import dev.elbo.models.latent.Output;
import dev.elbo.models.latent.Vae;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CpuOptions;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.CudaOptions;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.NanPolicy;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Schedule;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.UpdateRule;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.random.Purpose;
import dev.elbo.simulator.Counters;
import dev.elbo.simulator.SimulatedGpu;
import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Whole runs of the trainer on the GPU that this run of the tests was asked to use: where products run in the fixed
/// order, data order, bits, noise, loss and updates are those of the CPU.
@Tag("device")
class TrainerOnCudaTest {
    private static float[] vae(Device device) {
        try (Arena owner = Arena.ofShared()) {
            Parameters<Vae> model = Parameters.of(
                    device,
                    "vae",
                    owner,
                    m -> Vae.of(9, List.of(8), 2, Activation.TANH, Output.Bernoulli::of, Clock.of(1, 0, m), m));
            Plan plan = new Plan(
                    5,
                    20,
                    true,
                    true,
                    new UpdateRule.Adam(),
                    Schedule.cosine(0.02, 0.001, 20).warmUp(5),
                    1,
                    NanPolicy.SKIP,
                    3,
                    10);
            Trainer.Objective<Vae> objective =
                    (f, vae, x, clock) -> f.minusMean(Bounds.elbo(f, vae, x, 1, clock.next(Purpose.TRAIN)));
            try (Trainer<Vae> trainer = new Trainer<>(model, data(device, owner), objective, plan)) {
                trainer.run(_ -> true);
            }
            return device.floats(model.values());
        }
    }

    private static Tensor data(Device device, Arena owner) {
        float[] x = new float[12 * 9];
        for (int i = 0; i < 12; i++) {
            x[i * 9 + i % 9] = 0.9f;
            x[i * 9 + i % 3] = 1;
        }
        return Memory.of(device, "data", owner).floats(Shape.of(12, 9), x);
    }

    @Test
    void aRunEndsInTheBytesOfTheCpu() {
        assumeTrue(
                CudaDevice.missing(0).isEmpty(),
                () -> "asked for a GPU: " + CudaDevice.missing(0).orElseThrow());
        try (CpuDevice cpu = CpuDevice.open(CpuOptions.best().threads(1).fixedOrder());
                CudaDevice gpu = CudaDevice.open(0, CudaOptions.best().inFixedOrder())) {
            assertArrayEquals(vae(cpu), vae(gpu));
        }
    }

    /// TF32 is asked for where the trainer records its step, and nowhere else.
    @Test
    @Tag("simulated")
    void trainingMultipliesInTf32AndEvaluationInFp32() {
        try (CudaDevice gpu = CudaDevice.open(0);
                Arena owner = Arena.ofShared()) {
            Counters counters = SimulatedGpu.installed().counters();
            counters.reset();
            vae(gpu);
            assertTrue(
                    counters.calls("cublasGemmEx") > 0, () -> counters.calls().toString());
            assertEquals(0, counters.calls("cublasSgemm_v2"));
            counters.reset();
            Ops f = Ops.plain(Memory.of(gpu, "evaluation", owner));
            f.product(f.constant(Shape.of(3, 4), 1), f.constant(Shape.of(4, 5), 1));
            assertEquals(1, counters.calls("cublasSgemm_v2"));
        }
    }
}
