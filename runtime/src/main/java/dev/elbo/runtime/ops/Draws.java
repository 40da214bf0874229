package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.ProductShape;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;

/// Random numbers, equal in every bit on every device. Nothing flows back through them.
public final class Draws {
    private static final long WORK = 8;

    private Draws() {}

    /// Uniform numbers in [0, 1).
    public static Tensor uniforms(Shape shape, Draw draw, Memory memory) {
        Tensor y = memory.empty(shape);
        bindUniforms(y, draw);
        return y;
    }

    /// Standard normal numbers.
    public static Tensor normals(Shape shape, Draw draw, Memory memory) {
        Tensor y = memory.empty(shape);
        bindNormals(y, draw);
        return y;
    }

    /// Bits, each 1 with the probability that `p` has there.
    ///
    /// @param p any shape; at most 0 or NaN is never, at least 1 always
    public static Tensor bernoullis(Tensor p, Draw draw, Memory memory) {
        Tensor y = memory.empty(p.shape());
        switch (y.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block some = (from, to) ->
                        cpu.math().bernoulli(p.data(), y.data(), from, to, draw.seed(), draw.step(), draw.operation());
                cpu.bind("bernoullis", y.shape().size(), WORK, some);
            }
            case CudaDevice cuda ->
                cuda.kernel("bernoulli_each_f32")
                        .args(p, y, draw.words(), draw.operation(), y.shape().size())
                        .bind("bernoullis");
        }
        return y;
    }

    /// Bits, each 1 with the probability sigmoid x, in one pass: those of [#bernoullis] of the sigmoid.
    ///
    /// @param logits x, any shape
    public static Tensor bernoulliLogits(Tensor logits, Draw draw, Memory memory) {
        Tensor y = memory.empty(logits.shape());
        switch (y.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block some = (from, to) -> cpu.math()
                        .bernoulliLogits(logits.data(), y.data(), from, to, draw.seed(), draw.step(), draw.operation());
                cpu.bind("bernoulliLogits", y.shape().size(), WORK, some);
            }
            case CudaDevice cuda ->
                cuda.kernel("bernoulli_logits_f32")
                        .args(
                                logits,
                                y,
                                draw.words(),
                                draw.operation(),
                                y.shape().size())
                        .bind("bernoulliLogits");
        }
        return y;
    }

    /// Bits, each 1 with the probability sigmoid(x · op(weight) + bias): half a step of Gibbs sampling, in one launch
    /// where the product is Elbo's own.
    ///
    /// @param x          (n, k)
    /// @param weight     (k, m), or (m, k) if `transposed`
    /// @param bias       (m)
    /// @param transposed whether the weight runs backwards
    /// @return (n, m)
    public static Tensor bernoulliLinear(
            Tensor x, Tensor weight, Tensor bias, boolean transposed, Draw draw, Memory memory) {
        String name = "bernoulliLinear";
        int n = x.shape().rows();
        int k = x.shape().cols();
        int m = transposed ? weight.shape().rows() : weight.shape().cols();
        Shapes.exactly(name, "weight", transposed ? Shape.of(m, k) : Shape.of(k, m), weight);
        Shapes.exactly(name, "bias", Shape.of(m), bias);
        Tensor y = memory.empty(x.shape().withCols(m));
        ProductShape shape = new ProductShape(n, k, m, false, transposed, false);
        switch (y.device()) {
            case CpuDevice cpu -> cpu.bindBernoulliProduct(name, shape, x, weight, bias, y, draw);
            case CudaDevice cuda -> cuda.bindBernoulliProduct(name, shape, x, weight, bias, y, draw);
        }
        return y;
    }

    /// Binds y[e] ~ U[0, 1).
    ///
    /// @param y any shape, overwritten
    public static void bindUniforms(Tensor y, Draw draw) {
        switch (y.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block some = (from, to) ->
                        cpu.math().uniforms(y.data(), from, to, draw.seed(), draw.step(), draw.operation());
                cpu.bind("uniforms", y.shape().size(), WORK, some);
            }
            case CudaDevice cuda ->
                cuda.kernel("uniform_f32")
                        .args(y, draw.words(), draw.operation(), y.shape().size())
                        .bind("uniforms");
        }
    }

    /// Binds y[e] ~ N(0, 1).
    ///
    /// @param y any shape, overwritten
    public static void bindNormals(Tensor y, Draw draw) {
        switch (y.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block some = (from, to) ->
                        cpu.math().normals(y.data(), from, to, draw.seed(), draw.step(), draw.operation());
                cpu.bind("normals", y.shape().size(), WORK, some);
            }
            case CudaDevice cuda ->
                cuda.kernel("normal_f32")
                        .args(y, draw.words(), draw.operation(), y.shape().size())
                        .bind("normals");
        }
    }
}
