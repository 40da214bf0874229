package dev.elbo.models.layers;

import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;

/// How the weights of a layer are drawn.
@FunctionalInterface
public interface Initial {
    /// The weights of a layer.
    ///
    /// @param inputs  how many products one output adds up
    /// @param outputs how many products one input enters
    /// @return `shape`
    Tensor weight(Ops f, Shape shape, int inputs, int outputs, Draw draw);

    /// Normal with this standard deviation, whatever the layer; 0.02 in DCGAN (Radford et al. 2016).
    static Initial normal(float deviation) {
        return (f, shape, _, _, draw) -> f.times(f.normals(shape, draw), deviation);
    }

    /// Normal with variance 2 / inputs, which a ReLU halves (He et al. 2015).
    static Initial he() {
        return (f, shape, inputs, _, draw) -> f.times(f.normals(shape, draw), (float) Math.sqrt(2.0 / inputs));
    }

    /// Uniform in ±√(6 / (inputs + outputs)) (Glorot & Bengio 2010).
    static Initial glorot() {
        return (f, shape, inputs, outputs, draw) -> {
            float reach = (float) Math.sqrt(6.0 / (inputs + outputs));
            return f.plus(f.times(f.uniforms(shape, draw), 2 * reach), f.constant(Shape.of(1), -reach));
        };
    }
}
