package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// Matrix products whose first factor is mostly zeros, such as bits of pictures, as sums of rows of the second.
public interface SparseMath {
    /// Terms of one chain, zeros included.
    int PART = 512;

    /// Rows of C that are done together.
    int GROUP = 32;

    /// Whether [#multiplySparse] is fast by now: without the Vector API, or until its loop is compiled, any library
    /// is faster.
    boolean sumsRowsFast();

    /// How many of the elements `[from, to)` are not zero; a NaN is not.
    long nonZeros(MemorySegment x, long from, long to);

    /// Whether no element of `[from, to)` is infinite or NaN.
    boolean finite(MemorySegment x, long from, long to);

    /// C = op(A) · B + bias or, where it accumulates, C = C + op(A) · B, for a range of rows of C.
    ///
    /// ```
    /// t_q = 0;  for k = 512 q … 512 q + 511 where op(A)[i,k] ≠ 0:  t_q = fma(op(A)[i,k], B[k,j], t_q)
    /// C[i,j] = t₀ + t₁ + … + bias[j]        from the left; accumulating, what is there comes before t₀
    /// ```
    ///
    /// A zero adds nothing to a chain but where B is infinite or NaN: whoever calls this knows that it is not.
    /// This is the order of oneDNN's matrix product on processors with AVX-512, found by comparing bits: where A
    /// is not transposed, for an inner extent of up to 1024. Whoever relies on it tries it on his processor.
    ///
    /// @param a    (rows, inner), or (inner, rows) where transposed
    /// @param b    (inner, cols), all [#finite]
    /// @param bias (cols), or null
    /// @param c    (rows, cols)
    /// @param from first row of C
    void multiplySparse(
            MemorySegment a,
            boolean transposed,
            MemorySegment b,
            MemorySegment bias,
            MemorySegment c,
            long from,
            long to,
            int rows,
            int inner,
            int cols,
            boolean accumulate);
}
