package dev.elbo.simulator;

/// Extents or indices along x, y and z, as CUDA counts them: x runs fastest.
public record Dim3(int x, int y, int z) {
    public static Dim3 of(int x) {
        return new Dim3(x, 1, 1);
    }

    public static Dim3 of(int x, int y) {
        return new Dim3(x, y, 1);
    }

    /// Number of elements of a range with these extents.
    public long count() {
        return (long) x * y * z;
    }

    /// Index of element `i` of a range with these extents.
    public Dim3 index(long i) {
        return new Dim3((int) (i % x), (int) (i / x % y), (int) (i / x / y));
    }

    @Override
    public String toString() {
        return "(" + x + "," + y + "," + z + ")";
    }
}
