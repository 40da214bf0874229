package dev.elbo.ffi;

import java.lang.foreign.MemorySegment;

/// Matrix products on one stream of a GPU: the seam behind which cuBLAS is reached in two ways.
///
/// An instance is one library handle with its stream and workspace, both fixed when it is opened
/// ([CudaBinding#blas]), because cuBLAS forgets the workspace whenever the stream is set. Work that forks opens one
/// instance for each branch. An instance belongs to the thread that opened it and ends with its owner.
///
/// Calls return at once; results are there when the stream has come so far. Sums run in a fixed order: no atomics.
public interface Blas {
    /// The version of the library that answers.
    Version version();

    /// Multiplies row-major matrices: c = alpha · op(a) · op(b) + beta · c.
    ///
    /// `c` is overwritten if `beta` is 0 (whatever it held, NaN included) and added into otherwise.
    ///
    /// @param layout extents, strides and precision
    /// @param a      device memory, borrowed until the stream has come so far
    /// @param b      device memory, borrowed likewise
    /// @param c      device memory, borrowed likewise; must not overlap a or b
    /// @throws NativeException the library's status, with the arguments as the library got them
    default void product(
            ProductLayout layout, float alpha, MemorySegment a, MemorySegment b, float beta, MemorySegment c) {
        gemm(layout.columnMajor(), alpha, b, a, beta, c);
    }

    /// The same in column-major terms: what a provider implements, and nobody else calls.
    void gemm(Gemm call, float alpha, MemorySegment a, MemorySegment b, float beta, MemorySegment c);
}
