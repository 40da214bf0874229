package dev.elbo.models.layers;

import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.random.Purpose;

/// A fully connected layer.
///
/// ```
/// y = activation(x · weight + bias)          x (n, inputs) → y (n, outputs)
/// ```
///
/// @param weight     (inputs, outputs)
/// @param bias       (outputs)
/// @param activation of each output
public record Dense(Tensor weight, Tensor bias, Activation activation) implements Head {
    /// A layer with weights uniform in ±√(6 / (inputs + outputs)) (Glorot & Bengio 2010) and biases zero.
    ///
    /// @param init   where the draw of the weights comes from
    /// @param memory holds the parameters
    public static Dense of(int inputs, int outputs, Activation activation, Clock init, Memory memory) {
        Ops f = Ops.plain(memory);
        float reach = (float) Math.sqrt(6.0 / (inputs + outputs));
        Tensor uniform = f.uniforms(Shape.of(inputs, outputs), init.next(Purpose.INITIALISE));
        Tensor weight = f.plus(f.times(uniform, 2 * reach), f.constant(Shape.of(1), -reach));
        return new Dense(weight, f.constant(Shape.of(outputs), 0), activation);
    }

    @Override
    public Tensor apply(Ops f, Tensor x) {
        return f.linear(x, weight, bias, activation);
    }

    @Override
    public int inputs() {
        return weight.shape().rows();
    }

    @Override
    public int outputs() {
        return weight.shape().cols();
    }
}
