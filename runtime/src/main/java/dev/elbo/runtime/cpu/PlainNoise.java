package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.contribute;
import static dev.elbo.runtime.cpu.Floats.get;
import static dev.elbo.runtime.cpu.Floats.put;

import dev.elbo.runtime.portable.PortableMath;
import dev.elbo.runtime.random.Draws;
import dev.elbo.runtime.random.Philox;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// [NoiseMath] in plain Java.
interface PlainNoise extends NoiseMath {
    @Override
    default void uniforms(MemorySegment y, long from, long to, long seed, long step, int operation) {
        int[] words = Scratch.ofThread().words();
        for (long e = from; e < to; e++) {
            if (e == from || (e & 3) == 0) {
                Philox.block(seed, step, operation, (int) (e >>> 2), words);
            }
            put(y, e, Draws.uniform(words[(int) e & 3]));
        }
    }

    @Override
    default void normals(MemorySegment y, long from, long to, long seed, long step, int operation) {
        Normals normals = new Normals(seed, step, operation);
        for (long e = from; e < to; e++) {
            put(y, e, normals.at(e));
        }
    }

    @Override
    default void bernoulli(MemorySegment p, MemorySegment y, long from, long to, long seed, long step, int operation) {
        int[] words = Scratch.ofThread().words();
        for (long e = from; e < to; e++) {
            if (e == from || (e & 3) == 0) {
                Philox.block(seed, step, operation, (int) (e >>> 2), words);
            }
            put(y, e, Draws.bernoulli(words[(int) e & 3], Draws.threshold(get(p, e))));
        }
    }

    @Override
    default void bernoulliLogits(
            MemorySegment x, MemorySegment y, long from, long to, long seed, long step, int operation) {
        int[] words = Scratch.ofThread().words();
        for (long e = from; e < to; e++) {
            if (e == from || (e & 3) == 0) {
                Philox.block(seed, step, operation, (int) (e >>> 2), words);
            }
            put(y, e, Draws.bernoulli(words[(int) e & 3], Draws.threshold(PortableMath.sigmoid(get(x, e)))));
        }
    }

    @Override
    default void dropout(
            MemorySegment x,
            MemorySegment y,
            long from,
            long to,
            float keep,
            float scale,
            long seed,
            long step,
            int operation,
            boolean first) {
        int[] words = Scratch.ofThread().words();
        int threshold = Draws.threshold(keep);
        for (long e = from; e < to; e++) {
            if (e == from || (e & 3) == 0) {
                Philox.block(seed, step, operation, (int) (e >>> 2), words);
            }
            boolean kept = Draws.bernoulli(words[(int) e & 3], threshold) != 0.0f;
            contribute(y, e, kept ? scale * get(x, e) : 0.0f, first);
        }
    }

    @Override
    default void reparameterise(
            MemorySegment mean,
            MemorySegment logVariance,
            MemorySegment z,
            MemorySegment kl,
            MemorySegment logQ,
            long from,
            long to,
            int samples,
            int cols,
            long seed,
            long step,
            int operation) {
        Normals normals = new Normals(seed, step, operation);
        double[] sums = Scratch.ofThread().zeroedSums();
        for (long r = from * samples; r < to * samples; r++) {
            long start = r / samples * cols;
            Arrays.fill(sums, 0.0);
            for (int j = 0; j < cols; j++) {
                float v = Term.bounded(get(logVariance, start + j));
                float epsilon = normals.at(r * cols + j);
                put(z, r * cols + j, Math.fma(PortableMath.exp(0.5f * v), epsilon, get(mean, start + j)));
                sums[j & Scratch.LANES - 1] += Term.LOG_TWO_PI + (v + epsilon * epsilon);
            }
            if (logQ != null) {
                put(logQ, r, (float) (-0.5 * Scratch.tree(sums)));
            }
        }
        if (kl != null) {
            TermLoop divergence = PlainRows.TERM.get(Term.GAUSSIAN_KL);
            for (long i = from; i < to; i++) {
                put(kl, i, (float) (0.5 * divergence.sum(mean, i * cols, logVariance, i * cols, null, 0, cols)));
            }
        }
    }

    @Override
    default void reparameterisePullback(
            MemorySegment mean,
            MemorySegment logVariance,
            MemorySegment dz,
            MemorySegment dKl,
            MemorySegment dLogQ,
            MemorySegment dMean,
            MemorySegment dLogVariance,
            long from,
            long to,
            int samples,
            int cols,
            long seed,
            long step,
            int operation,
            boolean firstMean,
            boolean firstLogVariance) {
        Normals normals = new Normals(seed, step, operation);
        double[] sums = Scratch.ofThread().doubles(2 * Scratch.LANES * cols);
        double nothing =
                samples == 1 ? -0.0 : 0.0; // one sample is no sum: what is added to −0 stays what it is, −0 too
        for (long i = from; i < to; i++) {
            Arrays.fill(sums, 0, 2 * Scratch.LANES * cols, nothing);
            for (int s = 0; s < samples; s++) {
                long r = i * samples + s;
                int lane = 2 * (s & Scratch.LANES - 1) * cols;
                float dLog = dLogQ == null ? 0.0f : get(dLogQ, r);
                for (int j = 0; j < cols; j++) {
                    float d = get(dz, r * cols + j);
                    float deviation = PortableMath.exp(0.5f * Term.bounded(get(logVariance, i * cols + j)));
                    sums[lane + j] += d;
                    sums[lane + cols + j] += 0.5f * (d * deviation * normals.at(r * cols + j) - dLog);
                }
            }
            Scratch.tree(sums, 2 * cols);
            float dDivergence = dKl == null ? 0.0f : get(dKl, i);
            for (int j = 0; j < cols; j++) {
                long e = i * cols + j;
                float raw = get(logVariance, e);
                float byDivergence = 0.5f * dDivergence * (PortableMath.exp(Term.bounded(raw)) - 1.0f);
                contribute(dMean, e, (float) sums[j] + dDivergence * get(mean, e), firstMean);
                float dv = (float) sums[cols + j] + byDivergence;
                contribute(dLogVariance, e, Term.boundedGradient(raw, dv), firstLogVariance);
            }
        }
    }

    /// Normals one by one, a Philox block at a time.
    final class Normals {
        private final long seed;
        private final long step;
        private final int operation;
        private final int[] words = new int[4];
        private final float[] four = new float[4];
        private long block = -1;

        private Normals(long seed, long step, int operation) {
            this.seed = seed;
            this.step = step;
            this.operation = operation;
        }

        private float at(long element) {
            if (element >>> 2 != block) {
                block = element >>> 2;
                Philox.block(seed, step, operation, (int) block, words);
                Draws.normals(words, four, 0);
            }
            return four[(int) element & 3];
        }
    }
}
