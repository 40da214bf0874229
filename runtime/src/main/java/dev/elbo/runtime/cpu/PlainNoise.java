package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.contribute;
import static dev.elbo.runtime.cpu.Floats.get;
import static dev.elbo.runtime.cpu.Floats.put;

import dev.elbo.runtime.portable.PortableMath;
import dev.elbo.runtime.random.Draws;
import dev.elbo.runtime.random.Philox;
import java.lang.foreign.MemorySegment;

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
    default void reparameterise(
            MemorySegment mean,
            MemorySegment logVariance,
            MemorySegment z,
            long from,
            long to,
            int samples,
            int cols,
            long seed,
            long step,
            int operation) {
        Normals normals = new Normals(seed, step, operation);
        for (long i = from; i < to; i++) {
            for (int s = 0; s < samples; s++) {
                for (int j = 0; j < cols; j++) {
                    long e = (i * samples + s) * cols + j;
                    float deviation = PortableMath.exp(0.5f * get(logVariance, i * cols + j));
                    put(z, e, Math.fma(deviation, normals.at(e), get(mean, i * cols + j)));
                }
            }
        }
    }

    @Override
    default void reparameterisePullback(
            MemorySegment logVariance,
            MemorySegment dz,
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
        float[] sums = Scratch.ofThread().floats(2 * cols);
        for (long i = from; i < to; i++) {
            for (int s = 0; s < samples; s++) {
                for (int j = 0; j < cols; j++) {
                    long e = (i * samples + s) * cols + j;
                    float g = get(dz, e);
                    sums[j] = s == 0 ? g : sums[j] + g;
                    sums[cols + j] = Math.fma(g, normals.at(e), s == 0 ? 0.0f : sums[cols + j]);
                }
            }
            for (int j = 0; j < cols; j++) {
                float deviation = PortableMath.exp(0.5f * get(logVariance, i * cols + j));
                contribute(dMean, i * cols + j, sums[j], firstMean);
                contribute(dLogVariance, i * cols + j, 0.5f * deviation * sums[cols + j], firstLogVariance);
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
