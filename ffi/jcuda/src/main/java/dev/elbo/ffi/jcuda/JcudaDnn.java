package dev.elbo.ffi.jcuda;

import dev.elbo.ffi.Activation;
import dev.elbo.ffi.AtClose;
import dev.elbo.ffi.ConvolutionAlgorithm;
import dev.elbo.ffi.ConvolutionPlan;
import dev.elbo.ffi.ConvolutionTask;
import dev.elbo.ffi.CuDnn;
import dev.elbo.ffi.Dnn;
import dev.elbo.ffi.Images;
import dev.elbo.ffi.LegacyAlgorithm;
import dev.elbo.ffi.Version;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnHandle;
import jcuda.jcudnn.cudnnTensorDescriptor;

/// cuDNN through JCudnn, whose classes are older than the library: by the calls that predate the graph interface.
final class JcudaDnn implements Dnn {
    private final cudnnHandle handle = new cudnnHandle();
    private final JcudaScalars scalars;

    JcudaDnn(MemorySegment stream, Arena owner) {
        scalars = JcudaScalars.of(owner, stream);
        CuDnn.check(JCudnn.cudnnCreate(handle), "cudnnCreate", "");
        AtClose.run(owner, () -> CuDnn.check(JCudnn.cudnnDestroy(handle), "cudnnDestroy", ""));
        CuDnn.check(
                JCudnn.cudnnSetStream(handle, JcudaPointers.stream(stream)),
                "cudnnSetStream",
                "stream=0x" + Long.toHexString(stream.address()));
    }

    @Override
    public Version version() {
        return CuDnn.library().version();
    }

    @Override
    public List<ConvolutionAlgorithm> algorithms(ConvolutionTask task, long workspaceLimit, int count) {
        scalars.requireOpen();
        return JcudaConvolution.algorithms(handle, task).stream()
                .filter(offer -> offer.fits(task.shape().precision(), workspaceLimit))
                .limit(count)
                .map(LegacyAlgorithm::toAlgorithm)
                .toList();
    }

    @Override
    public ConvolutionPlan plan(ConvolutionTask task, ConvolutionAlgorithm algorithm, Arena owner) {
        scalars.requireOpen();
        return new JcudaConvolution(handle, scalars, task, LegacyAlgorithm.parse(algorithm), owner);
    }

    @Override
    public void activate(Activation activation, Images images, MemorySegment x, MemorySegment y) {
        try (Arena frame = Arena.ofConfined()) {
            cudnnTensorDescriptor shape = JcudaDescriptors.tensor(images, frame);
            CuDnn.check(
                    JCudnn.cudnnActivationForward(
                            handle,
                            JcudaDescriptors.activation(activation, frame),
                            scalars.one(),
                            shape,
                            JcudaPointers.of(x),
                            scalars.zero(),
                            shape,
                            JcudaPointers.of(y)),
                    "cudnnActivationForward",
                    "");
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
        try (Arena frame = Arena.ofConfined()) {
            cudnnTensorDescriptor shape = JcudaDescriptors.tensor(images, frame);
            CuDnn.check(
                    JCudnn.cudnnActivationBackward(
                            handle,
                            JcudaDescriptors.activation(activation, frame),
                            scalars.one(),
                            shape,
                            JcudaPointers.of(y),
                            shape,
                            JcudaPointers.of(dy),
                            shape,
                            JcudaPointers.of(x),
                            scalars.beta(beta),
                            shape,
                            JcudaPointers.of(dx)),
                    "cudnnActivationBackward",
                    "");
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
            cudnnTensorDescriptor shape = JcudaDescriptors.tensor(images, frame);
            int status = JCudnn.cudnnBatchNormalizationForwardTraining(
                    handle,
                    CuDnn.BATCHNORM_SPATIAL,
                    scalars.one(),
                    scalars.zero(),
                    shape,
                    JcudaPointers.of(x),
                    shape,
                    JcudaPointers.of(y),
                    JcudaDescriptors.channels(images.channels(), frame),
                    JcudaPointers.of(scale),
                    JcudaPointers.of(shift),
                    momentum,
                    JcudaPointers.of(running.mean()),
                    JcudaPointers.of(running.spread()),
                    epsilon,
                    JcudaPointers.of(saved.mean()),
                    JcudaPointers.of(saved.spread()));
            if (status != 0) {
                throw CuDnn.failure(
                        status,
                        "cudnnBatchNormalizationForwardTraining",
                        "exponentialAverageFactor=" + momentum + ", epsilon=" + epsilon);
            }
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
            cudnnTensorDescriptor shape = JcudaDescriptors.tensor(images, frame);
            int status = JCudnn.cudnnBatchNormalizationForwardInference(
                    handle,
                    CuDnn.BATCHNORM_SPATIAL,
                    scalars.one(),
                    scalars.zero(),
                    shape,
                    JcudaPointers.of(x),
                    shape,
                    JcudaPointers.of(y),
                    JcudaDescriptors.channels(images.channels(), frame),
                    JcudaPointers.of(scale),
                    JcudaPointers.of(shift),
                    JcudaPointers.of(running.mean()),
                    JcudaPointers.of(running.spread()),
                    epsilon);
            if (status != 0) {
                throw CuDnn.failure(status, "cudnnBatchNormalizationForwardInference", "epsilon=" + epsilon);
            }
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
        try (Arena frame = Arena.ofConfined()) {
            cudnnTensorDescriptor shape = JcudaDescriptors.tensor(images, frame);
            int status = JCudnn.cudnnBatchNormalizationBackward(
                    handle,
                    CuDnn.BATCHNORM_SPATIAL,
                    scalars.one(),
                    scalars.beta(beta),
                    scalars.one(),
                    scalars.beta(beta),
                    shape,
                    JcudaPointers.of(x),
                    shape,
                    JcudaPointers.of(dy),
                    shape,
                    JcudaPointers.of(dx),
                    JcudaDescriptors.channels(images.channels(), frame),
                    JcudaPointers.of(scale),
                    JcudaPointers.of(dscale),
                    JcudaPointers.of(dshift),
                    epsilon,
                    JcudaPointers.of(saved.mean()),
                    JcudaPointers.of(saved.spread()));
            if (status != 0) {
                throw CuDnn.failure(status, "cudnnBatchNormalizationBackward", "epsilon=" + epsilon);
            }
        }
    }
}
