package dev.elbo.runtime.chain;

import dev.elbo.runtime.Device;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// Why the scores of a sequence allow no path: where the last states that could be reached died.
///
/// ```
/// alive_t = { j : unary_t(j) > −∞ and (t = 0 or some i in alive_{t−1} has transitions(i,j) > −∞) }
/// ```
///
/// @param sequence  which
/// @param step      the first at which no state is alive
/// @param before    states alive one step before, ascending; empty at the first step
/// @param forbidden states that could be entered at `step`, had their own scores (unary, start, end) not forbidden
///     it, ascending; empty if no transition led on
public record Diagnosis(int sequence, int step, List<Integer> before, List<Integer> forbidden) {
    /// Every sequence without a path. Reads the scores to the host.
    public static List<Diagnosis> of(LinearChain chain) {
        HostScores scores = HostScores.of(chain);
        List<Diagnosis> found = new ArrayList<>();
        for (int q = 0; q < chain.n(); q++) {
            diagnose(scores, q, found);
        }
        return found;
    }

    private static void diagnose(HostScores scores, int q, List<Diagnosis> found) {
        BitSet before = new BitSet();
        for (int t = 0; t < scores.length(q); t++) {
            BitSet entered = new BitSet();
            BitSet alive = new BitSet();
            for (int j = 0; j < scores.states; j++) {
                if (t == 0 || entered(scores, q, t, j, before)) {
                    entered.set(j);
                    alive.set(j, !scores.forbids(q, t, j));
                }
            }
            if (alive.isEmpty()) {
                found.add(new Diagnosis(q, t, list(before), list(entered)));
                return;
            }
            before = alive;
        }
    }

    private static boolean entered(HostScores scores, int q, int t, int j, BitSet before) {
        return before.stream().anyMatch(i -> scores.transition(q, t - 1, i, j) != Float.NEGATIVE_INFINITY);
    }

    private static List<Integer> list(BitSet states) {
        return states.stream().boxed().toList();
    }

    /// `sequence 3 is impossible: all states died at step 7; alive before=[0, 2], entered but forbidden=[1]`
    @Override
    public String toString() {
        return "sequence " + sequence + " is impossible: all states died at step " + step + "; alive before=" + before
                + ", entered but forbidden=" + forbidden;
    }

    /// The scores on the host.
    private record HostScores(
            int steps,
            int states,
            boolean perStep,
            float[] unary,
            float[] transitions,
            float[] start,
            float[] end,
            int[] lengths) {
        static HostScores of(LinearChain chain) {
            Device device = chain.unary().device();
            return new HostScores(
                    chain.steps(),
                    chain.states(),
                    chain.perStep(),
                    device.floats(chain.unary()),
                    device.floats(chain.transitions()),
                    chain.start() == null ? null : device.floats(chain.start()),
                    chain.end() == null ? null : device.floats(chain.end()),
                    device.ints(chain.lengths()));
        }

        int length(int q) {
            return Math.clamp(lengths[q], 0, steps);
        }

        boolean forbids(int q, int t, int j) {
            return unary[(q * steps + t) * states + j] == Float.NEGATIVE_INFINITY
                    || t == 0 && start != null && start[j] == Float.NEGATIVE_INFINITY
                    || t == length(q) - 1 && end != null && end[j] == Float.NEGATIVE_INFINITY;
        }

        float transition(int q, int t, int i, int j) {
            int matrix = perStep ? q * (steps - 1) + t : 0;
            return transitions[(matrix * states + i) * states + j];
        }
    }
}
