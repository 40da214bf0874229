package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Tensor;

/// A constant written into every element.
///
/// ```
/// y[e] = value
/// ```
public final class Fill {
    private Fill() {}

    /// Binds the launch.
    ///
    /// @param y any shape, f32, overwritten
    public static void bind(Tensor y, float value) {
        switch (y.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block some = (from, to) -> cpu.math().fill(value, y.data(), from, to);
                cpu.bind("fill", y.shape().size(), 1, some);
            }
            case CudaDevice cuda ->
                cuda.kernel("fill_f32").args(y, y.shape().size(), value).bind("fill");
        }
    }
}
