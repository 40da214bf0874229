package dev.elbo.ffi;

import static dev.elbo.ffi.Cuda.LIBRARY;
import static dev.elbo.ffi.Cuda.SUCCESS;
import static dev.elbo.ffi.Cuda.failure;
import static java.lang.foreign.FunctionDescriptor.of;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// Contexts: the state of one device in this process. See [CudaContext].
final class CudaContexts {
    // CUresult cuDevicePrimaryCtxRetain(CUcontext* pctx, CUdevice dev)
    private static final MethodHandle cuDevicePrimaryCtxRetain =
            LIBRARY.bind("cuDevicePrimaryCtxRetain", of(JAVA_INT, ADDRESS, JAVA_INT));

    // CUresult cuDevicePrimaryCtxRelease_v2(CUdevice dev)
    private static final MethodHandle cuDevicePrimaryCtxRelease_v2 =
            LIBRARY.bind("cuDevicePrimaryCtxRelease_v2", of(JAVA_INT, JAVA_INT));

    // CUresult cuCtxSetCurrent(CUcontext ctx)
    private static final MethodHandle cuCtxSetCurrent = LIBRARY.bind("cuCtxSetCurrent", of(JAVA_INT, ADDRESS));

    // CUresult cuCtxGetCurrent(CUcontext* pctx)
    private static final MethodHandle cuCtxGetCurrent = LIBRARY.bind("cuCtxGetCurrent", of(JAVA_INT, ADDRESS));

    // CUresult cuCtxSynchronize(void)
    private static final MethodHandle cuCtxSynchronize = LIBRARY.bind("cuCtxSynchronize", of(JAVA_INT));

    // CUresult cuCtxGetStreamPriorityRange(int* leastPriority, int* greatestPriority)
    private static final MethodHandle cuCtxGetStreamPriorityRange =
            LIBRARY.bind("cuCtxGetStreamPriorityRange", of(JAVA_INT, ADDRESS, ADDRESS));

    private CudaContexts() {}

    /// Takes a share in the primary context of `device`.
    ///
    /// @param owner gives the share back when it closes; must outlive all that the context holds
    static MemorySegment devicePrimaryCtxRetain(int device, Arena owner) {
        MemorySegment out = Scratch.words();
        int status;
        try {
            status = (int) cuDevicePrimaryCtxRetain.invokeExact(out, device);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuDevicePrimaryCtxRetain", status, "device=" + device);
        }
        return Owned.by(owner, Scratch.firstHandle(out), _ -> devicePrimaryCtxRelease(device));
    }

    /// Gives a share in the primary context back; the last one ends it.
    static void devicePrimaryCtxRelease(int device) {
        int status;
        try {
            status = (int) cuDevicePrimaryCtxRelease_v2.invokeExact(device);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuDevicePrimaryCtxRelease_v2", status, "device=" + device);
        }
    }

    /// Makes `context` the one the calls of this platform thread work on.
    static void ctxSetCurrent(MemorySegment context) {
        int status;
        try {
            status = (int) cuCtxSetCurrent.invokeExact(context);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuCtxSetCurrent", status, "");
        }
    }

    /// Runs `work` on `context`, whatever is current on this thread, and leaves that current: memory is given back by
    /// whichever thread closes its owner, in whatever context that is at work.
    static void within(MemorySegment context, Runnable work) {
        MemorySegment before = ctxGetCurrent();
        if (before.address() == context.address()) {
            work.run();
            return;
        }
        ctxSetCurrent(context);
        try {
            work.run();
        } finally {
            ctxSetCurrent(before);
        }
    }

    /// The context of this platform thread, or null as C knows it.
    static MemorySegment ctxGetCurrent() {
        MemorySegment out = Scratch.words();
        int status;
        try {
            status = (int) cuCtxGetCurrent.invokeExact(out);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuCtxGetCurrent", status, "");
        }
        return Scratch.firstHandle(out);
    }

    /// Waits until all work of the current context is done.
    static void ctxSynchronize() {
        int status;
        try {
            status = (int) cuCtxSynchronize.invokeExact();
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuCtxSynchronize", status, "");
        }
    }

    /// Stream priorities of the current context; the greater priority is the smaller number.
    static int greatestStreamPriority() {
        MemorySegment out = Scratch.words();
        int status;
        try {
            status = (int) cuCtxGetStreamPriorityRange.invokeExact(MemorySegment.NULL, out);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuCtxGetStreamPriorityRange", status, "");
        }
        return Scratch.firstInt(out);
    }
}
