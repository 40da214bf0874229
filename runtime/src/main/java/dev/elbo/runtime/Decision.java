package dev.elbo.runtime;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// The sums that decide about an update.
final class Decision {
    private static final int LANES = 16;

    private Decision() {}

    /// Σ partials in the order of [dev.elbo.runtime.cpu.CpuMath].
    ///
    /// @param lanes (16), any content
    static double sum(MemorySegment partials, int count, double[] lanes) {
        Arrays.fill(lanes, 0);
        for (int s = 0; s < count; s++) {
            lanes[s % LANES] += partials.getAtIndex(JAVA_DOUBLE, s);
        }
        for (int step = LANES / 2; step > 0; step /= 2) {
            for (int i = 0; i < step; i++) {
                lanes[i] += lanes[i + step];
            }
        }
        return lanes[0];
    }

    /// bᵗ: the powers of two of the exponent, from the lowest up.
    static double power(double b, int t) {
        double p = 1;
        for (; t != 0; t >>>= 1) {
            p = (t & 1) != 0 ? p * b : p;
            b *= b;
        }
        return p;
    }
}
