package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Tensor;

/// Elements left out at random, the others scaled: dropout, or the masking corruption of a denoising autoencoder.
///
/// ```
/// y[e]   = scale · x[e] with probability keep, else 0          any shape
/// dx[e] += scale · dy[e] where x[e] was kept
/// ```
///
/// No mask is stored; the pullback draws it again.
///
/// @param keep  probability of keeping an element
/// @param scale 1 / keep to leave the mean as it was, 1 to corrupt
/// @param draw  what the choice is a function of
public record Dropout(float keep, float scale, Draw draw) implements Op.Unary {
    private static final long WORK = 8;

    @Override
    public Tensor forward(Tensor x, Memory memory) {
        Tensor y = memory.empty(x.shape());
        bind(x, y, true);
        return y;
    }

    @Override
    public void pullback(Tensor x, Tensor y, Tensor dy, Gradient dx) {
        bind(dy, dx.into(), dx.first());
    }

    private void bind(Tensor x, Tensor y, boolean first) {
        switch (x.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block some = (from, to) -> cpu.math()
                        .dropout(
                                x.data(),
                                y.data(),
                                from,
                                to,
                                keep,
                                scale,
                                draw.seed(),
                                draw.step(),
                                draw.operation(),
                                first);
                cpu.bind(name(), x.shape().size(), WORK, some);
            }
            case CudaDevice cuda ->
                cuda.kernel("dropout_f32")
                        .args(x, y, draw.words(), draw.operation(), x.shape().size(), keep, scale, first)
                        .bind(name());
        }
    }
}
