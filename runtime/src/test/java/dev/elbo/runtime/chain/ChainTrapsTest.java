package dev.elbo.runtime.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Where recursions of this kind go wrong elsewhere.
class ChainTrapsTest {
    private static final float FORBIDDEN = Float.NEGATIVE_INFINITY;

    private static Scores of(int n, int steps, int states, float[] unary, float[] transitions, int... lengths) {
        return new Scores(n, steps, states, false, unary, transitions, null, null, lengths);
    }

    @Test
    void tinyEmissionsKeepTheirDigits() {
        // 1e4 nats below zero at every step: exp would be 0 without the maximum.
        Scores scores = Scores.random(16, 50, 4, false, 0, 1);
        double[] before = Reference.of(scores, 3).logPartition();
        for (int e = 0; e < scores.unary().length; e++) {
            scores.unary()[e] = Math.round(scores.unary()[e] * 64) / 64.0f - 8192;
        }
        Reference reference = Reference.of(scores, 3);
        ChainTrial of = ChainTrial.onCpu(scores, Form.AUTO);
        assertTrue(before[0] > -1e4);
        assertEquals(Form.SCALED_F32, of.served()[3]);
        assertEquals((float) reference.logPartition()[0], of.logPartition()[3]);
        assertTrue(reference.worstMarginal(scores, of, 3) < 3e-7);
    }

    @ParameterizedTest
    @EnumSource(
            value = Form.class,
            names = {"AUTO", "SCALED_F32", "SCALED_F64", "LOG"})
    void aStepWithoutAnyStateIsImpossible(Form form) {
        Scores scores = Scores.random(3, 5, 3, false, 0, 2);
        Arrays.fill(scores.unary(), 15 + 2 * 3, 15 + 3 * 3, FORBIDDEN); // sequence 1, step 2
        ChainTrial of = ChainTrial.onCpu(scores, form);
        assertEquals(FORBIDDEN, of.logPartition()[1]);
        assertArrayEquals(new float[15], ChainTrial.part(of.unary(), 1, 3));
        assertArrayEquals(new float[9], ChainTrial.part(of.transitions(), 1, 3));
        assertTrue(Float.isFinite(of.logPartition()[0]) && Float.isFinite(of.logPartition()[2]));
        assertEquals(-1, ChainTrial.part(of.samples(), 1, 3)[0]);
        assertEquals(FORBIDDEN, of.pathScores()[ChainTrial.PATHS]);
    }

    @ParameterizedTest
    @EnumSource(
            value = Form.class,
            names = {"AUTO", "SCALED_F32", "SCALED_F64", "LOG"})
    void aBadScorePoisonsItsOwnSequenceAlone(Form form) {
        Scores scores = Scores.random(20, 7, 5, false, 0, 3);
        ChainTrial clean = ChainTrial.onCpu(scores, form);
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            int victim = 8; // of length 7
            scores.unary()[(victim * 7 + 3) * 5 + 2] = bad;
            ChainTrial of = ChainTrial.onCpu(scores, form);
            for (int q = 0; q < 20; q++) {
                if (q == victim) {
                    assertTrue(Float.isNaN(of.logPartition()[q]));
                    assertTrue(Float.isNaN(of.entropy()[q]));
                    assertTrue(Float.isNaN(of.pathScores()[q * ChainTrial.PATHS]));
                    assertEquals(-1, ChainTrial.part(of.paths(), q, 20)[0]);
                } else {
                    assertEquals(clean.logPartition()[q], of.logPartition()[q]);
                    assertArrayEquals(ChainTrial.part(clean.unary(), q, 20), ChainTrial.part(of.unary(), q, 20));
                    assertArrayEquals(
                            ChainTrial.part(clean.transitions(), q, 20), ChainTrial.part(of.transitions(), q, 20));
                }
            }
        }
    }

    /// From the first state and from the last, at one step of one sequence.
    @ParameterizedTest
    @EnumSource(
            value = Form.class,
            names = {"AUTO", "SCALED_F32", "SCALED_F64", "LOG"})
    void aBadTransitionPoisonsItsOwnSequenceAlone(Form form) {
        Scores scores = Scores.random(20, 7, 5, true, 0, 3);
        ChainTrial clean = ChainTrial.onCpu(scores, form);
        int victim = 8; // of length 7
        for (int from : new int[] {0, 4}) {
            for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
                int place = ((victim * 6 + 3) * 5 + from) * 5 + 2;
                float before = scores.transitions()[place];
                scores.transitions()[place] = bad;
                ChainTrial of = ChainTrial.onCpu(scores, form);
                scores.transitions()[place] = before;
                for (int q = 0; q < 20; q++) {
                    if (q == victim) {
                        assertTrue(Float.isNaN(of.logPartition()[q]));
                        assertTrue(Float.isNaN(of.pathScores()[q * ChainTrial.PATHS]));
                        assertEquals(-1, ChainTrial.part(of.paths(), q, 20)[0]);
                    } else {
                        assertEquals(clean.logPartition()[q], of.logPartition()[q]);
                        assertArrayEquals(ChainTrial.part(clean.unary(), q, 20), ChainTrial.part(of.unary(), q, 20));
                    }
                }
            }
        }
    }

    /// Every second state of a chain of nothing but −∞ and 0 transitions.
    @Test
    void forbiddenTransitionsAreNoNumbersGoneWrong() {
        float[] transitions = {FORBIDDEN, 0, 0, FORBIDDEN}; // the other state, always
        Scores scores = of(1, 4, 2, new float[] {0, -1, 0, 0, 0, 0, 0, 0}, transitions, 4);
        for (Form form : new Form[] {Form.AUTO, Form.SCALED_F32, Form.SCALED_F64, Form.LOG}) {
            ChainTrial of = ChainTrial.onCpu(scores, form);
            assertEquals(Math.log(1 + Math.exp(-1)), of.logPartition()[0], 1e-7, form.name());
            double p = 1 / (1 + Math.exp(-1));
            assertArrayEquals(
                    new float[] {0, (float) (2 * p + (1 - p)), (float) (p + 2 * (1 - p)), 0}, of.transitions(), 1e-6f);
        }
    }

    @Test
    void lengthsZeroAndOneNeedNoTransitions() {
        float[] transitions = new float[9];
        Arrays.fill(transitions, Float.POSITIVE_INFINITY); // never looked at
        Scores scores = of(2, 1, 3, new float[] {0, 1, 2, 0, 1, 2}, transitions, 0, 1);
        for (Form form : new Form[] {Form.AUTO, Form.SCALED_F32, Form.SCALED_F64, Form.LOG}) {
            ChainTrial of = ChainTrial.onCpu(scores, form);
            double z = 1 + Math.E + Math.E * Math.E;
            assertEquals(0, of.logPartition()[0]);
            assertEquals(Math.log(z), of.logPartition()[1], 1e-6, form.name());
            assertEquals(0, of.pathScores()[0]);
            assertEquals(FORBIDDEN, of.pathScores()[1]);
            assertArrayEquals(
                    new float[] {0, 0, 0, (float) (1 / z), (float) (Math.E / z), (float) (Math.E * Math.E / z)},
                    of.unary(),
                    1e-7f);
        }
    }

    /// Smoothers that divide by predictions and call those below 1e-8 zero lose this transition altogether.
    @ParameterizedTest
    @EnumSource(
            value = Form.class,
            names = {"AUTO", "SCALED_F32", "SCALED_F64", "LOG"})
    void aRareTransitionThatTheDataForceIsCounted(Form form) {
        float[] transitions = new float[16];
        for (int i = 0; i < 4; i++) {
            transitions[i * 4] = (float) Math.log1p(-3e-9);
            Arrays.fill(transitions, i * 4 + 1, i * 4 + 4, (float) Math.log(1e-9));
        }
        float[] unary = new float[24];
        Arrays.fill(unary, 12, 16, -40);
        unary[13] = 0; // step 3 is in state 1
        ChainTrial of = ChainTrial.onCpu(of(1, 6, 4, unary, transitions, 6), form);
        Reference reference = Reference.of(of(1, 6, 4, unary, transitions, 6), 0);
        for (int e = 0; e < 16; e++) {
            assertEquals(reference.pairs()[e], of.transitions()[e], 1e-6, "transition " + e);
        }
        assertEquals(1.0, of.transitions()[1], 1e-3);
        assertEquals(form == Form.AUTO ? Form.SCALED_F32 : form, of.served()[0]);
    }

    /// A state floor, as others add to be safe, would make this sequence possible.
    @Test
    void nothingIsAddedToImpossibleStates() {
        float[] transitions = {0, FORBIDDEN, FORBIDDEN, 0};
        Scores scores = of(1, 3, 2, new float[] {0, FORBIDDEN, 0, 0, FORBIDDEN, 0}, transitions, 3);
        for (Form form : new Form[] {Form.AUTO, Form.SCALED_F32, Form.SCALED_F64, Form.LOG}) {
            assertEquals(FORBIDDEN, ChainTrial.onCpu(scores, form).logPartition()[0]);
        }
    }

    /// Left to right with a forced end: the states that survive are those that scaled f32 lost first.
    static Stream<LeftToRight> forcedEnds() {
        return Stream.of(
                new LeftToRight(270, 12, Form.LOG),
                new LeftToRight(270, 3, Form.SCALED_F64),
                new LeftToRight(250, 6, Form.LOG),
                new LeftToRight(270, 1, Form.SCALED_F64));
    }

    /// @param steps  for how long the emissions favour the first state
    /// @param favour by how many nats
    /// @param serves the form that is certain
    record LeftToRight(int steps, float favour, Form serves) {
        Scores scores() {
            SplittableRandom random = new SplittableRandom(0);
            int s = 64;
            float[] transitions = new float[s * s];
            Arrays.fill(transitions, FORBIDDEN);
            for (int i = 0; i < s; i++) {
                double stay = i < s - 1 ? 0.05 + 0.9 * random.nextDouble() : 1;
                transitions[i * s + i] = (float) Math.log(stay);
                if (i < s - 1) {
                    transitions[i * s + i + 1] = (float) Math.log(1 - stay);
                }
            }
            float[] unary = new float[300 * s];
            for (int e = 0; e < unary.length; e++) {
                unary[e] = (float) random.nextGaussian() + (e % s == 0 && e / s < steps ? favour : 0);
            }
            float[] start = new float[s];
            float[] end = new float[s];
            Arrays.fill(start, FORBIDDEN);
            Arrays.fill(end, FORBIDDEN);
            start[0] = 0;
            end[s - 1] = 0;
            return new Scores(1, 300, s, false, unary, transitions, start, end, new int[] {300});
        }
    }

    @ParameterizedTest
    @MethodSource("forcedEnds")
    void forcedEndsComeOutRight(LeftToRight chain) {
        Scores scores = chain.scores();
        Reference reference = Reference.of(scores, 0);
        ChainTrial of = ChainTrial.onCpu(scores, Form.AUTO);
        assertEquals((float) reference.logPartition()[0], of.logPartition()[0], 1e-6 * 500);
        assertTrue(reference.worstMarginal(scores, of, 0) < 3e-7);
        assertEquals(chain.serves, of.served()[0]);
    }

    @Test
    void scaledF32AloneWouldHaveLostAForcedEnd() {
        Scores scores = new LeftToRight(270, 3, Form.LOG).scores();
        Reference reference = Reference.of(scores, 0);
        ChainTrial of = ChainTrial.onCpu(scores, Form.SCALED_F32);
        assertTrue(!(reference.worstMarginal(scores, of, 0) < 1e-3));
    }

    /// Transitions beyond what f32 is certain of: the same answer, by another form.
    @Test
    void wideTransitionsAreServedInF64() {
        Scores scores = Scores.random(17, 12, 4, false, 0, 4);
        scores.transitions()[5] = -60;
        ChainTrial of = ChainTrial.onCpu(scores, Form.AUTO);
        ChainTrial logs = ChainTrial.onCpu(scores, Form.LOG);
        for (int q = 0; q < 17; q++) {
            assertEquals(Form.SCALED_F64, of.served()[q]);
            assertEquals(logs.logPartition()[q], of.logPartition()[q], 1e-6 * Math.abs(logs.logPartition()[q]));
        }
    }

    @Test
    void labelsThatTheScoresForbidAreImpossibleAndUnknownOnesNoNumber() {
        Scores scores = of(3, 2, 2, new float[12], new float[] {0, FORBIDDEN, 0, 0}, 2, 2, 2);
        int[] labels = {0, 1, 0, 2, 1, 1};
        ChainTrial.on(CpuDevice.open(1), memory -> {
            Inference inference = Inference.of(Ops.plain(memory), scores.on(memory));
            float[] y = memory.device()
                    .floats(inference
                            .logLikelihood(memory.ints(Shape.of(3, 2), labels))
                            .value());
            assertEquals(FORBIDDEN, y[0]);
            assertTrue(Float.isNaN(y[1]));
            assertEquals(-Math.log(3), y[2], 1e-6);
            return null;
        });
    }
}
