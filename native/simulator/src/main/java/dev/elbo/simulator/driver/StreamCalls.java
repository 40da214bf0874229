package dev.elbo.simulator.driver;

import dev.elbo.simulator.shim.Exported;
import dev.elbo.simulator.shim.Host;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// Streams and the capture of what is put into them.
final class StreamCalls {
    /// Priorities run from 0, the least, down to this.
    static final int GREATEST_PRIORITY = -5;

    private static final int NOT_READY = Result.NOT_READY.status();
    private static final MethodHandle HOST_FUNCTION =
            Linker.nativeLinker().downcallHandle(FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG));

    private final Driver driver;

    StreamCalls(Driver driver) {
        this.driver = driver;
    }

    // CUresult cuStreamCreate(CUstream* phStream, unsigned int Flags)
    @Exported
    void cuStreamCreate(long out, int flags) {
        cuStreamCreateWithPriority(out, flags, 0);
    }

    // CUresult cuStreamCreateWithPriority(CUstream* phStream, unsigned int flags, int priority)
    @Exported
    void cuStreamCreateWithPriority(long out, int flags, int priority) {
        Context context = driver.context();
        if ((flags & ~Stream.NON_BLOCKING) != 0) throw Result.INVALID_VALUE.because("flags=" + flags);
        Stream stream = context.create(flags, Math.clamp(priority, GREATEST_PRIORITY, 0));
        stream.handle(driver.add(stream));
        Host.putLong(out, stream.handle());
    }

    // CUresult cuStreamDestroy_v2(CUstream hStream)
    @Exported
    void cuStreamDestroy_v2(long handle) {
        Stream stream = driver.handles.get(handle, Stream.class);
        driver.own(stream.context, stream.name);
        if (stream.capture() != null) stream.capture().destroyed(stream);
        // The driver returns at once and lets the work finish; here it finishes first.
        stream.drain();
        stream.context.remove(stream);
        driver.handles.remove(handle, Stream.class, driver.call());
    }

    // CUresult cuStreamSynchronize(CUstream hStream)
    @Exported
    void cuStreamSynchronize(long handle) {
        Stream stream = driver.stream(handle);
        refuseWait(stream);
        driver.counters.synchronization();
        settle(stream);
    }

    private void refuseWait(Stream stream) {
        Capture.refuseWait(driver, stream);
        if (stream == stream.context.legacy) Capture.refuseImplicit(driver, stream.context);
    }

    /// The legacy stream is done only when every stream that it waits for is.
    private static void settle(Stream stream) {
        if (stream == stream.context.legacy) {
            stream.context.all().stream().filter(Stream::blocking).forEach(Stream::drain);
        }
        stream.drain();
    }

    /// A poll finds the work unfinished and lets one piece of it go on, so that a loop of polls ends.
    // CUresult cuStreamQuery(CUstream hStream)
    @Exported
    int cuStreamQuery(long handle) {
        Stream stream = driver.stream(handle);
        refuseWait(stream);
        if (stream.idle()) return 0;
        stream.step();
        return NOT_READY;
    }

    // CUresult cuStreamWaitEvent(CUstream hStream, CUevent hEvent, unsigned int Flags)
    @Exported
    void cuStreamWaitEvent(long handle, long eventHandle, int flags) {
        Stream stream = driver.stream(handle);
        Event event = driver.handles.get(eventHandle, Event.class);
        if (event.capture() != null) {
            Capture.await(stream, event);
        } else if (event.recorded()) {
            if (stream.capture() != null) Capture.isolation(stream);
            driver.submit(stream, event.waiting());
        }
    }

    // CUresult cuStreamGetFlags(CUstream hStream, unsigned int* flags)
    @Exported
    void cuStreamGetFlags(long handle, long flags) {
        Host.putInt(flags, driver.stream(handle).flags);
    }

    // CUresult cuStreamGetPriority(CUstream hStream, int* priority)
    @Exported
    void cuStreamGetPriority(long handle, long priority) {
        Host.putInt(priority, driver.stream(handle).priority);
    }

    // CUresult cuStreamGetCtx(CUstream hStream, CUcontext* pctx)
    @Exported
    void cuStreamGetCtx(long handle, long context) {
        Host.putLong(context, driver.stream(handle).context.handle);
    }

    // CUresult cuLaunchHostFunc(CUstream hStream, CUhostFn fn, void* userData)
    @Exported
    void cuLaunchHostFunc(long handle, long function, long data) {
        driver.submit(driver.stream(handle), host(function, data));
    }

    static Work host(long function, long data) {
        MemorySegment pointer = MemorySegment.ofAddress(function);
        return Work.of(Work.Kind.HOST, "host function", () -> {
            try {
                HOST_FUNCTION.invokeExact(pointer, data);
            } catch (Throwable t) {
                throw new IllegalStateException("host function failed", t);
            }
        });
    }

    // CUresult cuStreamBeginCapture_v2(CUstream hStream, CUstreamCaptureMode mode)
    @Exported
    void cuStreamBeginCapture_v2(long handle, int mode) {
        Capture.begin(driver, driver.stream(handle), mode);
    }

    // CUresult cuStreamEndCapture(CUstream hStream, CUgraph* phGraph)
    @Exported
    void cuStreamEndCapture(long handle, long out) {
        Host.putLong(out, 0);
        Stream stream = driver.stream(handle);
        if (stream.capture() == null) throw Result.ILLEGAL_STATE.because(stream + " is not being captured");
        Graph graph = stream.capture().end(stream);
        Host.putLong(out, driver.handles.add(graph, driver.origin()));
    }

    // CUresult cuStreamIsCapturing(CUstream hStream, CUstreamCaptureStatus* captureStatus)
    @Exported
    void cuStreamIsCapturing(long handle, long status) {
        Stream stream = driver.stream(handle);
        Capture.refuseImplicitQuery(stream);
        Host.putInt(status, stream.capture() == null ? 0 : stream.capture().invalidated() ? 2 : 1);
    }

    // CUresult cuThreadExchangeStreamCaptureMode(CUstreamCaptureMode* mode)
    @Exported
    void cuThreadExchangeStreamCaptureMode(long mode) {
        driver.checkInitialised();
        int next = Host.getInt(mode);
        if (next < Capture.GLOBAL || next > Capture.RELAXED) throw Result.INVALID_VALUE.because("mode=" + next);
        Driver.ThreadState state = driver.state();
        Host.putInt(mode, state.captureMode);
        state.captureMode = next;
    }
}
