package dev.elbo.simulator.machine;

/// One parameter of a kernel, where it lies in the parameter block.
///
/// @param offset    bytes from the start of the block
/// @param bytes     size
/// @param alignment alignment, which `offset` is a multiple of
public record Parameter(String name, int offset, int bytes, int alignment) {}
