package dev.elbo.kernels;

/// What stands at the head of a kernel file, field by field, lines and their alignment kept.
///
/// @param title        one line: what the family is
/// @param formula      what each kernel computes
/// @param shapes       extents of every tensor
/// @param types        storage and accumulation
/// @param launch       blocks and threads of each kernel; the machine-readable part is [KernelEntry#launch()]
/// @param ownership    who owns, what is overwritten, what is added into
/// @param edges        −∞, NaN, empty, one
/// @param determinism  whether the bits are part of the contract, and in which order they come about
/// @param bytes        memory traffic
/// @param versions     this one and those before it, with their numbers
/// @param reference    the twin on the CPU
public record KernelHeader(
        String title,
        String formula,
        String shapes,
        String types,
        String launch,
        String ownership,
        String edges,
        String determinism,
        String bytes,
        String versions,
        String reference) {
    /// Whether every device must give the same bits as the reference.
    public boolean bitContract() {
        return determinism.startsWith("bit contract");
    }
}
