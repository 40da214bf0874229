package dev.elbo.ffi.onednn;

import java.lang.foreign.MemorySegment;

/// Sums the partial results of blocks, always in the order of the blocks.
///
/// ```
/// y[i] = (…((p[first][i] + p[first+1][i]) + …) + p[count−1][i])        p (count, size), or
/// y[i] = (…((y[i] + p[first][i]) + p[first+1][i]) + …)
/// ```
///
/// @param partials   p, borrowed
/// @param first      the first partial result that is added
/// @param y          overwritten or added into
/// @param accumulate whether y is added into
record PartialSums(MemorySegment partials, int first, int count, long size, MemorySegment y, boolean accumulate)
        implements Stage {
    private static final long BLOCK = 16_384;

    @Override
    public int blocks() {
        return (int) ((size + BLOCK - 1) / BLOCK);
    }

    @Override
    public long flops() {
        // An addition here moves 12 bytes, which takes as long as about this many operations of a product.
        return count * BLOCK * 16;
    }

    @Override
    public void run(long from, long to) {
        for (long block = from; block < to; block++) {
            long start = block * BLOCK;
            long length = Math.min(size - start, BLOCK);
            for (int p = first; p < count; p++) {
                long offset = (p * size + start) * Float.BYTES;
                if (p == first && !accumulate) {
                    Buffers.copy(partials, offset, y, start * Float.BYTES, length);
                } else {
                    Buffers.add(partials, offset, y, start * Float.BYTES, length);
                }
            }
        }
    }
}
