package dev.elbo.ffi;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.elbo.ffi.ConvolutionShape.Pass;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// A convolution by the calls that cuDNN had before its graph interface; bias and activation follow as calls of their
/// own.
final class LegacyConvolution implements ConvolutionPlan {
    private final CuDnnHandle handle;
    private final ConvolutionTask task;
    private final Descriptors descriptors;
    private final MemorySegment bias;
    private final MemorySegment activation;
    private final MemorySegment alpha;
    private final MemorySegment beta;
    private final MemorySegment one;
    private final MemorySegment zero;
    private final int number;
    private final ConvolutionAlgorithm algorithm;

    LegacyConvolution(CuDnnHandle handle, ConvolutionTask task, LegacyAlgorithm chosen, Arena owner) {
        this.handle = handle;
        this.task = task;
        descriptors = Descriptors.of(task, chosen.math(), owner);
        number = chosen.algorithm();
        alpha = owner.allocateFrom(JAVA_FLOAT, task.alpha());
        beta = owner.allocateFrom(JAVA_FLOAT, task.beta());
        one = owner.allocateFrom(JAVA_FLOAT, 1);
        zero = owner.allocateFrom(JAVA_FLOAT, 0);
        int channels = task.shape().result(task.pass()).channels();
        bias = task.biased() ? CuDnn.channels(channels, owner) : MemorySegment.NULL;
        activation =
                task.activation() == Activation.NONE ? MemorySegment.NULL : CuDnn.activation(task.activation(), owner);
        long bytes = CuDnnConvolutions.workspaceBytes(
                task.pass(),
                handle.use(),
                descriptors.first,
                descriptors.second,
                descriptors.convolution,
                descriptors.result,
                number);
        algorithm = new ConvolutionAlgorithm(chosen.name(), bytes);
    }

    /// What the library offers for `task` that [LegacyAlgorithm#fits].
    static List<ConvolutionAlgorithm> algorithms(MemorySegment handle, ConvolutionTask task, long workspaceLimit) {
        if (!LegacyAlgorithm.expresses(task)) {
            return List.of();
        }
        try (Arena frame = Arena.ofConfined()) {
            int math = LegacyAlgorithm.mathOf(task.shape().precision());
            Descriptors d = Descriptors.of(task, math, frame);
            return CuDnnConvolutions.algorithms(task.pass(), handle, d.first, d.second, d.convolution, d.result)
                    .stream()
                    .filter(offer -> offer.fits(task.shape().precision(), workspaceLimit))
                    .map(LegacyAlgorithm::toAlgorithm)
                    .toList();
        }
    }

    @Override
    public ConvolutionAlgorithm algorithm() {
        return algorithm;
    }

    @Override
    public void run(
            MemorySegment first,
            MemorySegment second,
            MemorySegment bias,
            MemorySegment result,
            MemorySegment workspace) {
        ConvolutionPlan.require(algorithm, workspace, first, second, result);
        CuDnnConvolutions.convolve(
                task.pass(),
                handle.use(),
                alpha,
                descriptors.first,
                first,
                descriptors.second,
                second,
                descriptors.convolution,
                number,
                workspace,
                algorithm.workspaceBytes(),
                beta,
                descriptors.result,
                result);
        if (task.biased()) {
            CuDnnPointwise.addTensor(handle.use(), one, this.bias, bias, one, descriptors.result, result);
        }
        if (task.activation() != Activation.NONE) {
            CuDnnPointwise.activationForward(handle.use(), activation, one, descriptors.result, result, zero, result);
        }
    }

    private record Descriptors(
            MemorySegment first, MemorySegment second, MemorySegment convolution, MemorySegment result) {
        static Descriptors of(ConvolutionTask task, int math, Arena owner) {
            ConvolutionShape shape = task.shape();
            Pass pass = task.pass();
            int type = CuDnn.operandType(task);
            return switch (pass) {
                case FORWARD ->
                    new Descriptors(
                            CuDnn.tensor(shape.images(), type, owner),
                            CuDnn.filter(shape.weights(), type, owner),
                            CuDnn.convolution(shape, math, owner),
                            CuDnn.tensor(shape.output(), type, owner));
                case DATA_GRADIENT ->
                    new Descriptors(
                            CuDnn.filter(shape.weights(), type, owner),
                            CuDnn.tensor(shape.output(), type, owner),
                            CuDnn.convolution(shape, math, owner),
                            CuDnn.tensor(shape.images(), type, owner));
                case FILTER_GRADIENT ->
                    new Descriptors(
                            CuDnn.tensor(shape.images(), type, owner),
                            CuDnn.tensor(shape.output(), type, owner),
                            CuDnn.convolution(shape, math, owner),
                            CuDnn.filter(shape.weights(), type, owner));
            };
        }
    }
}
