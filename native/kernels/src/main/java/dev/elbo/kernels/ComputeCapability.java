package dev.elbo.kernels;

import java.util.Comparator;

/// What a GPU can execute, as NVIDIA counts it: 7.5 is Turing, 8.0 Ampere, 9.0 Hopper, 10.0 Blackwell.
public record ComputeCapability(int major, int minor) implements Comparable<ComputeCapability> {
    /// The capability that PTX and file names write as one number: 75 is 7.5, 100 is 10.0.
    public static ComputeCapability of(int number) {
        return new ComputeCapability(number / 10, number % 10);
    }

    @Override
    public int compareTo(ComputeCapability other) {
        return Comparator.comparingInt(ComputeCapability::major)
                .thenComparingInt(ComputeCapability::minor)
                .compare(this, other);
    }

    @Override
    public String toString() {
        return major + "." + minor;
    }
}
