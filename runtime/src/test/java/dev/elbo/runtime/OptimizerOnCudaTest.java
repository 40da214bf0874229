package dev.elbo.runtime;

import org.junit.jupiter.api.Tag;

/// Updates on the GPU of this run.
@Tag("device")
class OptimizerOnCudaTest extends OptimizerTest {
    @Override
    Device open() {
        return Gpu.open(CudaOptions.best());
    }
}
