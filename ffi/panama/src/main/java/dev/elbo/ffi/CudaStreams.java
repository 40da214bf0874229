package dev.elbo.ffi;

import static dev.elbo.ffi.Cuda.LIBRARY;
import static dev.elbo.ffi.Cuda.NOT_READY;
import static dev.elbo.ffi.Cuda.SUCCESS;
import static dev.elbo.ffi.Cuda.failure;
import static java.lang.foreign.FunctionDescriptor.of;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// Streams and events. See [CudaStream] and [CudaEvent].
final class CudaStreams {
    // CUresult cuStreamCreateWithPriority(CUstream* phStream, unsigned int flags, int priority)
    private static final MethodHandle cuStreamCreateWithPriority =
            LIBRARY.bind("cuStreamCreateWithPriority", of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));

    // CUresult cuStreamDestroy_v2(CUstream hStream)
    private static final MethodHandle cuStreamDestroy_v2 = LIBRARY.bind("cuStreamDestroy_v2", of(JAVA_INT, ADDRESS));

    // CUresult cuStreamSynchronize(CUstream hStream)
    private static final MethodHandle cuStreamSynchronize = LIBRARY.bind("cuStreamSynchronize", of(JAVA_INT, ADDRESS));

    // CUresult cuStreamQuery(CUstream hStream)
    private static final MethodHandle cuStreamQuery = LIBRARY.bind("cuStreamQuery", of(JAVA_INT, ADDRESS));

    // CUresult cuStreamWaitEvent(CUstream hStream, CUevent hEvent, unsigned int Flags)
    private static final MethodHandle cuStreamWaitEvent =
            LIBRARY.bind("cuStreamWaitEvent", of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT));

    // CUresult cuEventCreate(CUevent* phEvent, unsigned int Flags)
    private static final MethodHandle cuEventCreate = LIBRARY.bind("cuEventCreate", of(JAVA_INT, ADDRESS, JAVA_INT));

    // CUresult cuEventDestroy_v2(CUevent hEvent)
    private static final MethodHandle cuEventDestroy_v2 = LIBRARY.bind("cuEventDestroy_v2", of(JAVA_INT, ADDRESS));

    // CUresult cuEventRecord(CUevent hEvent, CUstream hStream)
    private static final MethodHandle cuEventRecord = LIBRARY.bind("cuEventRecord", of(JAVA_INT, ADDRESS, ADDRESS));

    // CUresult cuEventSynchronize(CUevent hEvent)
    private static final MethodHandle cuEventSynchronize = LIBRARY.bind("cuEventSynchronize", of(JAVA_INT, ADDRESS));

    // CUresult cuEventQuery(CUevent hEvent)
    private static final MethodHandle cuEventQuery = LIBRARY.bind("cuEventQuery", of(JAVA_INT, ADDRESS));

    // CUresult cuEventElapsedTime_v2(float* pMilliseconds, CUevent hStart, CUevent hEnd); from 12.8
    private static final MethodHandle cuEventElapsedTime_v2 =
            LIBRARY.bind("cuEventElapsedTime_v2", "cuEventElapsedTime", of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS));

    private static final int NON_BLOCKING = 1;
    private static final int DISABLE_TIMING = 2;

    private CudaStreams() {}

    /// A stream that does not wait for the legacy default stream.
    ///
    /// @param priority 0, or smaller for more urgent
    /// @param owner    destroys the stream when it closes; work still queued is finished
    static MemorySegment streamCreateWithPriority(int priority, Arena owner) {
        MemorySegment out = Scratch.words();
        int status;
        try {
            status = (int) cuStreamCreateWithPriority.invokeExact(out, NON_BLOCKING, priority);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuStreamCreateWithPriority", status, "priority=" + priority);
        }
        return Owned.by(owner, Scratch.firstHandle(out), CudaStreams::streamDestroy);
    }

    /// Destroys a stream once its work is done; returns at once.
    static void streamDestroy(MemorySegment stream) {
        int status;
        try {
            status = (int) cuStreamDestroy_v2.invokeExact(stream);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuStreamDestroy_v2", status, "");
        }
    }

    /// Waits until the work of `stream` is done.
    static void streamSynchronize(MemorySegment stream) {
        int status;
        try {
            status = (int) cuStreamSynchronize.invokeExact(stream);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuStreamSynchronize", status, "");
        }
    }

    /// Whether the work of `stream` is done.
    static boolean streamQuery(MemorySegment stream) {
        int status;
        try {
            status = (int) cuStreamQuery.invokeExact(stream);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS && status != NOT_READY) {
            throw failure("cuStreamQuery", status, "");
        }
        return status == SUCCESS;
    }

    /// Lets `stream` wait for `event` before its next work.
    static void streamWaitEvent(MemorySegment stream, MemorySegment event) {
        int status;
        try {
            status = (int) cuStreamWaitEvent.invokeExact(stream, event, 0);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuStreamWaitEvent", status, "");
        }
    }

    /// An event.
    ///
    /// @param timing whether [#eventElapsedTime] may read it; without it recording is cheaper
    /// @param owner  destroys the event when it closes
    static MemorySegment eventCreate(boolean timing, Arena owner) {
        MemorySegment out = Scratch.words();
        int status;
        try {
            status = (int) cuEventCreate.invokeExact(out, timing ? 0 : DISABLE_TIMING);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuEventCreate", status, "timing=" + timing);
        }
        return Owned.by(owner, Scratch.firstHandle(out), CudaStreams::eventDestroy);
    }

    /// Destroys an event.
    static void eventDestroy(MemorySegment event) {
        int status;
        try {
            status = (int) cuEventDestroy_v2.invokeExact(event);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuEventDestroy_v2", status, "");
        }
    }

    /// Marks the work given to `stream` so far.
    static void eventRecord(MemorySegment event, MemorySegment stream) {
        int status;
        try {
            status = (int) cuEventRecord.invokeExact(event, stream);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuEventRecord", status, "");
        }
    }

    /// Waits until the marked work is done.
    static void eventSynchronize(MemorySegment event) {
        int status;
        try {
            status = (int) cuEventSynchronize.invokeExact(event);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuEventSynchronize", status, "");
        }
    }

    /// Whether the marked work is done.
    static boolean eventQuery(MemorySegment event) {
        int status;
        try {
            status = (int) cuEventQuery.invokeExact(event);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS && status != NOT_READY) {
            throw failure("cuEventQuery", status, "");
        }
        return status == SUCCESS;
    }

    /// Time between two events that are done, ms.
    static float eventElapsedTime(MemorySegment start, MemorySegment end) {
        MemorySegment out = Scratch.words();
        int status;
        try {
            status = (int) cuEventElapsedTime_v2.invokeExact(out, start, end);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuEventElapsedTime_v2", status, "");
        }
        return out.get(JAVA_FLOAT, 0);
    }
}
