package dev.elbo.ffi;

import static java.lang.foreign.FunctionDescriptor.of;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// What cuDNN computes for each element: sums with a bias, and activations. Checked; see [Dnn].
final class CuDnnPointwise {
    private static final NativeLibrary LIB = CuDnn.library();

    // cudnnStatus_t cudnnAddTensor(cudnnHandle_t handle, const void* alpha, const cudnnTensorDescriptor_t aDesc,
    //     const void* A, const void* beta, const cudnnTensorDescriptor_t cDesc, void* C)
    private static final MethodHandle cudnnAddTensor =
            LIB.bind("cudnnAddTensor", of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS));

    // cudnnStatus_t cudnnActivationForward(cudnnHandle_t handle, cudnnActivationDescriptor_t activationDesc,
    //     const void* alpha, const cudnnTensorDescriptor_t xDesc, const void* x, const void* beta,
    //     const cudnnTensorDescriptor_t yDesc, void* y)
    private static final MethodHandle cudnnActivationForward = LIB.bind(
            "cudnnActivationForward",
            of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS));

    // cudnnStatus_t cudnnActivationBackward(cudnnHandle_t handle, cudnnActivationDescriptor_t activationDesc,
    //     const void* alpha, const cudnnTensorDescriptor_t yDesc, const void* y,
    //     const cudnnTensorDescriptor_t dyDesc, const void* dy, const cudnnTensorDescriptor_t xDesc, const void* x,
    //     const void* beta, const cudnnTensorDescriptor_t dxDesc, void* dx)
    private static final MethodHandle cudnnActivationBackward = LIB.bind(
            "cudnnActivationBackward",
            of(
                    JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS,
                    ADDRESS, ADDRESS));

    private CuDnnPointwise() {}

    /// c = alpha · a + beta · c, where an extent 1 of a is repeated.
    static void addTensor(
            MemorySegment handle,
            MemorySegment alpha,
            MemorySegment aDescriptor,
            MemorySegment a,
            MemorySegment beta,
            MemorySegment cDescriptor,
            MemorySegment c) {
        int status;
        try {
            status = (int) cudnnAddTensor.invokeExact(handle, alpha, aDescriptor, a, beta, cDescriptor, c);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        CuDnn.check(status, "cudnnAddTensor", "");
    }

    /// y = alpha · f(x) + beta · y.
    static void activationForward(
            MemorySegment handle,
            MemorySegment activation,
            MemorySegment alpha,
            MemorySegment descriptor,
            MemorySegment x,
            MemorySegment beta,
            MemorySegment y) {
        int status;
        try {
            status = (int)
                    cudnnActivationForward.invokeExact(handle, activation, alpha, descriptor, x, beta, descriptor, y);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        CuDnn.check(status, "cudnnActivationForward", "");
    }

    /// dx = alpha · dy · f′(x) + beta · dx.
    static void activationBackward(
            MemorySegment handle,
            MemorySegment activation,
            MemorySegment alpha,
            MemorySegment descriptor,
            MemorySegment y,
            MemorySegment dy,
            MemorySegment x,
            MemorySegment beta,
            MemorySegment dx) {
        int status;
        try {
            status = (int) cudnnActivationBackward.invokeExact(
                    handle, activation, alpha, descriptor, y, descriptor, dy, descriptor, x, beta, descriptor, dx);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        CuDnn.check(status, "cudnnActivationBackward", "");
    }
}
