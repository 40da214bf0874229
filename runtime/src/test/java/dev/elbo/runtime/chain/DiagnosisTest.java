package dev.elbo.runtime.chain;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.elbo.runtime.CpuDevice;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DiagnosisTest {
    private static List<Diagnosis> of(Scores scores) {
        return ChainTrial.on(CpuDevice.open(1), memory -> Diagnosis.of(scores.on(memory)));
    }

    @Test
    void forbiddenStatesAreNamedWhereTheyDie() {
        Scores scores = Scores.random(3, 5, 3, false, 0, 1);
        Arrays.fill(scores.unary(), 15 + 6, 15 + 9, Scores.FORBIDDEN); // sequence 1, of length 4, step 2
        scores.unary()[15 + 3] = Scores.FORBIDDEN; // step 1, state 0
        List<Diagnosis> found = of(scores);
        assertEquals(List.of(new Diagnosis(1, 2, List.of(1, 2), List.of(0, 1, 2))), found);
        assertEquals(
                "sequence 1 is impossible: all states died at step 2; alive before=[1, 2],"
                        + " entered but forbidden=[0, 1, 2]",
                found.getFirst().toString());
    }

    @Test
    void statesWithoutAWayOnDieAtTheNextStep() {
        float[] transitions = {0, 0, Scores.FORBIDDEN, Scores.FORBIDDEN};
        float[] unary = {Scores.FORBIDDEN, 0, 0, 0, 0, 0};
        Scores scores = new Scores(1, 3, 2, false, unary, transitions, null, null, new int[] {3});
        assertEquals(List.of(new Diagnosis(0, 1, List.of(1), List.of())), of(scores));
    }

    @Test
    void startsAndEndsForbidToo() {
        float[] never = {Scores.FORBIDDEN, Scores.FORBIDDEN};
        Scores start = new Scores(1, 1, 2, false, new float[2], new float[4], never, null, new int[] {1});
        assertEquals(List.of(new Diagnosis(0, 0, List.of(), List.of(0, 1))), of(start));
        Scores end = new Scores(1, 2, 2, false, new float[4], new float[4], null, never, new int[] {2});
        assertEquals(List.of(new Diagnosis(0, 1, List.of(0, 1), List.of(0, 1))), of(end));
    }

    /// Those with log Z = −∞ and no others.
    @Test
    void impossibleSequencesAreAllFound() {
        for (boolean perStep : new boolean[] {false, true}) {
            Scores scores = Scores.random(60, 6, 3, perStep, 0.5, 2);
            ChainTrial trial = ChainTrial.onCpu(scores, Form.LOG);
            List<Integer> impossible = IntStream.range(0, 60)
                    .filter(q -> trial.logPartition()[q] == Double.NEGATIVE_INFINITY)
                    .boxed()
                    .toList();
            assertEquals(
                    impossible, of(scores).stream().map(Diagnosis::sequence).toList());
            assertEquals(false, impossible.isEmpty() || impossible.size() == 60);
        }
    }
}
