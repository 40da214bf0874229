package dev.elbo.runtime.ops;

import dev.elbo.runtime.CudaOptions;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Gpu;
import org.junit.jupiter.api.Tag;

/// Batches on the GPU of this run.
@Tag("device")
class ShuffledBatchOnCudaTest extends ShuffledBatchTest {
    @Override
    Device opened() {
        return Gpu.open(CudaOptions.best());
    }
}
