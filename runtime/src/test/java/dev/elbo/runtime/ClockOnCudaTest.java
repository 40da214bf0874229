package dev.elbo.runtime;

/// Clocks on the GPU of this run.
class ClockOnCudaTest extends ClockTest {
    @Override
    Device open() {
        return Gpu.open(CudaOptions.best());
    }
}
