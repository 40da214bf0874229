package dev.elbo.simulator.driver;

import dev.elbo.simulator.shim.Exported;
import dev.elbo.simulator.shim.Host;

/// The driver's own symbol lookup: a name without its version suffix, and the newest function that goes by it.
final class EntryCalls {
    private static final int NEWEST_SUFFIX = 4;
    private static final int SYMBOL_NOT_FOUND = 1;

    private final Driver driver;

    EntryCalls(Driver driver) {
        this.driver = driver;
    }

    // CUresult cuGetProcAddress_v2(const char*, void** pfn, int cudaVersion, cuuint64_t flags, result* symbolStatus)
    @Exported
    void cuGetProcAddress_v2(long name, long out, int version, long flags, long status) {
        long address = newest(Host.getString(name));
        Host.putLong(out, address);
        if (status != 0) Host.putInt(status, address == 0 ? SYMBOL_NOT_FOUND : 0);
        if (address == 0) throw Result.NOT_FOUND.because("no function of that name; name=" + Host.getString(name));
    }

    // CUresult cuGetProcAddress(const char* symbol, void** pfn, int cudaVersion, cuuint64_t flags)
    @Exported
    void cuGetProcAddress(long name, long out, int version, long flags) {
        cuGetProcAddress_v2(name, out, version, flags, 0);
    }

    private long newest(String name) {
        for (int suffix = NEWEST_SUFFIX; suffix > 1; suffix--) {
            long address = driver.symbol(name + "_v" + suffix);
            if (address != 0) return address;
        }
        return driver.symbol(name);
    }
}
