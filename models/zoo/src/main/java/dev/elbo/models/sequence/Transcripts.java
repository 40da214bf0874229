package dev.elbo.models.sequence;

import dev.elbo.models.data.Sequences;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.chain.Inference;
import dev.elbo.runtime.chain.LinearChain;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Which states each of a batch of sequences goes through, in order, but not when: what was said.
///
/// ```
/// log p(x, words) = log Σ exp score(y)      over all y that stay in s₁, then in s₂, … at least one position each
/// ```
///
/// Those paths are a chain of their own over places k in the transcript, with the scores of the states there. A path
/// stays d_k positions in s_k and moves on once, so the score of a transition depends on k alone:
///
/// ```
/// score(y) = Σ_t (unary[t, s_k(t)] + transitions[s_k, s_k])
///          + start[s₁] + Σ_k transitions[s_k, s_{k+1}] + end[s_m] − Σ_k transitions[s_k, s_k]
/// ```
///
/// The first line is the chain's, the second a constant of the transcript. Gradients of both go to the scores of the
/// states, however often a transcript returns to one.
///
/// @param states  (n, m), i32, −1 behind the last
/// @param gained  (n, m + 1), i32, where the scores of start, moves and end stand in a list of all
/// @param lost    (n, m), i32, where those of staying do
/// @param borders (n, t · m), −∞ at (0, k > 0) and (last, k < last), where no path may be; else 0
/// @param staying (s), i32, where the scores of staying in each state stand
/// @param onwards (m, m), 0 from a place to itself and to the next one; −∞ elsewhere
public record Transcripts(Tensor states, Tensor gained, Tensor lost, Tensor borders, Tensor staying, Tensor onwards) {
    /// The transcripts that labels spell: each run of one label is a state.
    ///
    /// @param which  sequences, in this order
    /// @param steps  room for positions, as in the batch
    /// @param states number of states
    /// @param memory holds them
    public static Transcripts upload(Sequences sequences, int[] which, int steps, int states, Memory memory) {
        List<int[]> all = IntStream.of(which)
                .mapToObj(q -> runs(Arrays.copyOfRange(
                        sequences.labels(), sequences.starts()[q], sequences.starts()[q + 1])))
                .toList();
        int m = all.stream().mapToInt(runs -> runs.length).max().orElse(0);
        int n = which.length;
        int[] through = new int[n * m];
        int[] gained = new int[n * (m + 1)];
        int[] lost = new int[n * m];
        float[] borders = new float[n * steps * m];
        Arrays.fill(through, -1);
        Arrays.fill(gained, -1);
        Arrays.fill(lost, -1);
        for (int q = 0; q < n; q++) {
            int[] runs = all.get(q);
            int last = sequences.length(which[q]) - 1;
            for (int k = 0; k < runs.length; k++) {
                through[q * m + k] = runs[k];
                lost[q * m + k] = runs[k] * states + runs[k];
                boolean moves = k + 1 < runs.length;
                int to = moves ? runs[k] * states + runs[k + 1] : states * states + states + runs[k];
                gained[q * (m + 1) + k + 1] = to;
                borders[(q * steps) * m + k] += k > 0 ? Float.NEGATIVE_INFINITY : 0;
                borders[(q * steps + last) * m + k] += moves ? Float.NEGATIVE_INFINITY : 0;
            }
            if (runs.length > 0) {
                gained[q * (m + 1)] = states * states + runs[0];
            }
        }
        return new Transcripts(
                memory.ints(Shape.of(n, m), through),
                memory.ints(Shape.of(n, m + 1), gained),
                memory.ints(Shape.of(n, m), lost),
                memory.floats(Shape.of(n, steps * m), borders),
                memory.ints(Shape.of(states), diagonal(states)),
                memory.floats(Shape.of(m, m), onwards(m)));
    }

    private static int[] runs(int[] labels) {
        return IntStream.range(0, labels.length)
                .filter(t -> t == 0 || labels[t] != labels[t - 1])
                .map(t -> labels[t])
                .toArray();
    }

    /// Those at `index`.
    ///
    /// @param index (batch), i32
    public Transcripts gather(Ops f, Tensor index) {
        return new Transcripts(
                f.gatherRows(states, index),
                f.gatherRows(gained, index),
                f.gatherRows(lost, index),
                f.gatherRows(borders, index),
                staying,
                onwards);
    }

    /// log p(x, words), nats, where the chain is that of a hidden Markov model; in general what its log Z would be if
    /// only these words could have been said. −∞ where a sequence is shorter than its transcript.
    ///
    /// @param chain of the same sequences, transitions (s, s), with start and end; staying in a state is possible
    /// @return (n)
    public Tensor logLikelihood(Ops f, LinearChain chain) {
        int n = chain.n();
        int s = chain.states();
        Tensor list = f.concatRows(
                f.concatRows(
                        chain.transitions().as(Shape.of(s * s, 1)),
                        chain.start().as(Shape.of(s, 1))),
                chain.end().as(Shape.of(s, 1)));
        Tensor stays = f.gatherRows(list, staying).as(Shape.of(s));
        Tensor scores = f.gatherColumns(f.plus(chain.unary(), stays), states);
        Tensor within = f.plus(scores, borders.as(scores.shape()));
        Tensor paths = Inference.of(f, LinearChain.of(within, onwards, chain.lengths()))
                .logPartition()
                .value();
        Tensor constant = f.minus(f.sumOfRows(list, gained), f.sumOfRows(list, lost));
        return f.plus(paths, constant.as(Shape.of(n)));
    }

    /// log p(words | x), nats: the same less log Z of the whole chain.
    ///
    /// @return (n)
    public Tensor logConditional(Ops f, LinearChain chain) {
        return f.minus(
                logLikelihood(f, chain), Inference.of(f, chain).logPartition().value());
    }

    private static int[] diagonal(int s) {
        return IntStream.range(0, s).map(i -> i * s + i).toArray();
    }

    private static float[] onwards(int m) {
        float[] scores = new float[m * m];
        for (int e = 0; e < scores.length; e++) {
            int ahead = e % m - e / m;
            scores[e] = ahead == 0 || ahead == 1 ? 0 : Float.NEGATIVE_INFINITY;
        }
        return scores;
    }
}
