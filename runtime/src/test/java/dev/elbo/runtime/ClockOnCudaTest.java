package dev.elbo.runtime;

import org.junit.jupiter.api.Tag;

/// Clocks on the GPU of this run.
@Tag("device")
class ClockOnCudaTest extends ClockTest {
    @Override
    Device open() {
        return Gpu.open(CudaOptions.best());
    }
}
