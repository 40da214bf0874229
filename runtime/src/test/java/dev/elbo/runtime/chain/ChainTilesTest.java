package dev.elbo.runtime.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.CudaOptions;
import dev.elbo.runtime.CudaTuning;
import dev.elbo.runtime.Gpu;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Step;
import dev.elbo.simulator.Configuration;
import dev.elbo.simulator.SimulatedGpu;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Chains on matrix units: every number against the definition, at the edges of a warp's sixteen sequences and of tiles
/// of eight states.
@Tag("device")
class ChainTilesTest {
    private static final int[] LENGTHS = {40, 3, 0, 1, 2, 39, 17};

    @TempDir
    Path folder;

    @AfterEach
    void expectNothingLeft() {
        Gpu.expectNothingLeft();
    }

    /// What the passes leave.
    private record Answer(float[] logPartition, Form[] served, float[] unary, float[] transitions) {
        static Answer of(Memory memory, Scores scores, Form form) {
            return of(memory, new Inference(Ops.plain(memory), scores.on(memory), form).marginals());
        }

        static Answer of(Memory memory, Inference.Marginals marginals) {
            return new Answer(
                    memory.device().floats(marginals.logPartition()),
                    Arrays.stream(memory.device().ints(marginals.served()))
                            .mapToObj(Form::of)
                            .toArray(Form[]::new),
                    memory.device().floats(marginals.unary()),
                    memory.device().floats(marginals.transitions()));
        }

        void expectBits(Answer other) {
            assertArrayEquals(logPartition, other.logPartition);
            assertArrayEquals(served, other.served);
            assertArrayEquals(unary, other.unary);
            assertArrayEquals(transitions, other.transitions);
        }
    }

    private static Answer on(CudaDevice opened, Scores scores, Form form) {
        return ChainTrial.on(opened, memory -> Answer.of(memory, scores, form));
    }

    private static CudaDevice gpu() {
        CudaDevice gpu = Gpu.open(CudaOptions.best());
        assumeTrue(gpu.computeCapability() >= 80, "this GPU has no units for TF32");
        return gpu;
    }

    /// Sequences of all sorts of lengths, each with a room of forty steps.
    private static Scores scores(int n, int states, long seed) {
        Scores one = Scores.random(1, 40 * n, states, false, 0, seed);
        int[] lengths =
                IntStream.range(0, n).map(q -> LENGTHS[q % LENGTHS.length]).toArray();
        return new Scores(n, 40, states, false, one.unary(), one.transitions(), one.start(), one.end(), lengths)
                .withLengths(lengths);
    }

    /// Against f64 logarithms by the definition; tolerances are those of scaled f32 elsewhere.
    private static void check(Scores scores, Answer answer) {
        int states = scores.states();
        for (int q = 0; q < scores.n(); q++) {
            assertEquals(Form.TILES, answer.served[q]);
            Reference reference = scores.lengths()[q] > 0 ? Reference.of(scores, q) : null;
            double logZ = reference == null ? 0 : reference.logPartition()[0];
            assertEquals(logZ, answer.logPartition[q], 1e-6 * Math.max(1, Math.abs(logZ)), "log Z of " + q);
            for (int e = 0; e < scores.steps() * states; e++) {
                double expected = e < scores.lengths()[q] * states ? reference.marginals()[e] : 0;
                assertEquals(expected, answer.unary[q * scores.steps() * states + e], 3e-7, "sequence " + q);
            }
            for (int e = 0; e < states * states; e++) {
                double expected = reference == null ? 0 : reference.pairs()[e];
                assertEquals(
                        expected,
                        answer.transitions[q * states * states + e],
                        1e-6 * Math.max(1, expected),
                        "sequence " + q);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 8, 9, 16, 17, 24, 31, 32})
    void everySizeIsWhatTheDefinitionSays(int states) {
        for (int n : new int[] {1, 15, 16, 17, 33}) {
            Scores scores = scores(n, states, n);
            check(scores, on(gpu(), scores, Form.TILES));
        }
    }

    @Test
    void soIsRoomForFewStepsAndWithoutEdges() {
        for (int steps = 0; steps <= 3; steps++) {
            Scores edged = Scores.random(18, steps, 5, false, 0, steps);
            Scores scores =
                    new Scores(18, steps, 5, false, edged.unary(), edged.transitions(), null, null, edged.lengths());
            check(scores, on(gpu(), scores, Form.TILES));
            check(edged, on(gpu(), edged, Form.TILES));
        }
    }

    /// Whether the units round their sums or cut them is theirs to say. Both directions lose the same by it, so that
    /// their
    /// log Z still agree.
    @Test
    @Tag("simulated")
    void sumsThatAreCutKeepTheDigits() throws IOException {
        for (int states : new int[] {8, 32}) {
            Scores scores = scores(16, states, 4);
            CudaTuning told = choosing(Form.TILES, scores);
            SimulatedGpu.install(Configuration.standard().seed(9));
            Answer cut = on(CudaDevice.open(0, CudaOptions.best().tuned(told)), scores, Form.AUTO);
            check(scores, cut);
            Gpu.expectNothingLeft();
            Answer rounded = on(gpu(), scores, Form.TILES);
            assertFalse(Arrays.equals(rounded.unary, cut.unary), "other bits");
        }
    }

    @Test
    void orderOfTheBatchAndPaddingChangeNoBit() {
        int n = 19;
        Scores scores = scores(n, 11, 5);
        int[] order = IntStream.range(0, n).map(q -> (q * 4 + 2) % n).toArray();
        Scores permuted = scores.permuted(order);
        for (int q = 0; q < n; q++) {
            permuted.fillPadding(q, 1e30f);
        }
        Answer of = on(gpu(), scores, Form.TILES);
        Answer other = on(gpu(), permuted, Form.TILES);
        for (int q = 0; q < n; q++) {
            assertEquals(of.logPartition[order[q]], other.logPartition[q]);
            assertArrayEquals(ChainTrial.part(of.unary, order[q], n), ChainTrial.part(other.unary, q, n));
            assertArrayEquals(ChainTrial.part(of.transitions, order[q], n), ChainTrial.part(other.transitions, q, n));
        }
    }

    @Test
    void aBadScorePoisonsItsOwnSequenceAlone() {
        Scores scores = scores(17, 9, 6);
        Answer clean = on(gpu(), scores, Form.TILES);
        scores.unary()[7 * 40 * 9 + 30] = Float.NaN; // sequence 7, of length 40
        scores.unary()[15 * 40 * 9] = Float.POSITIVE_INFINITY; // sequence 15, of length 3
        Answer of = on(gpu(), scores, Form.TILES);
        for (int q = 0; q < 17; q++) {
            if (q == 7 || q == 15) {
                assertTrue(Float.isNaN(of.logPartition[q]), "log Z of " + q);
            } else {
                assertEquals(clean.logPartition[q], of.logPartition[q]);
                assertArrayEquals(ChainTrial.part(clean.unary, q, 17), ChainTrial.part(of.unary, q, 17));
                assertArrayEquals(ChainTrial.part(clean.transitions, q, 17), ChainTrial.part(of.transitions, q, 17));
            }
        }
    }

    /// A sequence that no path leads through, beside others.
    @Test
    void whatIsImpossibleIsNotNumbers() {
        Scores scores = scores(5, 6, 7);
        Arrays.fill(scores.unary(), 0, 6, Scores.FORBIDDEN);
        Answer of = on(gpu(), scores, Form.TILES);
        assertEquals(Float.NEGATIVE_INFINITY, of.logPartition[0]);
        assertArrayEquals(new float[40 * 6], ChainTrial.part(of.unary, 0, 5));
        assertArrayEquals(new float[36], ChainTrial.part(of.transitions, 0, 5));
        assertTrue(Float.isFinite(of.logPartition[1]));
    }

    @Test
    void aReplayedStepGivesTheSameBits() {
        Scores scores = scores(20, 13, 8);
        Answer eager = on(gpu(), scores, Form.TILES);
        ChainTrial.on(gpu(), memory -> {
            LinearChain chain = scores.on(memory);
            try (Step<Inference.Marginals> step = Step.record(
                    memory.device(), "chain", own -> new Inference(Ops.plain(own), chain, Form.TILES).marginals())) {
                step.run(3);
                eager.expectBits(Answer.of(memory, step.result()));
            }
            return null;
        });
    }

    /// More states than a warp holds, or a matrix for every step, are served as ever.
    @Test
    void whatDoesNotFitIsServedAsEver() {
        for (Scores scores : List.of(Scores.random(1, 2, 33, false, 0, 9), Scores.random(2, 3, 4, true, 0, 9))) {
            for (Form served : on(gpu(), scores, Form.TILES).served) {
                assertEquals(Form.SCALED_F32, served);
            }
        }
    }

    @Test
    @Tag("simulated")
    void soIsEverythingOnADeviceWithoutTheUnits() {
        Scores scores = scores(3, 4, 10);
        SimulatedGpu.install(Configuration.standard().computeCapability(75));
        Answer old = on(CudaDevice.open(0, CudaOptions.best()), scores, Form.TILES);
        assertArrayEquals(new Form[] {Form.SCALED_F32, Form.SCALED_F32, Form.SCALED_F32}, old.served);
    }

    /// What no clock has shown to be faster is not taken; what one has is, from then on, and gives its bits.
    @Test
    void aTunedDeviceTakesWhatItsTableSays() throws IOException {
        Scores scores = scores(16, 8, 11);
        assertEquals(Form.SCALED_F32, on(gpu(), scores, Form.AUTO).served[0]);
        for (Form form : List.of(Form.SCALED_F32, Form.TILES)) {
            CudaTuning told = choosing(form, scores);
            Gpu.expectNothingLeft();
            Answer auto = on(Gpu.open(CudaOptions.best().tuned(told)), scores, Form.AUTO);
            on(gpu(), scores, form).expectBits(auto);
            assertEquals(1, Files.readAllLines(told.algorithms().orElseThrow()).size());
        }
    }

    /// A table that says what is to be taken for some scores, whatever the clock has said.
    private CudaTuning choosing(Form form, Scores scores) throws IOException {
        Path file = folder.resolve(form + "-" + scores.states());
        CudaTuning tuning = CudaTuning.none().timed(file);
        Answer tried = on(Gpu.open(CudaOptions.best().tuned(tuning)), scores, Form.AUTO);
        String[] line = Files.readString(file).strip().split("\t");
        String task = "chains of %d x %d x %d".formatted(scores.n(), scores.steps(), scores.states());
        assertTrue(line[0].endsWith(task), line[0]);
        assertEquals(tried.served[0].name(), line[1]);
        Files.writeString(file, line[0] + "\t" + form + "\n");
        return tuning;
    }
}
