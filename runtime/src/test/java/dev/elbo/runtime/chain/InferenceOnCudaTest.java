package dev.elbo.runtime.chain;

import dev.elbo.runtime.CudaOptions;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Gpu;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;

/// [InferenceTest] on the GPU of this run, the simulated one or a real one.
@Tag("device")
class InferenceOnCudaTest extends InferenceTest {
    @Override
    Device open() {
        return Gpu.open(CudaOptions.best());
    }

    @Override
    int[] steps() {
        return new int[] {4};
    }

    @AfterAll
    static void expectNothingLeft() {
        Gpu.expectNothingLeft();
    }
}
