package dev.elbo.simulator.driver;

import dev.elbo.simulator.shim.CFunction;
import java.util.List;

/// Everything that `libcuda.so.1` exports.
public final class CudaLibrary {
    private CudaLibrary() {}

    /// The functions that a driver of its version has.
    public static List<CFunction> functions(Driver driver) {
        MemoryCalls memory = new MemoryCalls(driver);
        CopyCalls copies = new CopyCalls(driver);
        return CFunction.of(
                driver.configuration().driverVersion(),
                new DeviceCalls(driver),
                new ContextCalls(driver),
                memory,
                new PoolCalls(driver, memory),
                copies,
                new StreamCalls(driver),
                new EventCalls(driver),
                new ModuleCalls(driver),
                new LaunchCalls(driver),
                new GraphCalls(driver),
                new NodeCalls(driver, copies),
                new EntryCalls(driver),
                new ErrorCalls());
    }
}
