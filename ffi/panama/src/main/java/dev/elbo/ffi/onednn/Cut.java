package dev.elbo.ffi.onednn;

/// A range cut into blocks of equal length, the last one shorter or, by one, longer.
///
/// A last block of length 1 joins the one before it: oneDNN has another kernel for single rows and columns, whose sums
/// have another order.
///
/// @param extent length of the range, at least 1
/// @param block  length of a block
record Cut(long extent, long block) {
    Cut {
        block = Math.min(block, extent);
    }

    int count() {
        long count = (extent + block - 1) / block;
        return (int) (count > 1 && extent % block == 1 ? count - 1 : count);
    }

    long from(int i) {
        return i * block;
    }

    long length(int i) {
        return isLast(i) ? extent - i * block : block;
    }

    boolean isLast(int i) {
        return i == count() - 1;
    }
}
