package dev.elbo.simulator.machine;

/// Where the simulator may choose, it chooses by these: functions of their arguments alone.
final class Noise {
    private Noise() {}

    /// Spreads every bit of `x` over the whole result (the finaliser of SplitMix64).
    static long mix(long x) {
        long z = x + 0x9e3779b97f4a7c15L;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }

    /// A number in [-1, 1].
    static double signed(long x) {
        return (mix(x) >> 11) * 0x1p-52;
    }
}
