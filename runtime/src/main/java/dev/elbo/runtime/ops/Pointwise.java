package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Tensor;

/// A function of each element: one row of the table [Function].
///
/// ```
/// y[e]   = f(x[e])               any shape
/// dx[e] += dy[e] · f′(x[e])
/// ```
///
/// @param f         the function
/// @param parameter of its family, 0 where it has none
public record Pointwise(Function f, float parameter) implements Op.Unary {
    /// Elements of a simple loop that one exp is worth.
    static final long WORK = 4;

    /// A function without a parameter.
    public Pointwise(Function f) {
        this(f, 0);
    }

    @Override
    public String name() {
        return Names.of(f);
    }

    @Override
    public Tensor forward(Tensor x, Memory memory) {
        Tensor y = memory.empty(x.shape());
        switch (x.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block some =
                        (from, to) -> cpu.math().unary(f.loop(), parameter, x.data(), y.data(), from, to);
                cpu.bind(name(), x.shape().size(), WORK, some);
            }
            case CudaDevice cuda ->
                cuda.kernel("unary_f32")
                        .args(x, y, x.shape().size(), f.loop().ordinal(), parameter)
                        .bind(name());
        }
        return y;
    }

    @Override
    public void pullback(Tensor x, Tensor y, Tensor dy, Gradient dx) {
        bindPullback(x, y, dy, dx.into(), dx.first());
    }

    @Override
    public void pullback(Tensor x, Tensor y, Gradient dy, Gradient dx) {
        if (f != Function.NEGATE || !dx.follow(dy, v -> -v)) {
            pullback(x, y, dy.into(), dx);
        }
    }

    /// Binds dx (+)= dy · f′(x); dx may be dy.
    void bindPullback(Tensor x, Tensor y, Tensor dy, Tensor dx, boolean first) {
        switch (x.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block some = (from, to) -> cpu.math()
                        .unaryPullback(f.loop(), parameter, x.data(), y.data(), dy.data(), dx.data(), from, to, first);
                cpu.bind(name(), x.shape().size(), WORK, some);
            }
            case CudaDevice cuda ->
                cuda.kernel("unary_pullback_f32")
                        .args(x, y, dy, dx, x.shape().size(), f.loop().ordinal(), parameter, first)
                        .bind(name());
        }
    }
}
