package dev.elbo.runtime.chain;

import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Shape;
import java.util.SplittableRandom;

/// The scores of a batch on the host, for oracles to read and devices to be given.
///
/// @param unary       (n, steps, states)
/// @param transitions (states, states), or (n, steps − 1, states, states) if `perStep`
/// @param start       (states), or null
/// @param end         (states), or null
/// @param lengths     (n)
record Scores(
        int n,
        int steps,
        int states,
        boolean perStep,
        float[] unary,
        float[] transitions,
        float[] start,
        float[] end,
        int[] lengths) {
    static final float FORBIDDEN = Float.NEGATIVE_INFINITY;

    /// Normal scores with start and end, lengths from 0 to `steps` in turn, NaN in the padding.
    ///
    /// @param forbidden share of scores that are −∞
    static Scores random(int n, int steps, int states, boolean perStep, double forbidden, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int matrices = perStep ? n * Math.max(0, steps - 1) : 1;
        Scores scores = new Scores(
                n,
                steps,
                states,
                perStep,
                normals(random, n * steps * states, 2, forbidden / 2),
                normals(random, matrices * states * states, 1.5, forbidden),
                normals(random, states, 1, forbidden / 2),
                normals(random, states, 1, 0),
                new int[n]);
        for (int q = 0; q < n; q++) {
            scores.lengths[q] = steps - q % (steps + 1);
            scores.fillPadding(q, Float.NaN);
        }
        return scores;
    }

    /// These scores with other lengths, NaN in the padding.
    Scores withLengths(int... other) {
        Scores scores = new Scores(n, steps, states, perStep, unary.clone(), transitions.clone(), start, end, other);
        for (int q = 0; q < n; q++) {
            scores.fillPadding(q, Float.NaN);
        }
        return scores;
    }

    private static float[] normals(SplittableRandom random, int size, double scale, double forbidden) {
        float[] x = new float[size];
        for (int e = 0; e < size; e++) {
            x[e] = random.nextDouble() < forbidden ? FORBIDDEN : (float) (scale * random.nextGaussian());
        }
        return x;
    }

    void fillPadding(int q, float value) {
        for (int e = lengths[q] * states; e < steps * states; e++) {
            unary[q * steps * states + e] = value;
        }
        int square = states * states;
        for (int e = Math.max(0, lengths[q] - 1) * square; perStep && e < (steps - 1) * square; e++) {
            transitions[q * (steps - 1) * square + e] = value;
        }
    }

    double unary(int q, int t, int j) {
        double score = unary[(q * steps + t) * states + j];
        score += t == 0 && start != null ? start[j] : 0;
        return score + (t == lengths[q] - 1 && end != null ? end[j] : 0);
    }

    double transition(int q, int t, int i, int j) {
        return transitions[((perStep ? q * (steps - 1) + t : 0) * states + i) * states + j];
    }

    /// The sequences in another order.
    Scores permuted(int[] order) {
        Scores to = new Scores(
                n,
                steps,
                states,
                perStep,
                new float[unary.length],
                perStep ? new float[transitions.length] : transitions,
                start,
                end,
                new int[n]);
        int each = steps * states;
        int eachPair = (steps - 1) * states * states;
        for (int q = 0; q < n; q++) {
            System.arraycopy(unary, order[q] * each, to.unary, q * each, each);
            if (perStep) {
                System.arraycopy(transitions, order[q] * eachPair, to.transitions, q * eachPair, eachPair);
            }
            to.lengths[q] = lengths[order[q]];
        }
        return to;
    }

    LinearChain on(Memory memory) {
        Shape pairs = perStep ? Shape.of(n, Math.max(0, steps - 1), states, states) : Shape.of(states, states);
        return new LinearChain(
                memory.floats(Shape.of(n, steps, states), unary),
                memory.floats(pairs, transitions),
                start == null ? null : memory.floats(Shape.of(states), start),
                end == null ? null : memory.floats(Shape.of(states), end),
                memory.ints(Shape.of(n), lengths));
    }
}
