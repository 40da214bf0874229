package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.put;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// [NoiseMath], composed of a provider's loops. Noise is drawn to scratch, a tile at a time, and used from there.
interface LoopedNoise extends NoiseMath, Loops {
    /// Elements drawn at a time.
    int TILE = 1024;

    @Override
    default void uniforms(MemorySegment y, long from, long to, long seed, long step, int operation) {
        byWords(RowMap.UNIFORM, null, 0, 0, y, from, to, seed, step, operation, true);
    }

    @Override
    default void normals(MemorySegment y, long from, long to, long seed, long step, int operation) {
        loop(DrawLoop.Kind.NORMALS).run(y, from, from, to - from, seed, step, operation);
    }

    @Override
    default void bernoulli(MemorySegment p, MemorySegment y, long from, long to, long seed, long step, int operation) {
        byWords(RowMap.BERNOULLI, p, 0, 0, y, from, to, seed, step, operation, true);
    }

    @Override
    default void bernoulliLogits(
            MemorySegment x, MemorySegment y, long from, long to, long seed, long step, int operation) {
        byWords(RowMap.BERNOULLI_LOGIT, x, 0, 0, y, from, to, seed, step, operation, true);
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
        byWords(RowMap.DROPOUT, x, keep, scale, y, from, to, seed, step, operation, first);
    }

    @Override
    default int shuffledRow(long position, int count, long seed, int operation) {
        return Scratch.ofThread().shuffle().row(seed, operation, position, count);
    }

    private void byWords(
            RowMap map,
            MemorySegment x,
            float s,
            float t,
            MemorySegment y,
            long from,
            long to,
            long seed,
            long step,
            int operation,
            boolean first) {
        MemorySegment words = Scratch.ofThread().run(TILE);
        for (long e = from; e < to; e += TILE) {
            long length = Math.min(TILE, to - e);
            loop(DrawLoop.Kind.WORDS).run(words, 0, e, length, seed, step, operation);
            loop(map).run(words, 0, x, e, s, t, y, e, length, first);
        }
    }

    @Override
    default void reparameterise(
            MemorySegment mean,
            MemorySegment logVariance,
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
        int rows = Math.max(1, TILE / Math.max(1, cols));
        MemorySegment epsilon = Scratch.ofThread().run(rows * cols);
        for (long tile = from * samples; tile < to * samples; tile += rows) {
            long end = Math.min(tile + rows, to * samples);
            loop(DrawLoop.Kind.NORMALS).run(epsilon, 0, tile * cols, (end - tile) * cols, seed, step, operation);
            for (long r = tile; r < end; r++) {
                long start = r / samples * cols;
                long drawn = (r - tile) * cols;
                loop(RowMap.NORMAL_DRAW)
                        .run(mean, start, logVariance, start, epsilon, drawn, 0, 0, z, r * cols, cols, true);
                if (logQ != null) {
                    Term density = Term.NORMAL_DRAW;
                    double sum = loop(density).sum(logVariance, start, epsilon, drawn, null, 0, cols);
                    put(logQ, r, (float) (density.scale() * sum));
                }
                if (ratio != null) {
                    Term weight = Term.NORMAL_RATIO;
                    double sum = loop(weight).sum(logVariance, start, epsilon, drawn, z, r * cols, cols);
                    put(ratio, r, (float) (weight.scale() * sum));
                }
            }
        }
        for (long i = from; kl != null && i < to; i++) {
            Term divergence = Term.GAUSSIAN_KL;
            double sum = loop(divergence).sum(mean, i * cols, logVariance, i * cols, null, 0, cols);
            put(kl, i, (float) (divergence.scale() * sum));
        }
    }

    @Override
    default void reparameterisePullback(
            MemorySegment mean,
            MemorySegment logVariance,
            MemorySegment z,
            MemorySegment dz,
            PerRow dKl,
            PerRow dLogQ,
            PerRow dRatio,
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
        int rows = Math.max(1, TILE / Math.max(1, cols));
        MemorySegment drawn = Scratch.ofThread().run((rows + 2) * cols);
        long work = (long) rows * cols; // where two runs of `drawn` are left to work on
        long follows = work + cols;
        boolean moves = dz != null || z != null;
        double[] sums = Scratch.ofThread().doubles(2 * Scratch.LANES * cols);
        long tile = from * samples;
        long end = tile;
        // One sample is no sum: what is added to −0 stays what it is, −0 too.
        double nothing = samples == 1 && moves ? -0.0 : 0.0;
        for (long i = from; i < to; i++) {
            Arrays.fill(sums, 0, 2 * Scratch.LANES * cols, nothing);
            for (int s = 0; s < samples; s++) {
                long r = i * samples + s;
                if (r == end && moves) {
                    tile = r;
                    end = Math.min(tile + rows, to * samples);
                    loop(DrawLoop.Kind.NORMALS).run(drawn, 0, tile * cols, (end - tile) * cols, seed, step, operation);
                }
                int lane = 2 * (s & Scratch.LANES - 1) * cols;
                long epsilon = (r - tile) * cols;
                float dLog = dLogQ.at(r) - dRatio.at(r);
                if (moves) {
                    MemorySegment g = z == null ? dz : drawn;
                    long gAt = z == null ? r * cols : follows;
                    if (dz == null) {
                        loop(RowMap.SCALE).run(z, r * cols, -dRatio.at(r), 0, g, gAt, cols, true);
                    } else if (z != null) {
                        loop(RowMap.PLUS_TIMES).run(dz, r * cols, z, r * cols, -dRatio.at(r), 0, g, gAt, cols, true);
                    }
                    loop(RowMap.NORMAL_DRAW_GRADIENT)
                            .run(g, gAt, logVariance, i * cols, drawn, epsilon, dLog, 0, drawn, work, cols, true);
                    runs().add(g, gAt, sums, lane, cols);
                } else {
                    loop(RowMap.FILL).run(null, 0, 0.5f * (0.0f - dLog), 0, drawn, work, cols, true);
                }
                runs().add(drawn, work, sums, lane + cols, cols);
            }
            Scratch.tree(sums, 2 * cols);
            float dDivergence = dKl.at(i);
            long at = i * cols;
            if (dMean != null) {
                round(sums, 0, drawn, work, cols);
                loop(RowMap.PLUS_TIMES).run(drawn, work, mean, at, dDivergence, 0, dMean, at, cols, firstMean);
            }
            if (dLogVariance != null) {
                round(sums, cols, drawn, work, cols);
                loop(RowMap.DIVERGENCE_GRADIENT)
                        .run(drawn, work, logVariance, at, dDivergence, 0, dLogVariance, at, cols, firstLogVariance);
            }
        }
    }

    private static void round(double[] sums, int at, MemorySegment run, long to, int length) {
        for (int j = 0; j < length; j++) {
            put(run, to + j, (float) sums[at + j]);
        }
    }
}
