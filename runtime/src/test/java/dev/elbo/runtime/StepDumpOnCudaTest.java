package dev.elbo.runtime;

import org.junit.jupiter.api.Tag;

/// Dumps of steps on the GPU of this run.
@Tag("device")
class StepDumpOnCudaTest extends StepDumpTest {
    @Override
    Device open() {
        return Gpu.open(CudaOptions.best());
    }
}
