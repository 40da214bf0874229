package dev.elbo.runtime;

import dev.elbo.runtime.cpu.ConvolutionMath;
import dev.elbo.runtime.cpu.Unary;
import java.lang.foreign.MemorySegment;

/// Convolutions in the order that [ConvolutionMath] states, the same on every device.
final class FixedConvolutions implements CpuConvolutions {
    private final CpuDevice cpu;

    FixedConvolutions(CpuDevice cpu) {
        this.cpu = cpu;
    }

    @Override
    public void bind(
            String operation,
            ConvolutionShape shape,
            Tensor x,
            Tensor weight,
            Tensor bias,
            Tensor y,
            boolean first,
            Unary f,
            float parameter) {
        MemorySegment b = bias == null ? null : bias.data();
        CpuDevice.Block pixels = (from, to) ->
                cpu.math().convolve(shape, x.data(), weight.data(), b, y.data(), from, to, first, f, parameter);
        cpu.bind(operation, shape.pixels(), each(shape, shape.pixels()), pixels);
    }

    @Override
    public void bindTransposed(
            String operation,
            ConvolutionShape shape,
            Tensor y,
            Tensor weight,
            Tensor bias,
            Tensor x,
            boolean first,
            Unary f,
            float parameter) {
        MemorySegment b = bias == null ? null : bias.data();
        MemorySegment laid = cpu.workspace(weight.bytes());
        CpuDevice.Block taps = (from, to) -> cpu.math().layTaps(shape, weight.data(), laid, from, to);
        cpu.bind(operation, shape.taps(), (long) shape.outputs() * shape.channels(), taps);
        long count = (long) shape.n() * shape.height();
        CpuDevice.Block rows = (from, to) ->
                cpu.math().convolveTransposed(shape, y.data(), laid, b, x.data(), from, to, first, f, parameter);
        cpu.bind(operation, count, each(shape, count), rows);
    }

    @Override
    public void bindWeight(
            String operation, ConvolutionShape shape, Tensor x, Tensor dy, Tensor dWeight, boolean first) {
        int parts = ConvolutionMath.parts(shape);
        MemorySegment partials = cpu.workspace(parts * dWeight.bytes());
        long count = (long) parts * shape.taps();
        CpuDevice.Block some = (from, to) -> cpu.math().convolveParts(shape, x.data(), dy.data(), partials, from, to);
        cpu.bind(operation, count, each(shape, count), some);
        CpuDevice.Block sums = (from, to) -> cpu.math().sumParts(shape, partials, dWeight.data(), from, to, first);
        cpu.bind(operation, shape.taps(), (long) parts * shape.outputs() * shape.channels(), sums);
    }

    private static long each(ConvolutionShape shape, long items) {
        return Math.max(1, shape.multiplyAdds() / items / PER_ELEMENT);
    }

    @Override
    public void close() {
        // The workspace belongs to nobody who must be told.
    }
}
