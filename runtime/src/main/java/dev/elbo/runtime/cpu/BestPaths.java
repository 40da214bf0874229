package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.put;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// The k best paths of one sequence after the other, in f64: every state keeps the k best ways to reach it.
/// Viterbi's algorithm is k = 1.
///
/// ```
/// ways(t,j,·) = unary(t,j) + the k best of ways(t−1,i,r) + transitions(i,j) over all i and r
/// ```
///
/// Among equal ones the lower i comes first, and for one i the better r.
final class BestPaths {
    private double[] ways = new double[0];
    private double[] next = new double[0];
    private double[] into = new double[0];
    private int[] taken = new int[0];
    private int[] links = new int[0];

    /// Finds the paths of sequence q and writes them where [ChainMath#bestPaths] says.
    void find(ChainScores scores, long q, int k, MemorySegment paths, MemorySegment pathScores) {
        int length = scores.length(q);
        int states = scores.states();
        reserve(length, states, k);
        boolean valid = true;
        for (int t = 0; t < length; t++) {
            for (int j = 0; j < states; j++) {
                double score = scores.score(q, t, j, length);
                valid &= score < Double.POSITIVE_INFINITY;
                if (t == 0) {
                    Arrays.fill(next, j * k, (j + 1) * k, Double.NEGATIVE_INFINITY);
                    next[j * k] = score;
                } else {
                    for (int i = 0; i < states; i++) {
                        into[i] = scores.transition(q, t - 1, i, j);
                        valid &= into[i] < Double.POSITIVE_INFINITY;
                    }
                    merge(states, k, (t * states + j) * k, j * k, score);
                }
            }
            double[] swap = ways;
            ways = next;
            next = swap;
        }
        Arrays.fill(into, 0, states, 0.0);
        int ends = length * states * k;
        if (length > 0) {
            merge(states, k, ends, 0, 0);
        } else {
            Arrays.fill(next, 0, k, Double.NEGATIVE_INFINITY);
            next[0] = 0;
        }
        for (int rank = 0; rank < k; rank++) {
            put(pathScores, q * k + rank, (float) (valid ? next[rank] : Double.NaN));
            long row = (q * k + rank) * scores.steps();
            for (int t = 0; t < scores.steps(); t++) {
                paths.setAtIndex(JAVA_INT, row + t, -1);
            }
            if (valid && next[rank] > Double.NEGATIVE_INFINITY && length > 0) {
                trace(paths, row, length, states, k, links[ends + rank]);
            }
        }
    }

    private void reserve(int length, int states, int k) {
        long perStep = (long) states * k;
        ways = ChainSequence.atLeast(ways, perStep);
        next = ChainSequence.atLeast(next, perStep);
        into = ChainSequence.atLeast(into, states);
        if (taken.length < states) {
            taken = new int[states];
        }
        if (links.length < (length + 1) * perStep) {
            links = new int[Math.toIntExact((length + 1) * perStep)];
        }
    }

    /// The k best of `ways(i,r) + into(i)`, each + `score`, to `next` at `to`, and where they came from to `links`.
    private void merge(int states, int k, int link, int to, double score) {
        Arrays.fill(taken, 0, states, 0);
        for (int rank = 0; rank < k; rank++) {
            double best = Double.NEGATIVE_INFINITY;
            int from = -1;
            for (int i = 0; i < states; i++) {
                double way = taken[i] < k ? ways[i * k + taken[i]] + into[i] : Double.NEGATIVE_INFINITY;
                if (way > best) {
                    best = way;
                    from = i;
                }
            }
            next[to + rank] = best + score;
            links[link + rank] = from < 0 ? -1 : from * k + taken[from]++;
        }
    }

    private void trace(MemorySegment paths, long row, int length, int states, int k, int way) {
        for (int t = length - 1; t >= 0; t--) {
            paths.setAtIndex(JAVA_INT, row + t, way / k);
            way = t > 0 ? links[t * states * k + way] : way;
        }
    }
}
