package dev.elbo.simulator.driver;

import dev.elbo.simulator.shim.Exported;
import dev.elbo.simulator.shim.Host;

/// Events.
final class EventCalls {
    private static final int NOT_READY = Result.NOT_READY.status();
    private static final double NANOSECONDS = 1e6; // of a millisecond

    private final Driver driver;

    EventCalls(Driver driver) {
        this.driver = driver;
    }

    // CUresult cuEventCreate(CUevent* phEvent, unsigned int Flags)
    @Exported
    void cuEventCreate(long out, int flags) {
        Event event = new Event(driver.context(), flags);
        Host.putLong(out, driver.handles.add(event, driver.origin()));
    }

    // CUresult cuEventDestroy_v2(CUevent hEvent)
    @Exported
    void cuEventDestroy_v2(long handle) {
        driver.context();
        driver.handles.remove(handle, Event.class, driver.call());
    }

    // CUresult cuEventRecord(CUevent hEvent, CUstream hStream)
    @Exported
    void cuEventRecord(long handle, long streamHandle) {
        Stream stream = driver.stream(streamHandle);
        Event event = driver.handles.get(handle, Event.class);
        driver.own(event.context, "event");
        if (stream.capture() != null) event.recordCaptured(stream);
        else event.record(stream);
    }

    // CUresult cuEventRecordWithFlags(CUevent hEvent, CUstream hStream, unsigned int flags)
    @Exported
    void cuEventRecordWithFlags(long handle, long stream, int flags) {
        if (flags != 0) throw Result.NOT_SUPPORTED.because("external events are not simulated; flags=" + flags);
        cuEventRecord(handle, stream);
    }

    // CUresult cuEventSynchronize(CUevent hEvent)
    @Exported
    void cuEventSynchronize(long handle) {
        driver.context();
        Event event = running(handle);
        driver.counters.synchronization();
        event.await();
    }

    // CUresult cuEventQuery(CUevent hEvent)
    @Exported
    int cuEventQuery(long handle) {
        driver.context();
        Event event = running(handle);
        if (event.happened()) return 0;
        event.step();
        return NOT_READY;
    }

    /// An event that the host may ask about.
    private Event running(long handle) {
        Event event = driver.handles.get(handle, Event.class);
        if (event.capture() != null) {
            throw Result.CAPTURED_EVENT.because("the event was recorded in a capture and never happens");
        }
        return event;
    }

    // CUresult cuEventElapsedTime(float* pMilliseconds, CUevent hStart, CUevent hEnd)
    @Exported
    void cuEventElapsedTime(long out, long start, long end) {
        driver.context();
        Event from = timed(start);
        Event to = timed(end);
        if (!from.happened() || !to.happened()) throw Result.NOT_READY.because("an event has not happened yet");
        Host.putFloat(out, (float) ((to.nanoseconds() - from.nanoseconds()) / NANOSECONDS));
    }

    // CUresult cuEventElapsedTime_v2(float* pMilliseconds, CUevent hStart, CUevent hEnd)
    @Exported(since = 12080)
    void cuEventElapsedTime_v2(long out, long start, long end) {
        cuEventElapsedTime(out, start, end);
    }

    private Event timed(long handle) {
        Event event = running(handle);
        if (!event.timed()) throw Result.INVALID_HANDLE.because("the event was made with CU_EVENT_DISABLE_TIMING");
        if (!event.recorded()) throw Result.INVALID_HANDLE.because("the event was never recorded");
        return event;
    }
}
