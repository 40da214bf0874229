package dev.elbo.ffi;

import java.util.Comparator;

/// A version of a library or of CUDA; [#UNKNOWN] where a library does not say.
public record Version(int major, int minor, int patch) implements Comparable<Version> {
    /// The version of a library that offers no function to ask.
    public static final Version UNKNOWN = new Version(0, 0, 0);

    private static final Comparator<Version> ORDER = Comparator.comparingInt(Version::major)
            .thenComparingInt(Version::minor)
            .thenComparingInt(Version::patch);

    /// CUDA's own encoding: 13000 is 13.0, 12080 is 12.8.
    static Version ofCuda(long encoded) {
        return new Version((int) (encoded / 1000), (int) (encoded % 1000 / 10), 0);
    }

    /// The encoding of cuBLASLt and of cuDNN since 9 (92400 is 9.24.0), and of cuDNN before (8902 is 8.9.2).
    static Version ofLibrary(long encoded) {
        long majorUnit = encoded < 10_000 ? 1000 : 10_000;
        return new Version((int) (encoded / majorUnit), (int) (encoded % majorUnit / 100), (int) (encoded % 100));
    }

    boolean known() {
        return !equals(UNKNOWN);
    }

    @Override
    public int compareTo(Version other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        if (!known()) {
            return "unknown";
        }
        return major + "." + minor + (patch == 0 ? "" : "." + patch);
    }
}
