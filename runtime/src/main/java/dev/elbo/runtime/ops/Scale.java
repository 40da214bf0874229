package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Tensor;

/// A constant times everything.
///
/// ```
/// y[e]   = factor · x[e]          any shape
/// dx[e] += factor · dy[e]
/// ```
///
/// @param factor frozen when a step is recorded; what changes with the step is a tensor of one element
public record Scale(float factor) implements Op.Unary {
    @Override
    public Tensor forward(Tensor x, Memory memory) {
        Tensor y = memory.empty(x.shape());
        bind(factor, x, y, true);
        return y;
    }

    @Override
    public void pullback(Tensor x, Tensor y, Tensor dy, Gradient dx) {
        bind(factor, dy, dx.into(), dx.first());
    }

    @Override
    public void pullback(Tensor x, Tensor y, Gradient dy, Gradient dx) {
        if (!dx.follow(dy, v -> factor * (float) v)) {
            pullback(x, y, dy.into(), dx);
        }
    }

    /// Binds y[e] (+)= factor · x[e].
    static void bind(float factor, Tensor x, Tensor y, boolean first) {
        switch (x.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block some = (from, to) -> cpu.math().scale(factor, x.data(), y.data(), from, to, first);
                cpu.bind("scale", x.shape().size(), 1, some);
            }
            case CudaDevice cuda ->
                cuda.kernel("scale_f32")
                        .args(x, y, x.shape().size(), factor, first)
                        .bind("scale");
        }
    }
}
