package dev.elbo.simulator.machine;

import dev.elbo.simulator.Dim3;

/// What a launch may ask of the simulated device.
///
/// @param capability          compute capability times ten, as in 75
/// @param multiprocessors     what `%nsmid` says
/// @param threadsPerBlock     most threads in a block
/// @param sharedBytesPerBlock most static and dynamic shared memory of a block, opt-in included
/// @param block               most threads along each axis
/// @param grid                most blocks along each axis
public record DeviceLimits(
        int capability, int multiprocessors, int threadsPerBlock, int sharedBytesPerBlock, Dim3 block, Dim3 grid) {
    /// The limits of real devices of a compute capability.
    public static DeviceLimits of(int capability) {
        int shared = switch (capability) {
            case 75 -> 64;
            case 80 -> 163;
            case 86, 89, 120, 121 -> 99;
            default -> capability >= 90 ? 227 : 48;
        };
        return new DeviceLimits(
                capability, 4, 1024, shared << 10, new Dim3(1024, 1024, 64), new Dim3(Integer.MAX_VALUE, 65535, 65535));
    }
}
