package dev.elbo.runtime;

import dev.elbo.runtime.cpu.ConvolutionMath;
import dev.elbo.runtime.cpu.Unary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The convolutions of a [CpuDevice].
final class CpuConvolutions {
    /// Multiply-adds that take as long as one element of a simple loop.
    private static final long PER_ELEMENT = 8;

    private final CpuDevice cpu;

    CpuConvolutions(CpuDevice cpu) {
        this.cpu = cpu;
    }

    void bind(
            String operation,
            ConvolutionShape shape,
            Tensor x,
            Tensor weight,
            Tensor bias,
            Tensor y,
            boolean first,
            Unary f,
            float parameter) {
        MemorySegment biasData = bias == null ? null : bias.data();
        CpuDevice.Block pixels = (from, to) ->
                cpu.math().convolve(shape, x.data(), weight.data(), biasData, y.data(), from, to, first, f, parameter);
        cpu.bind(operation, shape.pixels(), each(shape, shape.pixels()), pixels);
    }

    void bindTransposed(
            String operation,
            ConvolutionShape shape,
            Tensor y,
            Tensor weight,
            Tensor bias,
            Tensor x,
            boolean first,
            Unary f,
            float parameter) {
        MemorySegment biasData = bias == null ? null : bias.data();
        MemorySegment laid = workspace(weight.bytes());
        CpuDevice.Block taps = (from, to) -> cpu.math().layTaps(shape, weight.data(), laid, from, to);
        cpu.bind(operation, shape.taps(), (long) shape.outputs() * shape.channels(), taps);
        long count = (long) shape.n() * shape.height();
        CpuDevice.Block rows = (from, to) ->
                cpu.math().convolveTransposed(shape, y.data(), laid, biasData, x.data(), from, to, first, f, parameter);
        cpu.bind(operation, count, each(shape, count), rows);
    }

    void bindWeight(String operation, ConvolutionShape shape, Tensor x, Tensor dy, Tensor dWeight, boolean first) {
        int parts = ConvolutionMath.parts(shape);
        MemorySegment partials = workspace(parts * dWeight.bytes());
        CpuDevice.Block some = (from, to) -> cpu.math().convolveParts(shape, x.data(), dy.data(), partials, from, to);
        long count = (long) parts * shape.taps();
        cpu.bind(operation, count, each(shape, count), some);
        CpuDevice.Block sums = (from, to) -> cpu.math().sumParts(shape, partials, dWeight.data(), from, to, first);
        cpu.bind(operation, shape.taps(), (long) parts * shape.outputs() * shape.channels(), sums);
    }

    private static long each(ConvolutionShape shape, long items) {
        return Math.max(1, shape.multiplyAdds() / items / PER_ELEMENT);
    }

    /// Memory for one launch and the next: of the step being recorded, or until it is forgotten.
    private MemorySegment workspace(long bytes) {
        Arena step = cpu.recordingOwner();
        return (step == null ? Arena.ofAuto() : step).allocate(bytes, CpuDevice.ALIGNMENT);
    }
}
