package dev.elbo.ffi;

/// Memory of a device.
///
/// @param free  what can still be allocated, bytes
/// @param total all there is, bytes
public record MemoryInfo(long free, long total) {}
