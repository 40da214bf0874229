package dev.elbo.runtime.ops;

import dev.elbo.runtime.ConvolutionShape;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;

/// Two-dimensional convolution with an activation, with or without a bias. As everywhere in deep learning the
/// kernel is not mirrored.
///
/// ```
/// y[i,p,q]   = f(b + Σ_{r,s} w[:,r,s] · x[i, p·stride + r − pad, q·stride + s − pad])
///              x (n, height, width, c), w (k, kernel height, kernel width, c), b (k) → y (n, …, k)
/// g          = dy ∘ f′                                                   in place of dy
/// dx        += the transposed convolution of g by w
/// dw[o,r,s] += Σ_{i,p,q} g[i,p,q,o] · x[i, p·stride + r − pad, q·stride + s − pad]
/// db        += Σ_{i,p,q} g[i,p,q]
/// ```
///
/// x is 0 outside of the image. The extents of y are those of [Window].
///
/// @param window     kernel, stride and padding
/// @param activation f
public record Convolution(Window window, Activation activation) implements Op.Binary, Op.Ternary {
    @Override
    public Tensor forward(Tensor x, Tensor weight, Memory memory) {
        return forward(x, weight, null, memory);
    }

    @Override
    public Tensor forward(Tensor x, Tensor weight, Tensor bias, Memory memory) {
        ConvolutionShape shape = shape(x, weight);
        if (bias != null) {
            Shapes.exactly(name(), "bias", Shape.of(shape.outputs()), bias);
        }
        Tensor y = memory.empty(shape.y());
        Convolutions.bind(name(), shape, x, weight, bias, y, true, activation);
        return y;
    }

    @Override
    public void pullback(Tensor x, Tensor weight, Tensor y, Tensor dy, Gradient dx, Gradient dWeight) {
        ConvolutionShape shape = shape(x, weight);
        Convolutions.bindSlope(activation, y, dy);
        if (dWeight.wanted()) {
            Convolutions.bindWeight(name(), shape, x, dy, dWeight.into(), dWeight.first());
        }
        if (dx.wanted()) {
            Convolutions.bindTransposed(name(), shape, dy, weight, null, dx.into(), dx.first(), Activation.NONE);
        }
    }

    @Override
    public void pullback(
            Tensor x, Tensor weight, Tensor bias, Tensor y, Tensor dy, Gradient dx, Gradient dWeight, Gradient dBias) {
        pullback(x, weight, y, dy, dx, dWeight);
        Convolutions.bindBias(dy, dBias);
    }

    private ConvolutionShape shape(Tensor x, Tensor weight) {
        return Convolutions.shape(name(), window, x, weight);
    }
}
