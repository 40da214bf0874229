package dev.elbo.simulator.ptx;

/// A state space of PTX that has addresses.
public enum Space {
    GLOBAL,
    SHARED,
    LOCAL,
    PARAM,
    CONST,
    /// One address space over global, shared and local memory, told apart by windows.
    GENERIC
}
