package dev.elbo.simulator.machine;

import dev.elbo.simulator.memory.Allocation;

/// Memory that a kernel addresses.
interface AddressSpace {
    /// The allocation, live or freed, that holds `bytes` bytes at `address`, or null.
    Allocation find(long address, int bytes);

    /// What lies at or next to an address, in words.
    String describe(long address);
}
