package dev.elbo.simulator.blas;

import dev.elbo.simulator.shim.Host;
import java.util.ArrayList;
import java.util.List;

/// A way to compute a product: its 64 bytes are a `cublasLtMatmulAlgo_t`.
///
/// Different ones sum in different orders, as on a GPU: results agree in value and not in bits.
///
/// @param splits    parts into which the sums over k are cut
/// @param reduction how the parts come together, as in `cublasLtReductionScheme_t`
/// @param alignment of every pointer, bytes
/// @param problem   the fingerprint of what it is good for
record LtAlgorithm(int splits, int reduction, int alignment, int problem) {
    static final int BYTES = 64;

    private static final int MAGIC = 0x4c74416c;
    private static final int NONE = 0;
    private static final int IN_PLACE = 1;
    private static final int COMPUTE_TYPE = 2;
    private static final int VECTOR = 16;

    /// Those that there are for a problem, the favourite first.
    static List<LtAlgorithm> of(LtProblem problem) {
        int mark = problem.fingerprint();
        List<LtAlgorithm> all = new ArrayList<>();
        all.add(new LtAlgorithm(1, NONE, VECTOR, mark));
        if (problem.k() >= 8) {
            all.add(new LtAlgorithm(2, COMPUTE_TYPE, VECTOR, mark));
            all.add(new LtAlgorithm(2, IN_PLACE, VECTOR, mark));
        }
        all.add(new LtAlgorithm(1, NONE, 4, mark));
        return all;
    }

    long workspace(LtProblem problem) {
        return reduction == COMPUTE_TYPE ? 4L * splits * problem.m() * problem.n() * problem.batch() : 0;
    }

    void write(long to) {
        Host.at(to, BYTES).fill((byte) 0);
        Host.putInt(to, MAGIC);
        Host.putInt(to + 4, splits);
        Host.putInt(to + 8, reduction);
        Host.putInt(to + 12, alignment);
        Host.putInt(to + 16, problem);
    }

    /// @throws dev.elbo.simulator.shim.Failure INVALID_VALUE if the bytes are no algorithm for the problem
    static LtAlgorithm read(long from, LtProblem problem) {
        if (Host.getInt(from) != MAGIC) throw BlasStatus.INVALID_VALUE.ltBecause("not an algorithm of this library");
        LtAlgorithm read = new LtAlgorithm(
                Host.getInt(from + 4), Host.getInt(from + 8), Host.getInt(from + 12), Host.getInt(from + 16));
        if (read.problem != problem.fingerprint()) {
            throw BlasStatus.INVALID_VALUE.ltBecause("an algorithm for another product");
        }
        return read;
    }
}
