package dev.elbo.ffi;

import java.lang.foreign.MemorySegment;

/// A kernel on a device.
///
/// @param name   its name in the module
/// @param handle the `CUfunction`, alive as long as its module
public record CudaFunction(String name, MemorySegment handle) {
    /// Launches the kernel, ordered on `stream`. Allocates nothing.
    ///
    /// @param arguments copied before this returns
    /// @throws NativeException `CUDA_ERROR_INVALID_VALUE` when the arguments do not fit the kernel
    public void launch(LaunchShape shape, LaunchBlock arguments, CudaStream stream) {
        if (shape.plain()) {
            CudaModules.launchKernel(handle, name, shape, arguments, stream.handle());
        } else {
            CudaModules.launchKernelEx(handle, name, shape, arguments, stream.handle());
        }
    }

    /// What the driver says of the kernel.
    public int attribute(FunctionAttribute attribute) {
        return CudaModules.funcGetAttribute(handle, name, attribute);
    }

    /// Sets what can be set of the kernel.
    public void attribute(FunctionAttribute attribute, int value) {
        CudaModules.funcSetAttribute(handle, name, attribute, value);
    }

    /// How many blocks of `threads` threads and `sharedBytes` dynamic shared memory a multiprocessor holds at a time.
    public int activeBlocks(int threads, long sharedBytes) {
        return CudaModules.occupancyMaxActiveBlocksPerMultiprocessor(handle, name, threads, sharedBytes);
    }

    /// How many clusters of a launch the device holds at a time.
    public int activeClusters(LaunchShape shape) {
        return CudaModules.occupancyMaxActiveClusters(handle, name, shape);
    }
}
