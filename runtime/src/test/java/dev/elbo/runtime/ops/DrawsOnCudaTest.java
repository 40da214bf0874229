package dev.elbo.runtime.ops;

import dev.elbo.runtime.CudaOptions;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Gpu;
import org.junit.jupiter.api.Tag;

/// Draws on the GPU of this run.
@Tag("device")
class DrawsOnCudaTest extends DrawsTest {
    @Override
    Device open() {
        return Gpu.open(CudaOptions.best());
    }
}
