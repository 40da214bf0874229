package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.get;
import static dev.elbo.runtime.cpu.Floats.put;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.elbo.runtime.chain.Form;
import dev.elbo.runtime.portable.PortableMath;
import dev.elbo.runtime.random.Draws;
import dev.elbo.runtime.random.Philox;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// [ChainMath] one sequence at a time, in f64.
interface ChainSequences extends ChainMath {
    /// [#logPartition] of one sequence.
    default void logPartitionOf(ChainScores scores, Form form, ChainResults results, long q) {
        ChainScratch scratch = Scratch.ofThread().chain();
        if (scores.length(q) == 0) {
            results.put(q, 0, form == Form.LOG ? Form.LOG : Form.SCALED_F64);
            results.clear(scores, q);
            return;
        }
        ChainSequence sequence = scratch.solve(scores, q, form, results.wantsGradient());
        double logZ = sequence.logPartition();
        results.put(q, logZ, sequence.form());
        results.clear(scores, q);
        if (logZ == Double.NEGATIVE_INFINITY || !results.wantsGradient()) {
            return;
        }
        int states = scores.states();
        double[] marginals = scratch.row(0, states);
        double[] pairs = scratch.row(1, (long) states * states);
        Arrays.fill(pairs, 0, states * states, 0.0);
        for (int t = 0; t < sequence.length; t++) {
            sequence.marginals(t, marginals);
            store(marginals, states, results.unary(), scores.unaryAt(q, t));
            if (results.transitions() != null && t < sequence.length - 1) {
                addPairs(sequence, t, marginals, pairs, scratch.row(2, states));
                if (scores.perStep()) {
                    store(pairs, states * states, results.transitions(), scores.transitionsAt(q, t));
                    Arrays.fill(pairs, 0, states * states, 0.0);
                }
            }
        }
        if (!scores.perStep()) {
            store(pairs, states * states, results.transitions(), q * states * states);
        }
    }

    private static void store(double[] x, int length, MemorySegment y, long at) {
        for (int e = 0; e < length && y != null; e++) {
            put(y, at + e, (float) x[e]);
        }
    }

    /// `pairs(i,j) += γ_t(i) P(j|i)`.
    private static void addPairs(ChainSequence sequence, int t, double[] marginals, double[] pairs, double[] row) {
        int states = sequence.states;
        for (int i = 0; i < states; i++) {
            if (marginals[i] != 0) {
                sequence.successors(t, i, row);
                for (int j = 0; j < states; j++) {
                    pairs[i * states + j] = Math.fma(marginals[i], row[j], pairs[i * states + j]);
                }
            }
        }
    }

    @Override
    default void entropy(ChainScores scores, Form form, ChainResults results, long from, long to) {
        for (long q = from; q < to; q++) {
            entropyOf(scores, form, results, q);
        }
    }

    private static void entropyOf(ChainScores scores, Form form, ChainResults results, long q) {
        ChainScratch scratch = Scratch.ofThread().chain();
        results.clear(scores, q);
        if (scores.length(q) == 0) {
            results.put(q, 0, form == Form.LOG ? Form.LOG : Form.SCALED_F64);
            return;
        }
        ChainSequence sequence = scratch.solve(scores, q, form, true);
        if (sequence.logPartition() == Double.NEGATIVE_INFINITY) {
            results.put(q, Double.NaN, sequence.form());
            return;
        }
        int states = scores.states();
        int length = sequence.length;
        double[] marginals = scratch.row(0, states);
        double[] row = scratch.row(2, states);
        double[] after = scratch.row(3, (long) length * states);
        entropyAfter(sequence, after, row);
        sequence.marginals(0, marginals);
        double entropy = 0;
        for (int i = 0; i < states; i++) {
            entropy += marginals[i] == 0 ? 0 : marginals[i] * (after[i] - PortableMath.log(marginals[i]));
        }
        results.put(q, entropy, sequence.form());
        if (results.wantsGradient()) {
            entropyGradient(scores, results, sequence, entropy, scratch);
        }
    }

    /// B_t(i) for all t.
    private static void entropyAfter(ChainSequence sequence, double[] after, double[] row) {
        int states = sequence.states;
        Arrays.fill(after, (sequence.length - 1) * states, sequence.length * states, 0.0);
        for (int t = sequence.length - 2; t >= 0; t--) {
            for (int i = 0; i < states; i++) {
                sequence.successors(t, i, row);
                after[t * states + i] = expectedCode(row, after, (t + 1) * states, states);
            }
        }
    }

    /// Σ_j p(j) (x(j) − log p(j)).
    private static double expectedCode(double[] p, double[] x, int at, int states) {
        double sum = 0;
        for (int j = 0; j < states; j++) {
            sum += p[j] == 0 ? 0 : p[j] * (x[at + j] - PortableMath.log(p[j]));
        }
        return sum;
    }

    private static void entropyGradient(
            ChainScores scores, ChainResults results, ChainSequence sequence, double entropy, ChainScratch scratch) {
        int states = scores.states();
        int square = states * states;
        double[] marginals = scratch.row(0, states);
        double[] pairs = scratch.row(1, square);
        double[] row = scratch.row(2, states);
        double[] after = scratch.row(3, (long) sequence.length * states);
        double[] before = scratch.row(4, states);
        double[] next = scratch.row(5, states);
        Arrays.fill(pairs, 0, square, 0.0);
        Arrays.fill(before, 0, states, 0.0);
        for (int t = 0; t < sequence.length; t++) {
            sequence.marginals(t, marginals);
            for (int i = 0; i < states && results.unary() != null; i++) {
                double code =
                        marginals[i] == 0 ? 0 : before[i] + after[t * states + i] - PortableMath.log(marginals[i]);
                float d = (float) (marginals[i] == 0 ? 0 : marginals[i] * (code - entropy));
                put(results.unary(), scores.unaryAt(sequence.q, t) + i, d);
            }
            if (t == sequence.length - 1) {
                break;
            }
            for (int i = 0; i < states && results.transitions() != null; i++) {
                sequence.successors(t, i, row);
                for (int j = 0; j < states; j++) {
                    double joint = marginals[i] * row[j];
                    double code = joint == 0
                            ? 0
                            : before[i] + after[(t + 1) * states + j] - PortableMath.log(joint) - entropy;
                    pairs[i * states + j] += joint == 0 ? 0 : joint * code;
                }
            }
            if (scores.perStep()) {
                store(pairs, square, results.transitions(), scores.transitionsAt(sequence.q, t));
                Arrays.fill(pairs, 0, square, 0.0);
            }
            for (int j = 0; j < states; j++) {
                sequence.predecessors(t, j, row);
                next[j] = expectedCode(row, before, 0, states);
            }
            System.arraycopy(next, 0, before, 0, states);
        }
        if (!scores.perStep()) {
            store(pairs, square, results.transitions(), sequence.q * square);
        }
    }

    @Override
    default void logLikelihood(ChainScores scores, MemorySegment labels, ChainResults results, long from, long to) {
        for (long q = from; q < to; q++) {
            int length = scores.length(q);
            double score = 0;
            for (int t = 0; t < length; t++) {
                int label = label(scores, labels, q, t);
                int before = t > 0 ? label(scores, labels, q, t - 1) : label;
                boolean known = label >= 0 && before >= 0;
                score += known ? scores.score(q, t, label, length) : Double.NaN;
                score += known && t > 0 ? scores.transition(q, t - 1, before, label) : 0;
            }
            double logZ = results.exact().getAtIndex(JAVA_DOUBLE, q);
            double value = score == Double.NEGATIVE_INFINITY ? score : score - logZ;
            put(results.value(), q, (float) value);
            if (value == Double.NEGATIVE_INFINITY || score != score) {
                results.clear(scores, q);
            } else {
                minusMarginals(scores, labels, results, q, length);
            }
        }
    }

    /// The label at t, or −1 if it is none.
    private static int label(ChainScores scores, MemorySegment labels, long q, int t) {
        int label = labels.getAtIndex(JAVA_INT, q * scores.steps() + t);
        return label < scores.states() ? Math.max(label, -1) : -1;
    }

    /// What the labels count, less what is expected.
    private static void minusMarginals(
            ChainScores scores, MemorySegment labels, ChainResults results, long q, int length) {
        int states = scores.states();
        long square = (long) states * states;
        if (results.unary() != null) {
            negate(results.unary(), scores.unaryAt(q, 0), (long) length * states);
        }
        if (results.transitions() != null) {
            long from = scores.perStep() ? scores.transitionsAt(q, 0) : q * square;
            negate(results.transitions(), from, scores.perStep() ? Math.max(0, length - 1) * square : square);
        }
        for (int t = 0; t < length; t++) {
            int label = label(scores, labels, q, t);
            if (results.unary() != null) {
                increment(results.unary(), scores.unaryAt(q, t) + label);
            }
            if (results.transitions() != null && t > 0) {
                long at = scores.perStep() ? scores.transitionsAt(q, t - 1) : q * square;
                increment(results.transitions(), at + (long) label(scores, labels, q, t - 1) * states + label);
            }
        }
    }

    private static void negate(MemorySegment x, long from, long length) {
        for (long e = from; e < from + length; e++) {
            put(x, e, 0.0f - get(x, e));
        }
    }

    private static void increment(MemorySegment x, long e) {
        put(x, e, get(x, e) + 1);
    }

    @Override
    default void bestPaths(
            ChainScores scores, int k, MemorySegment paths, MemorySegment pathScores, long from, long to) {
        for (long q = from; q < to; q++) {
            Scratch.ofThread().chain().best.find(scores, q, k, paths, pathScores);
        }
    }

    @Override
    default void samples(
            ChainScores scores,
            Form form,
            int m,
            MemorySegment paths,
            long seed,
            long step,
            int operation,
            long from,
            long to) {
        Scratch thread = Scratch.ofThread();
        ChainScratch scratch = thread.chain();
        int states = scores.states();
        for (long q = from; q < to; q++) {
            int length = scores.length(q);
            ChainSequence sequence = length == 0 ? null : scratch.solve(scores, q, form, false);
            double logZ = length == 0 ? 0 : sequence.logPartition();
            boolean possible = length > 0 && logZ > Double.NEGATIVE_INFINITY && logZ < Double.POSITIVE_INFINITY;
            double[] p = scratch.row(0, states);
            for (int draw = 0; draw < m; draw++) {
                long row = (q * m + draw) * scores.steps();
                for (int t = possible ? length : 0; t < scores.steps(); t++) {
                    paths.setAtIndex(JAVA_INT, row + t, -1);
                }
                int state = -1;
                for (int t = possible ? length - 1 : -1; t >= 0; t--) {
                    if (t == length - 1) {
                        sequence.last(p);
                    } else {
                        sequence.predecessors(t, state, p);
                    }
                    Philox.block(seed, step, operation, (int) (row + t >>> 2), thread.words());
                    state = pick(p, states, Draws.uniform(thread.words()[(int) (row + t) & 3]));
                    paths.setAtIndex(JAVA_INT, row + t, state);
                }
            }
        }
    }

    /// The first state whose cumulated probability exceeds u; the last possible one if rounding leaves none.
    private static int pick(double[] p, int states, double u) {
        double sum = 0;
        int last = 0;
        for (int i = 0; i < states; i++) {
            sum += p[i];
            if (p[i] > 0) {
                last = i;
                if (sum > u) {
                    return i;
                }
            }
        }
        return last;
    }
}
