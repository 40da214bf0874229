package dev.elbo.simulator.dnn;

import dev.elbo.simulator.dnn.DescriptorCalls.ActivationDescriptor;
import dev.elbo.simulator.memory.DeviceMemory;
import dev.elbo.simulator.shim.Exported;

/// Activations, and a tensor added to a larger one.
final class PointwiseCalls {
    private final DnnCalls dnn;
    private final DescriptorCalls descriptors;

    PointwiseCalls(DnnCalls dnn, DescriptorCalls descriptors) {
        this.dnn = dnn;
        this.descriptors = descriptors;
    }

    private Tensor tensor(long descriptor, long address) {
        return new Tensor(descriptors.tensor(descriptor), address);
    }

    // cudnnStatus_t cudnnActivationForward(handle, activationDesc, alpha, xDesc, const void* x, beta, yDesc, void* y)
    @Exported
    void cudnnActivationForward(
            long handle, long descriptor, long alpha, long xShape, long x, long beta, long yShape, long y) {
        CudnnHandle found = dnn.handle(handle);
        Activation activation = dnn.get(descriptor, ActivationDescriptor.class).activation();
        Tensor in = tensor(xShape, x);
        Tensor out = tensor(yShape, y);
        same(in, out);
        float a = DnnCalls.scalar(alpha);
        float b = DnnCalls.scalar(beta);
        dnn.launch(found, () -> {
            DeviceMemory memory = dnn.driver.bytes();
            float[] values = in.read(memory, "x of cudnnActivationForward");
            for (int i = 0; i < values.length; i++) values[i] = activation.apply(values[i]);
            out.blend(memory, a, values, b, "y of cudnnActivationForward");
        });
    }

    // cudnnStatus_t cudnnActivationBackward(handle, activationDesc, alpha, yDesc, const void* y, dyDesc, const void*
    // dy,
    //     xDesc, const void* x, beta, dxDesc, void* dx)
    @Exported
    void cudnnActivationBackward(
            long handle,
            long descriptor,
            long alpha,
            long yShape,
            long y,
            long dyShape,
            long dy,
            long xShape,
            long x,
            long beta,
            long dxShape,
            long dx) {
        CudnnHandle found = dnn.handle(handle);
        Activation activation = dnn.get(descriptor, ActivationDescriptor.class).activation();
        Tensor result = tensor(yShape, y);
        Tensor gradient = tensor(dyShape, dy);
        Tensor argument = tensor(xShape, x);
        Tensor out = tensor(dxShape, dx);
        same(result, gradient);
        same(result, argument);
        same(result, out);
        float a = DnnCalls.scalar(alpha);
        float b = DnnCalls.scalar(beta);
        dnn.launch(found, () -> {
            DeviceMemory memory = dnn.driver.bytes();
            float[] ys = result.read(memory, "y of cudnnActivationBackward");
            float[] xs = argument.read(memory, "x of cudnnActivationBackward");
            float[] values = gradient.read(memory, "dy of cudnnActivationBackward");
            for (int i = 0; i < values.length; i++) values[i] *= activation.derivative(xs[i], ys[i]);
            out.blend(memory, a, values, b, "dx of cudnnActivationBackward");
        });
    }

    private static void same(Tensor one, Tensor other) {
        if (!one.shape().sameExtents(other.shape())) {
            throw DnnStatus.BAD_PARAM.because("shapes differ; one=" + one.shape() + ", other=" + other.shape());
        }
    }

    // cudnnStatus_t cudnnAddTensor(handle, alpha, aDesc, const void* A, beta, cDesc, void* C)
    @Exported
    void cudnnAddTensor(long handle, long alpha, long aShape, long a, long beta, long cShape, long c) {
        CudnnHandle found = dnn.handle(handle);
        Tensor added = tensor(aShape, a);
        Tensor sum = tensor(cShape, c);
        Broadcast broadcast = new Broadcast(added.shape(), sum.shape());
        float factor = DnnCalls.scalar(alpha);
        float b = DnnCalls.scalar(beta);
        dnn.launch(found, () -> {
            DeviceMemory memory = dnn.driver.bytes();
            float[] values = broadcast.apply(added.read(memory, "A of cudnnAddTensor"));
            sum.blend(memory, factor, values, b, "C of cudnnAddTensor");
        });
    }
}
