package dev.elbo.bench.work;

/// What one run of a workload cannot do without; 0: not counted.
///
/// @param flops floating-point operations of products, convolutions and recursions
/// @param bytes that pass between memory and processor if each input is read and each output written once, and what
///              lies between them stays in caches
public record Cost(long flops, long bytes) {
    /// Of what moves data and hardly computes.
    public static Cost bytes(long bytes) {
        return new Cost(0, bytes);
    }
}
