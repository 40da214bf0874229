package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.contribute;
import static dev.elbo.runtime.cpu.Floats.get;
import static dev.elbo.runtime.cpu.Floats.put;

import dev.elbo.runtime.portable.PortableMath;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// [FactorMath], composed of a provider's loops: a column of a factor is one run.
interface LoopedFactor extends FactorMath, Loops {
    @Override
    default void factorDraws(
            MemorySegment mean,
            MemorySegment factor,
            MemorySegment z,
            MemorySegment kl,
            MemorySegment logQ,
            MemorySegment ratio,
            long from,
            long to,
            int samples,
            int cols,
            long seed,
            long step,
            int operation) {
        int packed = FactorMath.packed(cols);
        for (long r = from * samples; (z != null || logQ != null) && r < to * samples; r++) {
            MemorySegment epsilon = Scratch.ofThread().run(cols);
            loop(DrawLoop.Kind.NORMALS).run(epsilon, 0, r * cols, cols, seed, step, operation);
            if (z != null) {
                move(mean, factor, r / samples, epsilon, z, r, cols);
            }
            if (logQ != null) {
                put(logQ, r, density(factor, r / samples * packed, epsilon, 0, cols));
            }
            if (ratio != null) {
                put(ratio, r, ratio(factor, r / samples * packed, epsilon, z, r * cols, cols));
            }
        }
        for (long i = from; kl != null && i < to; i++) {
            put(kl, i, divergence(mean, i * cols, factor, i * packed, cols));
        }
    }

    private void move(
            MemorySegment mean,
            MemorySegment factor,
            long i,
            MemorySegment epsilon,
            MemorySegment z,
            long r,
            int cols) {
        MemorySegment.copy(mean, 4 * i * cols, z, 4 * r * cols, 4L * cols);
        long at = i * FactorMath.packed(cols);
        for (int k = 0; k < cols; k++) {
            long below = r * cols + k + 1;
            float noise = get(epsilon, k);
            put(z, below - 1, Math.fma(deviation(variance(factor, at)), noise, get(z, below - 1)));
            loop(RowMap.AXPY).run(factor, at + 1, z, below, noise, 0, z, below, cols - k - 1, true);
            at += cols - k;
        }
    }

    /// −½ Σ_j log 2π + (v[j] + e[j]²).
    private static float density(MemorySegment factor, long at, MemorySegment e, long start, int cols) {
        double[] sums = Scratch.ofThread().zeroedSums();
        for (int k = 0; k < cols; k++) {
            float each = get(e, start + k);
            sums[k & Scratch.LANES - 1] += Term.LOG_TWO_PI + (variance(factor, at) + each * each);
            at += cols - k;
        }
        return (float) (-0.5 * Scratch.tree(sums));
    }

    /// ½ Σ_j (v[j] + e[j]²) − z[j]².
    private static float ratio(MemorySegment factor, long at, MemorySegment e, MemorySegment z, long start, int cols) {
        double[] sums = Scratch.ofThread().zeroedSums();
        for (int k = 0; k < cols; k++) {
            // The term bounds twice the logarithm of L[k,k] itself.
            sums[k & Scratch.LANES - 1] +=
                    Term.NORMAL_RATIO.value(2.0f * get(factor, at), get(e, k), get(z, start + k));
            at += cols - k;
        }
        return (float) (Term.NORMAL_RATIO.scale() * Scratch.tree(sums));
    }

    private static float divergence(MemorySegment mean, long start, MemorySegment factor, long at, int cols) {
        double[] sums = Scratch.ofThread().zeroedSums();
        for (int k = 0; k < cols; k++) {
            sums[k & Scratch.LANES - 1] += Term.GAUSSIAN_KL.value(get(mean, start + k), variance(factor, at), 0);
            for (int j = k + 1; j < cols; j++) {
                float each = get(factor, at + j - k);
                sums[j & Scratch.LANES - 1] += each * each;
            }
            at += cols - k;
        }
        return (float) (0.5 * Scratch.tree(sums));
    }

    @Override
    default void factorPullback(
            MemorySegment mean,
            MemorySegment factor,
            MemorySegment z,
            MemorySegment dz,
            MemorySegment epsilon,
            PerRow dKl,
            PerRow dLogQ,
            PerRow dRatio,
            MemorySegment dMean,
            MemorySegment dFactor,
            long from,
            long to,
            int samples,
            int cols,
            long seed,
            long step,
            int operation,
            boolean firstMean,
            boolean firstFactor) {
        int packed = FactorMath.packed(cols);
        int width = cols + packed;
        int lanes = Math.min(samples, Scratch.LANES);
        double[] sums = Scratch.ofThread().doubles(lanes * width);
        MemorySegment drawn = Scratch.ofThread().run(2 * cols); // ε, and g behind it
        boolean moves = dz != null || z != null;
        for (long i = from; i < to; i++) {
            Arrays.fill(sums, 0, lanes * width, 0.0);
            for (int s = 0; s < samples; s++) {
                long r = i * samples + s;
                int lane = (s & Scratch.LANES - 1) * width;
                if (moves && epsilon == null) {
                    loop(DrawLoop.Kind.NORMALS).run(drawn, 0, r * cols, cols, seed, step, operation);
                }
                MemorySegment e = epsilon == null ? drawn : epsilon;
                long eAt = epsilon == null ? 0 : r * cols;
                float dLog = dLogQ.at(r) - dRatio.at(r);
                if (z == null) {
                    addSample(sums, lane, dz, r * cols, e, eAt, dLog, factor, i * packed, cols);
                    continue;
                }
                if (dz == null) {
                    loop(RowMap.SCALE).run(z, r * cols, -dRatio.at(r), 0, drawn, cols, cols, true);
                } else {
                    loop(RowMap.PLUS_TIMES).run(dz, r * cols, z, r * cols, -dRatio.at(r), 0, drawn, cols, cols, true);
                }
                addSample(sums, lane, drawn, cols, e, eAt, dLog, factor, i * packed, cols);
            }
            tree(sums, lanes, width);
            float dDivergence = dKl.at(i);
            for (int j = 0; dMean != null && j < cols; j++) {
                long at = i * cols + j;
                contribute(dMean, at, (float) sums[j] + dDivergence * get(mean, at), firstMean);
            }
            if (dFactor != null) {
                finish(sums, cols, dDivergence, factor, dFactor, i * packed, cols, firstFactor);
            }
        }
    }

    /// The tree of [Scratch#tree], over the accumulators that were used: the others hold 0.
    private static void tree(double[] sums, int lanes, int width) {
        for (int step = Scratch.LANES / 2; step > 0; step /= 2) {
            for (int e = 0; e < Math.min(step, lanes - step) * width; e++) {
                sums[e] += sums[e + step * width];
            }
        }
    }

    private void addSample(
            double[] sums,
            int lane,
            MemorySegment dz,
            long r,
            MemorySegment epsilon,
            long eAt,
            float dLogQ,
            MemorySegment factor,
            long at,
            int cols) {
        if (dz != null) {
            runs().add(dz, r, sums, lane, cols);
        }
        int into = lane + cols;
        for (int k = 0; k < cols; k++) {
            float e = dz == null ? 0.0f : get(epsilon, eAt + k);
            float d = dz == null ? 0.0f : get(dz, r + k);
            sums[into] += d * deviation(variance(factor, at)) * e - dLogQ;
            for (int j = k + 1; dz != null && j < cols; j++) {
                sums[into + j - k] += get(dz, r + j) * e;
            }
            into += cols - k;
            at += cols - k;
        }
    }

    private static void finish(
            double[] sums,
            int sum,
            float dKl,
            MemorySegment factor,
            MemorySegment dFactor,
            long at,
            int cols,
            boolean first) {
        for (int k = 0; k < cols; k++) {
            float twice = 2.0f * get(factor, at);
            float dLog = (float) sums[sum] + dKl * (PortableMath.exp(Term.bounded(twice)) - 1.0f);
            contribute(dFactor, at, Term.boundedGradient(twice, dLog), first);
            for (int j = 1; j < cols - k; j++) {
                contribute(dFactor, at + j, (float) sums[sum + j] + dKl * get(factor, at + j), first);
            }
            sum += cols - k;
            at += cols - k;
        }
    }

    @Override
    default void factorDensity(
            MemorySegment x,
            MemorySegment mean,
            MemorySegment factor,
            MemorySegment w,
            MemorySegment y,
            long from,
            long to,
            int samples,
            int cols) {
        int packed = FactorMath.packed(cols);
        for (long r = from; r < to; r++) {
            long i = r / samples;
            long at = i * packed;
            loop(RowMap.PLUS_TIMES).run(x, r * cols, mean, i * cols, -1.0f, 0, w, r * cols, cols, true);
            for (int k = 0; k < cols; k++) {
                long below = r * cols + k + 1;
                float solved = get(w, below - 1) * deviation(-variance(factor, at));
                put(w, below - 1, solved);
                loop(RowMap.AXPY).run(factor, at + 1, w, below, -solved, 0, w, below, cols - k - 1, true);
                at += cols - k;
            }
            put(y, r, density(factor, i * packed, w, r * cols, cols));
        }
    }

    @Override
    default void factorDensityPullback(
            MemorySegment factor,
            MemorySegment w,
            MemorySegment dy,
            MemorySegment g,
            MemorySegment dx,
            long from,
            long to,
            int samples,
            int cols,
            boolean first) {
        int packed = FactorMath.packed(cols);
        for (long r = from; r < to; r++) {
            long at = (r / samples + 1) * packed;
            for (int k = cols - 1; k >= 0; k--) {
                at -= cols - k;
                long below = r * cols + k + 1;
                float sum = (float) loop(Term.PRODUCT).sum(factor, at + 1, g, below, null, 0, cols - k - 1);
                float solved = (get(dy, r) * get(w, below - 1) - sum) * deviation(-variance(factor, at));
                put(g, below - 1, solved);
            }
            if (dx != null) {
                loop(RowMap.SCALE).run(g, r * cols, -1.0f, 0, dx, r * cols, cols, first);
            }
        }
    }

    private static float variance(MemorySegment factor, long at) {
        return Term.bounded(2.0f * get(factor, at));
    }

    private static float deviation(float v) {
        return PortableMath.exp(0.5f * v);
    }
}
