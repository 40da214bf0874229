package dev.elbo.models.adversarial;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.elbo.models.training.Trainer;
import dev.elbo.runtime.Checkpoint;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CpuOptions;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.CudaOptions;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.MatrixPrecision;
import dev.elbo.runtime.Parameters;
import dev.elbo.simulator.Counters;
import dev.elbo.simulator.SimulatedGpu;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The DCGAN of [DcganTest] on the GPU that this run of the tests was asked to use.
@Tag("device")
class DcganOnCudaTest {
    private static final CudaOptions FP32 = CudaOptions.best().training(MatrixPrecision.FP32);

    private static float[] trained(Device device, long steps) {
        try (Arena owner = Arena.ofShared()) {
            Parameters<Gan> gan = DcganTest.tiny(device, true, owner);
            try (Trainer<Gan> trainer = DcganTest.trainer(gan, steps, owner)) {
                trainer.run(_ -> true);
            }
            return device.floats(gan.values());
        }
    }

    private static float[] onCpu(CpuOptions options, long steps) {
        try (CpuDevice cpu = CpuDevice.open(options.threads(1))) {
            return trained(cpu, steps);
        }
    }

    private static float[] onGpu(CudaOptions options, long steps) {
        assumeTrue(
                CudaDevice.missing(0).isEmpty(),
                () -> "asked for a GPU: " + CudaDevice.missing(0).orElseThrow());
        try (CudaDevice gpu = CudaDevice.open(0, options)) {
            return trained(gpu, steps);
        }
    }

    @Test
    void inTheFixedOrderADcganEndsInTheBytesOfTheCpu() {
        assertArrayEquals(onCpu(CpuOptions.best().fixedOrder(), 3), onGpu(FP32.inFixedOrder(), 3));
    }

    /// What oneDNN's order of summation does to the CPU's result is the measure of what cuDNN's may do to it.
    @Test
    void aDcganAfter20StepsIsAsCloseAsAnotherOrderOfSummation() {
        assumeTrue(CpuOptions.best().oneDnn(), "no oneDNN here, so there is no other order to compare with");
        float[] expected = onCpu(CpuOptions.best().fixedOrder(), 20);
        double measure = distance(expected, onCpu(CpuOptions.best(), 20));
        double found = distance(expected, onGpu(FP32, 20));
        assertTrue(measure > 0, "both orders gave the same bytes");
        assertTrue(found <= 10 * measure, "GPU " + found + ", another order on the CPU " + measure);
    }

    private static double distance(float[] a, float[] b) {
        double most = 0;
        for (int e = 0; e < a.length; e++) {
            most = Math.max(most, Math.abs((double) a[e] - b[e]));
        }
        return most;
    }

    /// The parameters after so many steps of a DCGAN whose channels go by eights.
    private static float[] inEights(MatrixPrecision precision, long steps, boolean roundedAtFirst) {
        try (CudaDevice gpu = CudaDevice.open(0, CudaOptions.best().training(precision));
                Arena owner = Arena.ofShared()) {
            Parameters<Gan> gan = DcganTest.inEights(gpu, owner);
            if (roundedAtFirst) {
                float[] values = gpu.floats(gan.values());
                for (int e = 0; e < values.length; e++) {
                    int bits = Float.floatToRawIntBits(values[e]);
                    values[e] = Float.intBitsToFloat((bits + 0x7fff + (bits >>> 16 & 1)) & 0xffff_0000);
                }
                gpu.write(values, gan.values());
            }
            try (Trainer<Gan> trainer = DcganTest.trainer(gan, 256, steps, owner)) {
                trainer.run(_ -> true);
            }
            return gpu.floats(gan.values());
        }
    }

    private static double rootMeanSquare(float[] a, float[] b) {
        double sum = 0;
        for (int e = 0; e < a.length; e++) {
            sum += Math.pow((double) a[e] - b[e], 2);
        }
        return Math.sqrt(sum / a.length);
    }

    /// What rounding all parameters to bf16 once, at the first step, does to a run in f32 is the measure.
    @Test
    void aDcganInBf16After20StepsIsAsCloseAsOneThatBeganRounded() {
        assumeTrue(
                CudaDevice.missing(0).isEmpty(),
                () -> "asked for a GPU: " + CudaDevice.missing(0).orElseThrow());
        float[] expected = inEights(MatrixPrecision.FP32, 20, false);
        double measure = rootMeanSquare(expected, inEights(MatrixPrecision.FP32, 20, true));
        double found = rootMeanSquare(expected, inEights(MatrixPrecision.BF16, 20, false));
        assertTrue(found <= 2 * measure, "in bf16 " + found + ", rounded once " + measure);
    }

    @Test
    void inBf16AResumedRunEndsInTheSameBytes(@TempDir Path folder) throws IOException {
        assumeTrue(
                CudaDevice.missing(0).isEmpty(),
                () -> "asked for a GPU: " + CudaDevice.missing(0).orElseThrow());
        Path file = folder.resolve("c");
        try (CudaDevice gpu = CudaDevice.open(0, CudaOptions.best().training(MatrixPrecision.BF16));
                Arena owner = Arena.ofShared()) {
            try (Trainer<Gan> trainer = DcganTest.trainer(DcganTest.inEights(gpu, owner), 256, 2, owner)) {
                trainer.run(_ -> true);
                Checkpoint.write(file, Map.of(), trainer.state());
            }
            Parameters<Gan> resumed = DcganTest.inEights(gpu, owner);
            try (Trainer<Gan> trainer = DcganTest.trainer(resumed, 256, 4, owner)) {
                trainer.restore(Checkpoint.read(file, owner));
                trainer.run(_ -> true);
            }
            assertArrayEquals(inEights(MatrixPrecision.BF16, 4, false), gpu.floats(resumed.values()));
        }
    }

    /// Eleven convolutions between maps of 8 and 16 channels, of two operands each: the generator's with two
    /// gradients; the discriminator's of images and of samples with two gradients each; and with its new weights
    /// that of samples once more, and the gradient towards them. One gradient is added to another.
    @Test
    @Tag("simulated")
    void aStepInBf16RoundsHalfAsManyOperandsAsItMultiplies() {
        try (CudaDevice gpu = CudaDevice.open(0, CudaOptions.best().training(MatrixPrecision.BF16));
                Arena owner = Arena.ofShared()) {
            Counters counters = SimulatedGpu.installed().counters();
            Parameters<Gan> gan = DcganTest.inEights(gpu, owner);
            try (Trainer<Gan> trainer = DcganTest.trainer(gan, 256, 8, owner)) {
                trainer.run(progress -> progress.step() < 4);
                gpu.synchronize();
                counters.reset();
                trainer.run(_ -> true);
                gpu.synchronize();
                assertEquals(4 * 11, counters.executions("round_bf16"));
                assertEquals(4, counters.executions("widen_bf16"));
            }
        }
    }

    /// Both updates, with their convolutions and normalisations, and all noise.
    @Test
    @Tag("simulated")
    void aStepOfBothSidesIsOneGraphLaunch() {
        try (CudaDevice gpu = CudaDevice.open(0);
                Arena owner = Arena.ofShared()) {
            Counters counters = SimulatedGpu.installed().counters();
            Parameters<Gan> gan = DcganTest.tiny(gpu, true, owner);
            try (Trainer<Gan> trainer = DcganTest.trainer(gan, 9, owner)) {
                trainer.run(progress -> progress.step() < 4);
                counters.reset();
                trainer.run(progress -> {
                    if (progress.step() == 8) {
                        assertEquals(4, counters.graphLaunches());
                        assertEquals(0, counters.launches());
                        assertTrue(counters.executions("cudnnBackendExecute") > 0, "no convolution by cuDNN");
                    }
                    return true;
                });
            }
        }
    }
}
