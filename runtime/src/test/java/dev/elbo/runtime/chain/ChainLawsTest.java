package dev.elbo.runtime.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CpuOptions;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.CpuMath;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// What holds for chains of any size.
class ChainLawsTest {
    /// Ragged batches of more than one group, states on both sides of the vector and chain lengths, with and without
    /// forbidden scores.
    static Stream<Scores> batches() {
        return Stream.of(
                Scores.random(37, 20, 5, false, 0, 1),
                Scores.random(3, 130, 8, false, 0, 2),
                Scores.random(18, 9, 33, false, 0, 3),
                Scores.random(5, 7, 70, false, 0, 4),
                Scores.random(19, 12, 6, false, 0.2, 5),
                Scores.random(7, 11, 4, true, 0.1, 6),
                Scores.random(9, 30, 20, true, 0, 7));
    }

    @ParameterizedTest
    @MethodSource("batches")
    void posteriorsSumToOne(Scores scores) {
        ChainTrial of = ChainTrial.onCpu(scores, Form.AUTO);
        int square = scores.states() * scores.states();
        for (int q = 0; q < scores.n(); q++) {
            boolean possible = of.logPartition()[q] > Double.NEGATIVE_INFINITY;
            double[] expected = new double[scores.states()];
            for (int t = 0; t < scores.steps(); t++) {
                double sum = 0;
                for (int i = 0; i < scores.states(); i++) {
                    sum += of.unary(scores, q, t, i);
                    expected[i] += t < scores.lengths()[q] - 1 ? of.unary(scores, q, t, i) : 0;
                }
                assertEquals(possible && t < scores.lengths()[q] ? 1 : 0, sum, 1e-6);
            }
            // Every visit but the last is left by one transition.
            float[] pairs = ChainTrial.part(of.transitions(), q, scores.n());
            for (int i = 0; i < scores.states(); i++) {
                double leaving = 0;
                for (int e = 0; e < pairs.length; e++) {
                    leaving += e % square / scores.states() == i ? pairs[e] : 0;
                }
                assertEquals(expected[i], leaving, 2e-6 * Math.max(1, expected[i]));
            }
        }
    }

    /// Read backwards, a chain has the transposed transitions and start and end swapped: log Z and marginals stay.
    @ParameterizedTest
    @MethodSource("batches")
    void timeMayRunBackwards(Scores scores) {
        if (scores.perStep()) {
            return;
        }
        int s = scores.states();
        Scores reversed = new Scores(
                scores.n(),
                scores.steps(),
                s,
                false,
                scores.unary().clone(),
                new float[s * s],
                scores.end(),
                scores.start(),
                scores.lengths());
        for (int e = 0; e < s * s; e++) {
            reversed.transitions()[e % s * s + e / s] = scores.transitions()[e];
        }
        for (int q = 0; q < scores.n(); q++) {
            for (int t = 0; t < scores.lengths()[q]; t++) {
                int from = (q * scores.steps() + t) * s;
                int to = (q * scores.steps() + scores.lengths()[q] - 1 - t) * s;
                System.arraycopy(scores.unary(), from, reversed.unary(), to, s);
            }
        }
        ChainTrial forwards = ChainTrial.onCpu(scores, Form.AUTO);
        ChainTrial backwards = ChainTrial.onCpu(reversed, Form.AUTO);
        for (int q = 0; q < scores.n(); q++) {
            assertClose(forwards.logPartition()[q], backwards.logPartition()[q], 1e-6);
            assertClose(forwards.entropy()[q], backwards.entropy()[q], 1e-5);
            for (int t = 0; t < scores.lengths()[q]; t++) {
                for (int i = 0; i < s; i++) {
                    int mirrored = scores.lengths()[q] - 1 - t;
                    assertEquals(forwards.unary(scores, q, t, i), backwards.unary(scores, q, mirrored, i), 1e-6);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("batches")
    void statesMayBeRenamed(Scores scores) {
        int s = scores.states();
        int[] name = shuffled(s);
        Scores renamed = new Scores(
                scores.n(),
                scores.steps(),
                s,
                scores.perStep(),
                new float[scores.unary().length],
                new float[scores.transitions().length],
                new float[s],
                new float[s],
                scores.lengths());
        for (int e = 0; e < scores.unary().length; e++) {
            renamed.unary()[e / s * s + name[e % s]] = scores.unary()[e];
        }
        for (int e = 0; e < scores.transitions().length; e++) {
            renamed.transitions()[e / (s * s) * s * s + name[e / s % s] * s + name[e % s]] = scores.transitions()[e];
        }
        for (int i = 0; i < s; i++) {
            renamed.start()[name[i]] = scores.start()[i];
            renamed.end()[name[i]] = scores.end()[i];
        }
        ChainTrial one = ChainTrial.onCpu(scores, Form.AUTO);
        ChainTrial other = ChainTrial.onCpu(renamed, Form.AUTO);
        for (int q = 0; q < scores.n(); q++) {
            assertClose(one.logPartition()[q], other.logPartition()[q], 1e-6);
            assertClose(one.entropy()[q], other.entropy()[q], 1e-5);
            for (int t = 0; t < scores.steps(); t++) {
                for (int i = 0; i < s; i++) {
                    assertEquals(one.unary(scores, q, t, i), other.unary(scores, q, t, name[i]), 1e-6);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("batches")
    void orderOfTheBatchAndThreadsChangeNoBit(Scores scores) {
        int[] order = shuffled(scores.n());
        ChainTrial of = ChainTrial.onCpu(scores, Form.AUTO);
        ChainTrial single = ChainTrial.onCpu(CpuOptions.best().threads(1), scores, Form.AUTO);
        ChainTrial permuted = ChainTrial.onCpu(scores.permuted(order), Form.AUTO);
        assertSameBits(of, single);
        for (int q = 0; q < scores.n(); q++) {
            int from = order[q];
            int n = scores.n();
            assertEquals(of.logPartition()[from], permuted.logPartition()[q]);
            assertEquals(of.entropy()[from], permuted.entropy()[q]);
            assertEquals(of.served()[from], permuted.served()[q]);
            assertArrayEquals(ChainTrial.part(of.unary(), from, n), ChainTrial.part(permuted.unary(), q, n));
            assertArrayEquals(
                    ChainTrial.part(of.transitions(), from, n), ChainTrial.part(permuted.transitions(), q, n));
            assertArrayEquals(ChainTrial.part(of.paths(), from, n), ChainTrial.part(permuted.paths(), q, n));
        }
    }

    @ParameterizedTest
    @MethodSource("batches")
    void paddingChangesNoBit(Scores scores) {
        ChainTrial withNan = ChainTrial.onCpu(scores, Form.AUTO);
        for (float padding : new float[] {0, Float.POSITIVE_INFINITY, -1e30f}) {
            for (int q = 0; q < scores.n(); q++) {
                scores.fillPadding(q, padding);
            }
            assertSameBits(withNan, ChainTrial.onCpu(scores, Form.AUTO));
        }
    }

    @ParameterizedTest
    @MethodSource("batches")
    void providersAgreeInEveryBit(Scores scores) {
        CpuOptions options = CpuOptions.best().threads(1);
        for (Form form : scores.perStep()
                ? new Form[] {Form.AUTO, Form.SCALED_F32}
                : new Form[] {Form.AUTO, Form.SCALED_F32, Form.SCAN}) {
            assertSameBits(
                    ChainTrial.onCpu(options.math(CpuMath.best()), scores, form),
                    ChainTrial.onCpu(options.math(CpuMath.plain()), scores, form));
        }
    }

    @ParameterizedTest
    @MethodSource("batches")
    void bestPathsAreSortedAndScoreWhatTheySay(Scores scores) {
        ChainTrial of = ChainTrial.onCpu(scores, Form.AUTO);
        for (int q = 0; q < scores.n(); q++) {
            for (int rank = 0; rank < ChainTrial.PATHS; rank++) {
                double score = of.pathScores()[q * ChainTrial.PATHS + rank];
                if (rank > 0) {
                    assertTrue(score <= of.pathScores()[q * ChainTrial.PATHS + rank - 1]);
                }
                if (score > Double.NEGATIVE_INFINITY) {
                    int[] path =
                            ChainTrial.part(of.paths(), q * ChainTrial.PATHS + rank, scores.n() * ChainTrial.PATHS);
                    double sum = 0;
                    for (int t = 0; t < scores.lengths()[q]; t++) {
                        sum += scores.unary(q, t, path[t]);
                        sum += t > 0 ? scores.transition(q, t - 1, path[t - 1], path[t]) : 0;
                    }
                    assertClose(sum, score, 1e-7);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Form.class,
            names = {"SCALED_F64", "LOG"})
    void samplesComeAsOftenAsTheMarginalsSay(Form form) {
        Scores scores = Scores.random(4, 3, 3, false, 0.1, 8);
        int draws = 20_000;
        ChainTrial.on(CpuDevice.open(2), memory -> {
            Inference inference = new Inference(Ops.plain(memory), scores.on(memory), form);
            Draw draw = Draw.of(Noise.of(1, 2, Purpose.SAMPLE, 3), memory);
            int[] samples = memory.device().ints(inference.samples(draws, draw));
            for (int q = 0; q < scores.n(); q++) {
                Enumeration all = new Enumeration(scores, q);
                for (int t = 0; t < scores.steps(); t++) {
                    int[] counts = new int[scores.states() + 1];
                    for (int m = 0; m < draws; m++) {
                        counts[1 + samples[(q * draws + m) * scores.steps() + t]]++;
                    }
                    boolean live = t < scores.lengths()[q];
                    assertEquals(live ? 0 : draws, counts[0]);
                    for (int i = 0; i < scores.states() && live; i++) {
                        double p = all.marginal(t, i);
                        double sigma = Math.sqrt(draws * p * (1 - p));
                        assertEquals(draws * p, counts[1 + i], 4 * sigma + 1e-9);
                    }
                }
            }
            return null;
        });
    }

    /// Pairs of states are drawn together, not each by itself.
    @Test
    void sampledPairsComeAsOftenAsTheirMarginalsSay() {
        Scores scores = Scores.random(1, 2, 3, false, 0, 9);
        int draws = 20_000;
        ChainTrial.on(CpuDevice.open(1), memory -> {
            Draw draw = Draw.of(Noise.of(1, 2, Purpose.SAMPLE, 4), memory);
            int[] samples = memory.device()
                    .ints(Inference.of(Ops.plain(memory), scores.on(memory)).samples(draws, draw));
            Enumeration all = new Enumeration(scores, 0);
            for (int e = 0; e < 9; e++) {
                int pair = e;
                long count = IntStream.range(0, draws)
                        .filter(m -> samples[2 * m] == pair / 3 && samples[2 * m + 1] == pair % 3)
                        .count();
                double p = all.pair(0, e / 3, e % 3);
                assertEquals(draws * p, count, 4 * Math.sqrt(draws * p * (1 - p)));
            }
            return null;
        });
    }

    /// Chunks of every length from 1, ends in every chunk, against the recursion in one piece.
    @Test
    void chunksGiveWhatOnePieceGives() {
        for (int states : new int[] {1, 3, 4, 16, 17}) {
            Scores scores = Scores.random(40, 39, states, false, 0, states);
            ChainTrial whole = ChainTrial.onCpu(scores, Form.SCALED_F64);
            ChainTrial scan = ChainTrial.onCpu(scores, Form.SCAN);
            for (int q = 0; q < 40; q++) {
                assertEquals(scores.lengths()[q] > 1 ? Form.SCAN : Form.SCALED_F32, scan.served()[q]);
                assertClose(whole.logPartition()[q], scan.logPartition()[q], 1e-6);
            }
            assertArrayEquals(whole.unary(), scan.unary(), 3e-7f);
            assertArrayEquals(whole.transitions(), scan.transitions(), 5e-6f);
        }
    }

    @Test
    void longSequencesAreScannedWhateverTheirBatch() {
        Scores scores = Scores.random(1, 40_000, 3, false, 0, 12);
        Reference reference = Reference.of(scores, 0);
        ChainTrial of = ChainTrial.onCpu(scores, Form.AUTO);
        assertEquals(Form.SCAN, of.served()[0]);
        assertClose(reference.logPartition()[0], of.logPartition()[0], 1e-6);
        assertEquals(0, reference.worstMarginal(scores, of, 0), 3e-7);
        for (int e = 0; e < 9; e++) {
            assertClose(reference.pairs()[e], of.transitions()[e], 1e-6);
        }
    }

    /// A replayed step reads scores and lengths anew, and gives what an eager call gives.
    @Test
    void replaysSeeNewScores() {
        Scores first = Scores.random(20, 9, 4, false, 0, 10);
        Scores second = Scores.random(20, 9, 4, false, 0.3, 11).permuted(shuffled(20));
        ChainTrial eager = ChainTrial.onCpu(second, Form.AUTO);
        ChainTrial.on(CpuDevice.open(2), memory -> {
            LinearChain chain = first.on(memory);
            try (Step<Inference.Marginals> step = Step.record(
                    memory.device(),
                    "chain",
                    own -> Inference.of(Ops.plain(own), chain).marginals())) {
                memory.device().write(second.unary(), chain.unary());
                memory.device().write(second.transitions(), chain.transitions());
                memory.device().write(second.start(), chain.start());
                memory.device().write(second.end(), chain.end());
                memory.device().write(second.lengths(), chain.lengths());
                step.run();
                assertArrayEquals(
                        eager.unary(), memory.device().floats(step.result().unary()));
                assertArrayEquals(
                        eager.transitions(),
                        memory.device().floats(step.result().transitions()));
            }
            return null;
        });
    }

    @Test
    void shapesThatDoNotFitAreNamed() {
        ChainTrial.on(CpuDevice.open(1), memory -> {
            Tensor unary = memory.floats(Shape.of(1, 2, 3), new float[6]);
            Tensor transitions = memory.floats(Shape.of(2, 2), new float[4]);
            Tensor lengths = memory.ints(Shape.of(1), 2);
            IllegalArgumentException refused =
                    assertThrows(IllegalArgumentException.class, () -> LinearChain.of(unary, transitions, lengths));
            assertEquals(
                    "LinearChain: transitions are (s, s) or (n, t - 1, s, s); tensor=(2, 2) F32 on cpu,"
                            + " unary=(1, 2, 3) F32 on cpu",
                    refused.getMessage());
            return null;
        });
    }

    private static void assertSameBits(ChainTrial expected, ChainTrial actual) {
        assertArrayEquals(expected.logPartition(), actual.logPartition());
        assertArrayEquals(expected.served(), actual.served());
        assertArrayEquals(expected.unary(), actual.unary());
        assertArrayEquals(expected.transitions(), actual.transitions());
        assertArrayEquals(expected.entropy(), actual.entropy());
        assertArrayEquals(expected.paths(), actual.paths());
        assertArrayEquals(expected.pathScores(), actual.pathScores());
        assertArrayEquals(expected.samples(), actual.samples());
    }

    private static void assertClose(double expected, double actual, double tolerance) {
        boolean equal = expected == actual || Double.isNaN(expected) && Double.isNaN(actual);
        if (!equal) {
            assertEquals(expected, actual, tolerance * Math.max(1, Math.abs(expected)));
        }
    }

    private static int[] shuffled(int n) {
        SplittableRandom random = new SplittableRandom(n);
        int[] order = IntStream.range(0, n).toArray();
        for (int i = n - 1; i > 0; i--) {
            int other = random.nextInt(i + 1);
            int swap = order[i];
            order[i] = order[other];
            order[other] = swap;
        }
        return order;
    }
}
