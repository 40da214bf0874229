package dev.elbo.runtime;

/// Dumps of steps on the GPU of this run.
class StepDumpOnCudaTest extends StepDumpTest {
    @Override
    Device open() {
        return Gpu.open(CudaOptions.best());
    }
}
