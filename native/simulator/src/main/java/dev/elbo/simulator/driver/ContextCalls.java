package dev.elbo.simulator.driver;

import dev.elbo.simulator.shim.Exported;
import dev.elbo.simulator.shim.Host;

/// Contexts, and which of them a thread uses.
final class ContextCalls {
    private final Driver driver;

    ContextCalls(Driver driver) {
        this.driver = driver;
    }

    // CUresult cuDevicePrimaryCtxRetain(CUcontext* pctx, CUdevice dev)
    @Exported
    void cuDevicePrimaryCtxRetain(long context, int device) {
        Host.putLong(context, driver.device(device).retain(driver).handle);
    }

    // CUresult cuDevicePrimaryCtxRelease_v2(CUdevice dev)
    @Exported
    void cuDevicePrimaryCtxRelease_v2(int device) {
        driver.device(device).release();
    }

    // CUresult cuDevicePrimaryCtxReset_v2(CUdevice dev)
    @Exported
    void cuDevicePrimaryCtxReset_v2(int device) {
        driver.device(device).reset();
    }

    // CUresult cuDevicePrimaryCtxSetFlags_v2(CUdevice dev, unsigned int flags)
    @Exported
    void cuDevicePrimaryCtxSetFlags_v2(int device, int flags) {
        driver.device(device).primaryFlags = flags;
    }

    // CUresult cuDevicePrimaryCtxGetState(CUdevice dev, unsigned int* flags, int* active)
    @Exported
    void cuDevicePrimaryCtxGetState(int ordinal, long flags, long active) {
        Device device = driver.device(ordinal);
        Host.putInt(flags, device.primaryFlags);
        Host.putInt(active, device.primary() == null ? 0 : 1);
    }

    // CUresult cuCtxCreate_v2(CUcontext* pctx, unsigned int flags, CUdevice dev)
    @Exported
    void cuCtxCreate_v2(long out, int flags, int device) {
        Context context = new Context(driver, driver.device(device), false);
        context.flags = flags;
        driver.state().contexts.push(context);
        Host.putLong(out, context.handle);
    }

    // CUresult cuCtxDestroy_v2(CUcontext ctx)
    @Exported
    void cuCtxDestroy_v2(long handle) {
        Context context = driver.handles.get(handle, Context.class);
        if (context.primary) throw Result.INVALID_CONTEXT.because("a primary context is released, not destroyed");
        context.destroy();
        driver.state().contexts.remove(context);
    }

    // CUresult cuCtxSetCurrent(CUcontext ctx)
    @Exported
    void cuCtxSetCurrent(long handle) {
        driver.checkInitialised();
        var contexts = driver.state().contexts;
        Context context = handle == 0 ? null : driver.handles.get(handle, Context.class);
        contexts.poll();
        if (context != null) contexts.push(context);
    }

    // CUresult cuCtxGetCurrent(CUcontext* pctx)
    @Exported
    void cuCtxGetCurrent(long out) {
        Context context = driver.currentOrNull();
        Host.putLong(out, context == null ? 0 : context.handle);
    }

    // CUresult cuCtxPushCurrent_v2(CUcontext ctx)
    @Exported
    void cuCtxPushCurrent_v2(long handle) {
        driver.checkInitialised();
        driver.state().contexts.push(driver.handles.get(handle, Context.class));
    }

    // CUresult cuCtxPopCurrent_v2(CUcontext* pctx)
    @Exported
    void cuCtxPopCurrent_v2(long out) {
        driver.checkInitialised();
        Context context = driver.state().contexts.poll();
        if (context == null) throw Result.INVALID_CONTEXT.because("this thread has no current context");
        if (out != 0) Host.putLong(out, context.handle);
    }

    // CUresult cuCtxGetDevice(CUdevice* device)
    @Exported
    void cuCtxGetDevice(long device) {
        Host.putInt(device, driver.context().device.ordinal);
    }

    // CUresult cuCtxGetFlags(unsigned int* flags)
    @Exported
    void cuCtxGetFlags(long flags) {
        Context context = driver.context();
        Host.putInt(flags, context.primary ? context.device.primaryFlags : context.flags);
    }

    // CUresult cuCtxSynchronize(void)
    @Exported
    void cuCtxSynchronize() {
        Context context = driver.context();
        Capture.refuseWait(driver, context);
        driver.counters.synchronization();
        context.synchronize();
    }

    // CUresult cuCtxGetStreamPriorityRange(int* leastPriority, int* greatestPriority)
    @Exported
    void cuCtxGetStreamPriorityRange(long least, long greatest) {
        driver.context();
        if (least != 0) Host.putInt(least, 0);
        if (greatest != 0) Host.putInt(greatest, StreamCalls.GREATEST_PRIORITY);
    }
}
