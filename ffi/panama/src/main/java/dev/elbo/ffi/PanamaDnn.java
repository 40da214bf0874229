package dev.elbo.ffi;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// cuDNN through `java.lang.foreign`: convolutions by its graph interface, and by its older calls where that has no
/// engine; everything else by the older calls.
final class PanamaDnn implements Dnn {
    private final CuDnnHandle handle;
    // Read by the library during each call, so one set serves all calls of the handle's only thread.
    private final MemorySegment one;
    private final MemorySegment zero;
    private final MemorySegment beta;

    PanamaDnn(MemorySegment stream, Arena owner) {
        handle = CuDnnHandle.open(stream, owner);
        one = owner.allocateFrom(JAVA_FLOAT, 1);
        zero = owner.allocateFrom(JAVA_FLOAT, 0);
        beta = owner.allocate(JAVA_FLOAT);
    }

    @Override
    public Version version() {
        return CuDnn.library().version();
    }

    @Override
    public List<ConvolutionAlgorithm> algorithms(ConvolutionTask task, long workspaceLimit, int count) {
        List<ConvolutionAlgorithm> found = new ArrayList<>();
        if (GraphConvolution.expresses(task)) {
            found.addAll(GraphConvolution.algorithms(handle.use(), task, workspaceLimit, count));
        }
        if (found.size() < count) {
            found.addAll(LegacyConvolution.algorithms(handle.use(), task, workspaceLimit));
        }
        return List.copyOf(found.subList(0, Math.min(count, found.size())));
    }

    @Override
    public ConvolutionPlan plan(ConvolutionTask task, ConvolutionAlgorithm algorithm, Arena owner) {
        return Engine.names(algorithm)
                ? new GraphConvolution(handle, task, Engine.parse(algorithm), owner)
                : new LegacyConvolution(handle, task, LegacyAlgorithm.parse(algorithm), owner);
    }

    @Override
    public void activate(Activation activation, Images images, MemorySegment x, MemorySegment y) {
        try (Arena frame = Arena.ofConfined()) {
            CuDnnPointwise.activationForward(
                    handle.use(), CuDnn.activation(activation, frame), one, CuDnn.tensor(images, frame), x, zero, y);
        }
    }

    @Override
    public void activateGradient(
            Activation activation,
            Images images,
            MemorySegment x,
            MemorySegment y,
            MemorySegment dy,
            float beta,
            MemorySegment dx) {
        this.beta.set(JAVA_FLOAT, 0, beta);
        try (Arena frame = Arena.ofConfined()) {
            CuDnnPointwise.activationBackward(
                    handle.use(),
                    CuDnn.activation(activation, frame),
                    one,
                    CuDnn.tensor(images, frame),
                    y,
                    dy,
                    x,
                    this.beta,
                    dx);
        }
    }

    @Override
    public void normaliseTraining(
            Images images,
            MemorySegment x,
            MemorySegment scale,
            MemorySegment shift,
            double momentum,
            Moments running,
            double epsilon,
            MemorySegment y,
            Moments saved) {
        try (Arena frame = Arena.ofConfined()) {
            CuDnnNormalisation.batchNormalizationForwardTraining(
                    handle.use(),
                    one,
                    zero,
                    CuDnn.tensor(images, frame),
                    x,
                    y,
                    CuDnn.channels(images.channels(), frame),
                    scale,
                    shift,
                    momentum,
                    running,
                    epsilon,
                    saved);
        }
    }

    @Override
    public void normaliseInference(
            Images images,
            MemorySegment x,
            MemorySegment scale,
            MemorySegment shift,
            Moments running,
            double epsilon,
            MemorySegment y) {
        try (Arena frame = Arena.ofConfined()) {
            CuDnnNormalisation.batchNormalizationForwardInference(
                    handle.use(),
                    one,
                    zero,
                    CuDnn.tensor(images, frame),
                    x,
                    y,
                    CuDnn.channels(images.channels(), frame),
                    scale,
                    shift,
                    running,
                    epsilon);
        }
    }

    @Override
    public void normaliseGradient(
            Images images,
            MemorySegment x,
            MemorySegment dy,
            MemorySegment scale,
            Moments saved,
            double epsilon,
            float beta,
            MemorySegment dx,
            MemorySegment dscale,
            MemorySegment dshift) {
        this.beta.set(JAVA_FLOAT, 0, beta);
        try (Arena frame = Arena.ofConfined()) {
            CuDnnNormalisation.batchNormalizationBackward(
                    handle.use(),
                    one,
                    this.beta,
                    CuDnn.tensor(images, frame),
                    x,
                    dy,
                    dx,
                    CuDnn.channels(images.channels(), frame),
                    scale,
                    dscale,
                    dshift,
                    epsilon,
                    saved);
        }
    }
}
