package dev.elbo.simulator.driver;

import dev.elbo.simulator.Report;
import dev.elbo.simulator.SimulatorFault;
import dev.elbo.simulator.memory.Allocation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Who asked for which device memory, on top of the bytes themselves.
final class Memory {
    /// One allocation that has not been given back.
    record Owned(Context context, Allocation allocation, Origin made) {}

    private final Driver driver;
    private final Map<Long, Owned> owned = new TreeMap<>();

    Memory(Driver driver) {
        this.driver = driver;
    }

    /// @return the device address
    long allocate(Context context, long bytes) {
        if (bytes == 0) throw Result.INVALID_VALUE.because("an allocation of 0 bytes");
        var planned = driver.faults.atAllocation();
        if (planned != null) throw Result.of(planned.status()).because("fault asked for by the test; bytes=" + bytes);
        if (!context.device.take(bytes)) {
            throw Result.OUT_OF_MEMORY.because(
                    "bytes=" + bytes + ", free=" + context.device.free() + ", device=" + context.device.memory);
        }
        Origin made = driver.origin();
        Allocation allocation = driver.bytes.allocate(bytes, made.toString());
        owned.put(allocation.address(), new Owned(context, allocation, made));
        return allocation.address();
    }

    /// Gives memory back, now.
    void free(long address) {
        Owned gone = owned.remove(address);
        if (gone == null) {
            String text = "free of what is not the start of a live allocation; address=0x" + Long.toHexString(address)
                    + ", which is " + driver.bytes.describe(address);
            driver.reports.add(Report.Kind.DEVICE, text);
            throw Result.INVALID_VALUE.because(text);
        }
        drop(gone);
    }

    /// The allocation that starts at an address.
    Owned at(long address) {
        return owned.get(address);
    }

    /// The allocation that holds an address, null if none is live.
    Owned holding(long address) {
        Allocation found = driver.bytes.find(address);
        return found == null ? null : owned.get(found.address());
    }

    List<Owned> of(Context context) {
        return owned.values().stream().filter(each -> each.context == context).toList();
    }

    /// Gives back everything that a context still has.
    void release(Context context) {
        for (Owned each : new ArrayList<>(of(context))) {
            owned.remove(each.allocation.address());
            drop(each);
        }
    }

    /// Gives back everything.
    void clear() {
        owned.values().forEach(each -> driver.bytes.free(each.allocation.address()));
        owned.clear();
    }

    private void drop(Owned gone) {
        driver.bytes.free(gone.allocation.address());
        gone.context.device.give(gone.allocation.size());
    }

    /// Refuses a range that a copy must not touch, as the driver does before it starts the copy.
    void check(long address, long length, String access) {
        try {
            if (length > 0) driver.bytes.live(address, length, access);
        } catch (SimulatorFault fault) {
            driver.reports.add(Report.Kind.DEVICE, fault.getMessage());
            throw Result.INVALID_VALUE.because(fault.getMessage());
        }
    }
}
