package dev.elbo.runtime;

/// Updates on the GPU of this run.
class OptimizerOnCudaTest extends OptimizerTest {
    @Override
    Device open() {
        return Gpu.open(CudaOptions.best());
    }
}
