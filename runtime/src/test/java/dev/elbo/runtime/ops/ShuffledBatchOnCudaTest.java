package dev.elbo.runtime.ops;

import dev.elbo.runtime.CudaOptions;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Gpu;

/// Batches on the GPU of this run.
class ShuffledBatchOnCudaTest extends ShuffledBatchTest {
    @Override
    Device opened() {
        return Gpu.open(CudaOptions.best());
    }
}
