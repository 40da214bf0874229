package dev.elbo.runtime.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tape;
import dev.elbo.runtime.Tensor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Every quantity and gradient of small chains against the enumeration of all paths.
class InferenceTest {
    private final Device device = open();
    private final Arena owner = Arena.ofShared();
    private final Memory memory = Memory.of(device, "test", owner);

    Device open() {
        return CpuDevice.open(2);
    }

    @AfterEach
    void close() {
        owner.close();
        device.close();
    }

    /// Form, matrix per step, share of forbidden scores.
    static Stream<Arguments> forms() {
        return Stream.of(
                Arguments.of(Form.AUTO, false, 0.0),
                Arguments.of(Form.AUTO, false, 0.25),
                Arguments.of(Form.AUTO, true, 0.25),
                Arguments.of(Form.SCALED_F32, false, 0.0),
                Arguments.of(Form.SCALED_F32, false, 0.25),
                Arguments.of(Form.SCALED_F32, true, 0.0),
                Arguments.of(Form.AUTO, true, 0.0),
                Arguments.of(Form.SCALED_F64, false, 0.25),
                Arguments.of(Form.SCALED_F64, true, 0.25),
                Arguments.of(Form.SCAN, false, 0.0),
                Arguments.of(Form.LOG, false, 0.25),
                Arguments.of(Form.LOG, true, 0.25));
    }

    /// Numbers of steps; there are sequences of all lengths up to each.
    int[] steps() {
        return new int[] {1, 2, 6};
    }

    /// Up to 4 states.
    private List<Scores> cases(boolean perStep, double forbidden) {
        List<Scores> cases = new ArrayList<>();
        for (int states = 1; states <= 4; states++) {
            for (int steps : steps()) {
                cases.add(Scores.random(2 * steps + 2, steps, states, perStep, forbidden, 31L * states + steps));
            }
        }
        return cases;
    }

    @ParameterizedTest(name = "{0}, per step {1}, forbidden {2}")
    @MethodSource("forms")
    void marginalsMatchEnumeration(Form form, boolean perStep, double forbidden) {
        for (Scores scores : cases(perStep, forbidden)) {
            Inference.Marginals marginals = new Inference(Ops.plain(memory), scores.on(memory), form).marginals();
            float[] logZ = device.floats(marginals.logPartition());
            float[] unary = device.floats(marginals.unary());
            float[] pairs = device.floats(marginals.transitions());
            eachPath(scores, (q, all) -> {
                close(2e-6, all.logPartition, logZ[q], scores, q);
                boolean possible = all.logPartition > Double.NEGATIVE_INFINITY;
                eachCell(scores, (t, i) -> {
                    double expected = possible && t < scores.lengths()[q] ? all.marginal(t, i) : 0;
                    close(3e-7, expected, unary[at(scores, q, t, i)], scores, q);
                });
                checkPairs(scores, q, pairs, possible, all::pair);
            });
        }
    }

    @ParameterizedTest(name = "{0}, per step {1}, forbidden {2}")
    @MethodSource("forms")
    void entropyAndItsGradientMatchEnumeration(Form form, boolean perStep, double forbidden) {
        for (Scores scores : cases(perStep, forbidden)) {
            Gradients of =
                    new Gradients(scores, form, inference -> inference.entropy().value());
            eachPath(scores, (q, all) -> {
                boolean possible = all.logPartition > Double.NEGATIVE_INFINITY;
                close(1e-6, possible ? all.entropy() : Double.NaN, of.value[q], scores, q);
                eachCell(scores, (t, i) -> {
                    double slope = possible && t < scores.lengths()[q] ? all.entropySlope(t, i) : 0;
                    close(1e-6, of.weight[q] * slope, of.unary[at(scores, q, t, i)], scores, q);
                });
            });
            of.checkSums((all, t, i, j) -> all.entropySlope(t, i, j), (all, t, i) -> all.entropySlope(t, i));
        }
    }

    @ParameterizedTest(name = "{0}, per step {1}, forbidden {2}")
    @MethodSource("forms")
    void gradientOfLogPartitionIsTheMarginals(Form form, boolean perStep, double forbidden) {
        for (Scores scores : cases(perStep, forbidden)) {
            Gradients of = new Gradients(
                    scores, form, inference -> inference.logPartition().value());
            eachPath(scores, (q, all) -> {
                boolean possible = all.logPartition > Double.NEGATIVE_INFINITY;
                close(2e-6, all.logPartition, of.value[q], scores, q);
                eachCell(scores, (t, i) -> {
                    double slope = possible && t < scores.lengths()[q] ? all.marginal(t, i) : 0;
                    close(1e-6, of.weight[q] * slope, of.unary[at(scores, q, t, i)], scores, q);
                });
            });
            of.checkSums((all, t, i, j) -> all.pair(t, i, j), (all, t, i) -> all.marginal(t, i));
        }
    }

    @ParameterizedTest(name = "{0}, per step {1}, forbidden {2}")
    @MethodSource("forms")
    void logLikelihoodMatchesEnumeration(Form form, boolean perStep, double forbidden) {
        for (Scores scores : cases(perStep, forbidden)) {
            SplittableRandom random = new SplittableRandom(5);
            int[] labels = random.ints((long) scores.n() * scores.steps(), 0, scores.states())
                    .toArray();
            Tensor on = memory.ints(Shape.of(scores.n(), scores.steps()), labels);
            Gradients of = new Gradients(
                    scores, form, inference -> inference.logLikelihood(on).value());
            eachPath(scores, (q, all) -> {
                int[] path = Arrays.copyOfRange(labels, q * scores.steps(), q * scores.steps() + scores.lengths()[q]);
                Enumeration.Path labelled = all.paths.stream()
                        .filter(p -> Arrays.equals(p.states(), path))
                        .findFirst()
                        .orElseThrow();
                boolean possible = labelled.score() > Double.NEGATIVE_INFINITY;
                double expected = possible ? labelled.score() - all.logPartition : Double.NEGATIVE_INFINITY;
                close(2e-6, expected, of.value[q], scores, q);
                eachCell(scores, (t, i) -> {
                    boolean live = possible && t < scores.lengths()[q];
                    double slope = live ? (path[t] == i ? 1 : 0) - all.marginal(t, i) : 0;
                    close(1e-6, of.weight[q] * slope, of.unary[at(scores, q, t, i)], scores, q);
                });
            });
        }
    }

    @ParameterizedTest(name = "{0}, per step {1}, forbidden {2}")
    @MethodSource("forms")
    void bestPathsAreThoseOfTheEnumeration(Form form, boolean perStep, double forbidden) {
        int k = 5;
        for (Scores scores : cases(perStep, forbidden)) {
            Inference inference = new Inference(Ops.plain(memory), scores.on(memory), form);
            Inference.Paths best = inference.bestPaths(k);
            int[] paths = device.ints(best.paths());
            float[] values = device.floats(best.scores());
            int[] viterbi = device.ints(inference.viterbi().paths());
            eachPath(scores, (q, all) -> {
                for (int rank = 0; rank < k; rank++) {
                    Enumeration.Path path = rank < all.paths.size() ? all.paths.get(rank) : null;
                    boolean possible = path != null && path.score() > Double.NEGATIVE_INFINITY;
                    double score = possible ? path.score() : Double.NEGATIVE_INFINITY;
                    close(1e-7, score, values[q * k + rank], scores, q);
                    int[] expected = new int[scores.steps()];
                    Arrays.fill(expected, -1);
                    if (possible) {
                        System.arraycopy(path.states(), 0, expected, 0, path.states().length);
                    }
                    int from = (q * k + rank) * scores.steps();
                    assertArrayEquals(
                            expected, Arrays.copyOfRange(paths, from, from + scores.steps()), scores + " " + q);
                    if (rank == 0) {
                        assertArrayEquals(
                                expected, Arrays.copyOfRange(viterbi, q * scores.steps(), (q + 1) * scores.steps()));
                    }
                }
            });
        }
    }

    /// A value per sequence, weighted at random, and what flows back to the scores.
    private final class Gradients {
        final Scores scores;
        final float[] weight;
        final float[] value;
        final float[] unary;
        final float[] transitions;
        final float[] start;
        final float[] end;

        Gradients(Scores scores, Form form, Function<Inference, Tensor> function) {
            this.scores = scores;
            LinearChain chain = scores.on(memory);
            Tape tape = new Tape(memory);
            List<Tensor> gradients = new ArrayList<>();
            for (Tensor x : chain.scores()) {
                gradients.add(memory.empty(x.shape()));
                tape.watch(x, gradients.getLast());
            }
            Tensor y = function.apply(new Inference(Ops.taped(memory, tape), chain, form));
            SplittableRandom random = new SplittableRandom(scores.states());
            weight = new float[scores.n()];
            for (int q = 0; q < weight.length; q++) {
                weight[q] = (float) random.nextGaussian();
            }
            Tensor dy = tape.gradient(y).into();
            tape.gradient(y).first();
            device.write(weight, dy);
            tape.pullback();
            value = device.floats(y);
            unary = device.floats(gradients.get(0));
            transitions = device.floats(gradients.get(1));
            start = device.floats(gradients.get(2));
            end = device.floats(gradients.get(3));
        }

        /// What is summed over the sequences.
        void checkSums(PairSlope pair, CellSlope cell) {
            int states = scores.states();
            double[] atStart = new double[states];
            double[] atEnd = new double[states];
            double[] shared = new double[states * states];
            eachPath(scores, (q, all) -> {
                int length = scores.lengths()[q];
                boolean possible = all.logPartition > Double.NEGATIVE_INFINITY;
                for (int i = 0; i < states && possible && length > 0; i++) {
                    atStart[i] += weight[q] * cell.of(all, 0, i);
                    atEnd[i] += weight[q] * cell.of(all, length - 1, i);
                    for (int j = 0; j < states; j++) {
                        for (int t = 0; t < length - 1 && !scores.perStep(); t++) {
                            shared[i * states + j] += weight[q] * pair.of(all, t, i, j);
                        }
                    }
                }
                for (int t = 0; t < scores.steps() - 1 && scores.perStep(); t++) {
                    for (int e = 0; e < states * states; e++) {
                        double expected =
                                possible && t < length - 1 ? weight[q] * pair.of(all, t, e / states, e % states) : 0;
                        float actual = transitions[(q * (scores.steps() - 1) + t) * states * states + e];
                        close(1e-6, expected, actual, scores, q);
                    }
                }
            });
            for (int e = 0; e < shared.length && !scores.perStep(); e++) {
                close(3e-6, shared[e], transitions[e], scores, -1);
            }
            for (int i = 0; i < states; i++) {
                close(2e-6, atStart[i], start[i], scores, -1);
                close(2e-6, atEnd[i], end[i], scores, -1);
            }
        }
    }

    private interface PairSlope {
        double of(Enumeration all, int t, int from, int to);
    }

    private interface CellSlope {
        double of(Enumeration all, int t, int state);
    }

    private interface EachPath {
        void check(int q, Enumeration all);
    }

    private interface EachCell {
        void check(int t, int state);
    }

    private interface Pair {
        double of(int t, int from, int to);
    }

    private static void eachPath(Scores scores, EachPath check) {
        for (int q = 0; q < scores.n(); q++) {
            check.check(q, new Enumeration(scores, q));
        }
    }

    private static void eachCell(Scores scores, EachCell check) {
        for (int t = 0; t < scores.steps(); t++) {
            for (int i = 0; i < scores.states(); i++) {
                check.check(t, i);
            }
        }
    }

    private static void checkPairs(Scores scores, int q, float[] actual, boolean possible, Pair pair) {
        int states = scores.states();
        int length = scores.lengths()[q];
        for (int e = 0; e < states * states; e++) {
            double sum = 0;
            for (int t = 0; t < scores.steps() - 1; t++) {
                double expected = possible && t < length - 1 ? pair.of(t, e / states, e % states) : 0;
                sum += expected;
                if (scores.perStep()) {
                    int at = (q * (scores.steps() - 1) + t) * states * states + e;
                    close(3e-7, expected, actual[at], scores, q);
                }
            }
            if (!scores.perStep()) {
                close(6e-7, sum, actual[q * states * states + e], scores, q);
            }
        }
    }

    private static int at(Scores scores, int q, int t, int i) {
        return (q * scores.steps() + t) * scores.states() + i;
    }

    private static void close(double tolerance, double expected, double actual, Scores scores, int q) {
        boolean equal = expected == actual
                || Double.isNaN(expected) && Double.isNaN(actual)
                || Math.abs(expected - actual) <= tolerance * Math.max(1, Math.abs(expected));
        assertTrue(
                equal,
                () -> "sequence " + q + " of (" + scores.n() + ", " + scores.steps() + ", " + scores.states()
                        + "): expected " + expected + " but was " + actual);
    }
}
