package dev.elbo.runtime.chain;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// The oracle: every path of one sequence, its score and its probability, in f64.
final class Enumeration {
    /// @param states the path
    record Path(int[] states, double score) {}

    private final Scores scores;
    private final int q;

    /// All paths, the impossible ones too; best first, ties by the last state, then the last but one …
    final List<Path> paths = new ArrayList<>();

    /// log Σ exp score.
    final double logPartition;

    Enumeration(Scores scores, int q) {
        this.scores = scores;
        this.q = q;
        int length = scores.lengths()[q];
        long count = Math.round(Math.pow(scores.states(), length));
        for (long code = 0; code < count; code++) {
            int[] path = new int[length];
            long rest = code;
            for (int t = 0; t < length; t++) {
                path[t] = (int) (rest % scores.states());
                rest /= scores.states();
            }
            paths.add(new Path(path, score(path)));
        }
        // Codes ascend by the last state first, and the sort is stable.
        paths.sort(Comparator.comparingDouble((Path path) -> -path.score));
        double max = paths.getFirst().score;
        double sum = 0;
        for (Path path : paths) {
            sum += max == Double.NEGATIVE_INFINITY ? 0 : Math.exp(path.score - max);
        }
        logPartition = max == Double.NEGATIVE_INFINITY ? max : max + Math.log(sum);
    }

    private double score(int[] path) {
        double score = 0;
        for (int t = 0; t < path.length; t++) {
            score += scores.unary(q, t, path[t]);
            score += t > 0 ? scores.transition(q, t - 1, path[t - 1], path[t]) : 0;
        }
        return score;
    }

    double probability(Path path) {
        return path.score == Double.NEGATIVE_INFINITY ? 0 : Math.exp(path.score - logPartition);
    }

    double marginal(int t, int state) {
        double sum = 0;
        for (Path path : paths) {
            sum += path.states[t] == state ? probability(path) : 0;
        }
        return sum;
    }

    double pair(int t, int from, int to) {
        double sum = 0;
        for (Path path : paths) {
            sum += path.states[t] == from && path.states[t + 1] == to ? probability(path) : 0;
        }
        return sum;
    }

    double entropy() {
        double sum = 0;
        for (Path path : paths) {
            double p = probability(path);
            sum -= p == 0 ? 0 : p * (path.score - logPartition);
        }
        return sum;
    }

    /// ∂ entropy / ∂ unary score, as minus the covariance of log p with the indicator.
    double entropySlope(int t, int state) {
        double sum = 0;
        for (Path path : paths) {
            double p = probability(path);
            sum -= p == 0 || path.states[t] != state ? 0 : p * (path.score - logPartition);
        }
        return sum - marginal(t, state) * entropy();
    }

    /// ∂ entropy / ∂ transition score at t.
    double entropySlope(int t, int from, int to) {
        double sum = 0;
        for (Path path : paths) {
            double p = probability(path);
            boolean passes = path.states[t] == from && path.states[t + 1] == to;
            sum -= p == 0 || !passes ? 0 : p * (path.score - logPartition);
        }
        return sum - pair(t, from, to) * entropy();
    }
}
