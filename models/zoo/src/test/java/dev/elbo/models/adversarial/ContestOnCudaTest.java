package dev.elbo.models.adversarial;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.elbo.models.training.Plan;
import dev.elbo.models.training.Trainer;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CpuOptions;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.CudaOptions;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Parameters;
import dev.elbo.simulator.Counters;
import dev.elbo.simulator.SimulatedGpu;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Adversarial training on the GPU that this run of the tests was asked to use.
@Tag("device")
class ContestOnCudaTest {
    private static float[] trained(Device device) {
        try (Arena owner = Arena.ofShared()) {
            Parameters<Gan> gan = ContestTest.everything(device, owner);
            try (Trainer<Gan> trainer =
                    ContestTest.trainer(gan, ContestTest.terms(0.01, 0.01), Plan.adam(8, 10, 1, 1), owner)) {
                trainer.run(_ -> true);
            }
            return device.floats(gan.values());
        }
    }

    @Test
    void aContestEndsInTheBytesOfTheCpu() {
        assumeTrue(
                CudaDevice.missing(0).isEmpty(),
                () -> "asked for a GPU: " + CudaDevice.missing(0).orElseThrow());
        try (CpuDevice cpu = CpuDevice.open(CpuOptions.best().threads(1).fixedOrder());
                CudaDevice gpu = CudaDevice.open(0, CudaOptions.best().inFixedOrder())) {
            assertArrayEquals(trained(cpu), trained(gpu));
        }
    }

    /// Both updates, the power iterations, all noise and both losses.
    @Test
    @Tag("simulated")
    void aStepOfBothSidesIsOneGraphLaunch() {
        try (CudaDevice gpu = CudaDevice.open(0);
                Arena owner = Arena.ofShared()) {
            Counters counters = SimulatedGpu.installed().counters();
            Parameters<Gan> gan = ContestTest.everything(gpu, owner);
            Plan plan = Plan.adam(8, 9, 1, 1).reporting(4);
            try (Trainer<Gan> trainer = ContestTest.trainer(gan, ContestTest.terms(0.01, 0.01), plan, owner)) {
                trainer.run(progress -> progress.step() < 4);
                counters.reset();
                trainer.run(progress -> {
                    if (progress.step() == 8) {
                        assertEquals(4, counters.graphLaunches());
                        assertEquals(0, counters.launches());
                    }
                    return true;
                });
            }
        }
    }
}
