package dev.elbo.runtime;

import dev.elbo.runtime.cpu.Unary;

/// The convolutions of a [CpuDevice]; contracts there.
interface CpuConvolutions extends AutoCloseable {
    /// Multiply-adds that take as long as one element of a simple loop.
    long PER_ELEMENT = 8;

    void bind(
            String operation,
            ConvolutionShape shape,
            Tensor x,
            Tensor weight,
            Tensor bias,
            Tensor y,
            boolean first,
            Unary f,
            float parameter);

    void bindTransposed(
            String operation,
            ConvolutionShape shape,
            Tensor y,
            Tensor weight,
            Tensor bias,
            Tensor x,
            boolean first,
            Unary f,
            float parameter);

    void bindWeight(String operation, ConvolutionShape shape, Tensor x, Tensor dy, Tensor dWeight, boolean first);

    @Override
    void close();
}
