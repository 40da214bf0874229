package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.put;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.elbo.runtime.chain.Form;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// One long sequence in f32, cut into sixteen chunks that run side by side.
///
/// ```
/// 1  P_c(i,·) = F at the end of chunk c, from state i at its beginning             states passes over a sixteenth
/// 2  φ_{c+1} = φ_c P_c,  φ_0 = F_0;   ρ_c = P_c ρ_{c+1},  ρ_16 = 1                 in f64
/// 3  F and r within each chunk, from φ_c and from ρ_{c+1}                          as ever
/// ```
///
/// A chunk begins with the step that the one before ends with, so that it holds whole transitions.
interface LoopedScan extends ChainSequences, Loops {
    /// States up to which what a scan does beforehand costs less than it gains.
    int STATES = 16;

    /// Length from which [Form#AUTO] scans.
    int LENGTH = 32_768;

    /// The provider's loops.
    Warmed<ChainLoop> chainLoops();

    default ChainLoop chainLoop() {
        return chainLoops().get();
    }

    /// log Z and its gradients of one sequence of at least two steps.
    default void scan(ChainScores scores, Form form, ChainResults results, long q) {
        ChainScratch scratch = Scratch.ofThread().chain();
        int own = scores.states();
        int states = (own + 3) / 4 * 4;
        int length = scores.length(q);
        int each = Math.ceilDiv(length - 1, GROUP); // transitions of a chunk
        int steps = each + 1;
        scratch.reserve(steps, states);
        double maxima = (length - 1) * (double) ChainLanes.prepare(scores, scratch, states);
        load(scores, q, scratch, steps, each, length, states);
        Arrays.fill(scratch.maxima, 0.0);
        addEdges(scores, scratch, each, length, states);
        chainLoop().emit(scratch.b, steps, states, scratch.maxima);
        for (double max : scratch.maxima) {
            maxima += max;
        }
        double[] products = scratch.row(0, (long) GROUP * own * own);
        double[] phi = scratch.row(1, (GROUP + 1L) * own);
        double[] rho = scratch.row(2, (GROUP + 1L) * own);
        for (int j = 0; j < own; j++) {
            phi[j] = scratch.b[j * GROUP];
        }
        long exponent = multiply(scratch, steps, own, states, products);
        long forwards = exponent + prefixes(products, phi, own);
        long backwards = exponent + suffixes(products, rho, own);
        double logZ = Certificate.logOf(sum(phi, GROUP * own, own), forwards) + maxima;
        double other = Certificate.logOf(dot(phi, rho, own), backwards) + maxima;
        if (form == Form.AUTO && !(Math.abs(logZ - other) <= 1e-4 + 2e-7 * length)) {
            logPartitionOf(scores, form, results, q);
            return;
        }
        results.put(q, logZ, Form.SCAN);
        results.clear(scores, q);
        if (results.wantsGradient() && logZ != Double.NEGATIVE_INFINITY) {
            replay(scratch, steps, own, states, phi, rho);
            storePairs(scores, results, q, scratch, steps, states);
            storeMarginals(scores, results, q, scratch, steps, each, length, states);
        }
    }

    /// First step of a chunk.
    private static int first(int chunk, int each, int length) {
        return Math.min(chunk * each, length - 1);
    }

    /// Scores into lanes. The first step of all chunks but the first is given later, so nothing is counted for it.
    private void load(ChainScores scores, long q, ChainScratch scratch, int steps, int each, int length, int states) {
        int own = scores.states();
        int stride = ChainLanes.stride(steps, states);
        float[] rows = scratch.gamma;
        Arrays.fill(rows, 0, GROUP * stride, 0.0f);
        for (int l = 0; l < GROUP; l++) {
            int from = first(l, each, length);
            scratch.lengths[l] = first(l + 1, each, length) - from + 1;
            int skipped = l == 0 ? 0 : 1;
            int count = (scratch.lengths[l] - skipped) * own;
            if (count > 0) {
                long at = scores.unaryAt(q, from + skipped);
                MemorySegment.copy(scores.unary(), JAVA_FLOAT, at << 2, rows, l * stride + skipped * own, count);
            }
        }
        ChainLanes.spread(chainLoop(), rows, scratch.b, steps, own, states);
    }

    private static void addEdges(ChainScores scores, ChainScratch scratch, int each, int length, int states) {
        int chunk = (length - 2) / each;
        int step = length - 1 - first(chunk, each, length);
        ChainLanes.addEdge(scores.start(), scratch, 0, 0, states, scores.states());
        ChainLanes.addEdge(scores.end(), scratch, step * states * GROUP + chunk, chunk, states, scores.states());
    }

    /// P of all chunks, (16, own, own), up to a power of two for each.
    ///
    /// @return exponent of the powers together
    private long multiply(ChainScratch scratch, int steps, int own, int states, double[] products) {
        int[] exponents = scratch.backExponents;
        long exponent = 0;
        for (int i = 0; i < own; i++) {
            for (int j = 0; j < states; j++) {
                Arrays.fill(scratch.b, j * GROUP, (j + 1) * GROUP, j == i ? 1.0f : 0.0f);
            }
            forward(scratch, steps, states);
            for (int l = 0; l < GROUP; l++) {
                exponents[l] = i == 0 ? scratch.exponents[l] : exponents[l];
                exponent += i == 0 ? exponents[l] : 0;
                for (int j = 0; j < own; j++) {
                    double p = scratch.f[((steps - 1) * states + j) * GROUP + l];
                    products[(l * own + i) * own + j] = Math.scalb(p, exponents[l] - scratch.exponents[l]);
                }
            }
        }
        return exponent;
    }

    private void forward(ChainScratch scratch, int steps, int states) {
        chainLoop()
                .forward(
                        scratch.a,
                        scratch.b,
                        scratch.f,
                        scratch.scales,
                        steps,
                        states,
                        scratch.lengths,
                        scratch.exponents);
    }

    /// φ of all chunks, (17, own), each scaled to have its largest in [1, 2).
    ///
    /// @return exponent of the scales of φ_16
    private static long prefixes(double[] products, double[] phi, int own) {
        long exponent = scale(phi, 0, own);
        for (int l = 0; l < GROUP; l++) {
            for (int j = 0; j < own; j++) {
                double sum = 0;
                for (int i = 0; i < own; i++) {
                    sum = Math.fma(phi[l * own + i], products[(l * own + i) * own + j], sum);
                }
                phi[(l + 1) * own + j] = sum;
            }
            exponent += scale(phi, (l + 1) * own, own);
        }
        return exponent;
    }

    /// ρ of all chunks, likewise. The exponent is that of φ_0 ρ_0.
    private static long suffixes(double[] products, double[] rho, int own) {
        Arrays.fill(rho, GROUP * own, (GROUP + 1) * own, 1.0);
        long exponent = 0;
        for (int l = GROUP - 1; l >= 0; l--) {
            for (int i = 0; i < own; i++) {
                double sum = 0;
                for (int j = 0; j < own; j++) {
                    sum = Math.fma(products[(l * own + i) * own + j], rho[(l + 1) * own + j], sum);
                }
                rho[l * own + i] = sum;
            }
            exponent += scale(rho, l * own, own);
        }
        return exponent;
    }

    private static int scale(double[] x, int at, int own) {
        double max = 0;
        for (int j = 0; j < own; j++) {
            max = Math.max(max, x[at + j]);
        }
        if (!(max > 0) || max == Double.POSITIVE_INFINITY) {
            return 0;
        }
        int exponent = -Math.getExponent(max);
        for (int j = 0; j < own; j++) {
            x[at + j] = Math.scalb(x[at + j], exponent);
        }
        return exponent;
    }

    private static double sum(double[] x, int at, int own) {
        double sum = 0;
        for (int j = 0; j < own; j++) {
            sum += x[at + j];
        }
        return sum;
    }

    private static double dot(double[] x, double[] y, int own) {
        double sum = 0;
        for (int j = 0; j < own; j++) {
            sum = Math.fma(x[j], y[j], sum);
        }
        return sum;
    }

    /// γ and W of all chunks.
    ///
    /// The rows of P were each rounded at every step, so that ratios within a row are right but not those between
    /// rows, of which ρ is made. A pass from there to the beginning of each chunk forgets that as a pass over the
    /// whole sequence forgets its own roundings; what it ends with is where the final pass over the chunk before
    /// begins.
    private void replay(ChainScratch scratch, int steps, int own, int states, double[] phi, double[] rho) {
        Arrays.fill(scratch.r, 0, states * GROUP, 0.0f);
        for (int l = 0; l < GROUP; l++) {
            for (int j = 0; j < own; j++) {
                scratch.b[j * GROUP + l] = (float) Math.scalb(phi[l * own + j], ChainLoop.HEADROOM);
                scratch.r[j * GROUP + l] = (float) Math.scalb(rho[(l + 1) * own + j], ChainLoop.HEADROOM);
            }
        }
        forward(scratch, steps, states);
        float[] b = scratch.spare(steps * states * GROUP);
        System.arraycopy(scratch.b, 0, b, 0, steps * states * GROUP);
        backward(scratch, steps, states);
        for (int l = 0; l < GROUP; l++) {
            for (int j = 0; j < own; j++) {
                rho[l * own + j] = scratch.r[j * GROUP + l];
            }
            scale(rho, l * own, own);
        }
        for (int l = 0; l < GROUP; l++) {
            for (int j = 0; j < own; j++) {
                scratch.r[j * GROUP + l] = (float) Math.scalb(rho[(l + 1) * own + j], ChainLoop.HEADROOM);
            }
        }
        System.arraycopy(b, 0, scratch.b, 0, steps * states * GROUP);
        backward(scratch, steps, states);
    }

    private void backward(ChainScratch scratch, int steps, int states) {
        chainLoop()
                .backward(
                        scratch.transposed,
                        scratch.b,
                        scratch.f,
                        scratch.gamma,
                        scratch.scales,
                        scratch.r,
                        steps,
                        states,
                        scratch.lengths,
                        scratch.first,
                        scratch.backExponents);
    }

    /// Ξ, the chunks summed in their order.
    private void storePairs(
            ChainScores scores, ChainResults results, long q, ChainScratch scratch, int steps, int states) {
        int own = scores.states();
        for (int i = 0; i < own && results.transitions() != null; i += 4) {
            for (int j = 0; j < own; j += 4) {
                chainLoop().pairs(scratch.f, scratch.b, steps, states, i, j, scratch.block);
                for (int e = 0; e < 16; e++) {
                    int row = i + e / 4;
                    int col = j + e % 4;
                    if (row < own && col < own) {
                        double total = sum(scratch.block, e * GROUP, GROUP);
                        put(results.transitions(), (q * own + row) * own + col, (float)
                                (scratch.a[row * states + col] * total));
                    }
                }
            }
        }
    }

    private void storeMarginals(
            ChainScores scores,
            ChainResults results,
            long q,
            ChainScratch scratch,
            int steps,
            int each,
            int length,
            int states) {
        if (results.unary() == null) {
            return;
        }
        int own = scores.states();
        int stride = ChainLanes.stride(steps, states);
        chainLoop().collect(scratch.gamma, scratch.b, stride, steps, own, states);
        for (int l = 0; l < GROUP; l++) {
            int skipped = l == 0 ? 0 : 1;
            int count = (scratch.lengths[l] - skipped) * own;
            long at = scores.unaryAt(q, first(l, each, length) + skipped);
            if (count > 0) {
                MemorySegment.copy(scratch.b, l * stride + skipped * own, results.unary(), JAVA_FLOAT, at << 2, count);
            }
        }
    }
}
