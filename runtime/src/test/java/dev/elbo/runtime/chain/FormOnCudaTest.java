package dev.elbo.runtime.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
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

/// A form of scaled f32 that some GPUs have and others do without: every number against the definition, on both
/// sides of what the form makes in one piece.
@Tag("device")
abstract class FormOnCudaTest {
    final Form form;
    private final int capability;
    private final int[] lengths;

    @TempDir
    Path folder;

    /// @param capability of the first devices that have it
    /// @param lengths    of sequences, taken in turn; the first is the longest
    FormOnCudaTest(Form form, int capability, int... lengths) {
        this.form = form;
        this.capability = capability;
        this.lengths = lengths;
    }

    /// States on both sides of the form's pieces, at least two of them; the second is small.
    abstract int[] states();

    /// Numbers of sequences likewise, the most last.
    abstract int[] batches();

    /// Chains that the form leaves to [Form#SCALED_F32].
    abstract List<Scores> others();

    @AfterEach
    void expectNothingLeft() {
        Gpu.expectNothingLeft();
    }

    /// What the passes leave.
    record Answer(float[] logPartition, Form[] served, float[] unary, float[] transitions) {
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

    static Answer on(CudaDevice opened, Scores scores, Form form) {
        return ChainTrial.on(opened, memory -> Answer.of(memory, scores, form));
    }

    Answer answer(Scores scores) {
        return on(gpu(), scores, form);
    }

    CudaDevice gpu() {
        CudaDevice gpu = Gpu.open(CudaOptions.best());
        boolean loads = gpu.computeCapability() >= capability;
        if (!loads) {
            gpu.close();
        }
        // The kernels of the form are instructions that an older GPU does not have: there is nothing to test on it.
        assumeTrue(loads, () -> form + " needs compute capability " + capability + ", this GPU has less");
        return gpu;
    }

    /// Sequences of all sorts of lengths, NaN in what they leave of their room.
    Scores scores(int n, int states, long seed) {
        int room = lengths[0];
        Scores one = Scores.random(1, room * n, states, false, 0, seed);
        int[] own = IntStream.range(0, n).map(q -> lengths[q % lengths.length]).toArray();
        return new Scores(n, room, states, false, one.unary(), one.transitions(), one.start(), one.end(), own)
                .withLengths(own);
    }

    /// As many sequences and states as the edges of the form's pieces ask for.
    private Scores some(long seed) {
        return scores(batches()[batches().length - 1], states()[1], seed);
    }

    /// Against f64 logarithms by the definition; tolerances are those of scaled f32 elsewhere.
    void check(Scores scores, Answer answer) {
        int each = scores.steps() * scores.states();
        int square = scores.states() * scores.states();
        for (int q = 0; q < scores.n(); q++) {
            String name = "sequence " + q + " of " + scores.n() + " x " + scores.states();
            assertEquals(form, answer.served[q], name);
            Reference reference = scores.lengths()[q] > 0 ? Reference.of(scores, q) : null;
            double logZ = reference == null ? 0 : reference.logPartition()[0];
            assertEquals(logZ, answer.logPartition[q], 1e-6 * Math.max(1, Math.abs(logZ)), name);
            for (int e = 0; e < each; e++) {
                double expected =
                        e < scores.lengths()[q] * scores.states() ? reference.marginals()[e] : 0;
                assertEquals(expected, answer.unary[q * each + e], 3e-7, name);
            }
            for (int e = 0; e < square; e++) {
                double expected = reference == null ? 0 : reference.pairs()[e];
                assertEquals(expected, answer.transitions[q * square + e], 1e-6 * Math.max(1, expected), name);
            }
        }
    }

    @Test
    void everySizeIsWhatTheDefinitionSays() {
        for (int states : states()) {
            for (int n : batches()) {
                Scores scores = scores(n, states, n);
                check(scores, answer(scores));
            }
        }
    }

    @Test
    void soIsRoomForFewStepsAndWithoutEdges() {
        int n = 3;
        int states = states()[1];
        for (int steps = 0; steps <= 3; steps++) {
            Scores edged = Scores.random(n, steps, states, false, 0, steps);
            Scores plain = new Scores(
                    n, steps, states, false, edged.unary(), edged.transitions(), null, null, edged.lengths());
            check(plain, answer(plain));
            check(edged, answer(edged));
        }
    }

    @Test
    void orderOfTheBatchAndPaddingChangeNoBit() {
        Scores scores = some(5);
        int n = scores.n();
        int[] order = IntStream.range(0, n).map(q -> n - 1 - q).toArray();
        Scores permuted = scores.permuted(order);
        for (int q = 0; q < n; q++) {
            permuted.fillPadding(q, 1e30f);
        }
        Answer of = answer(scores);
        Answer other = answer(permuted);
        for (int q = 0; q < n; q++) {
            expectPart(of, order[q], other, q, n);
        }
    }

    private static void expectPart(Answer of, int from, Answer other, int to, int n) {
        assertEquals(of.logPartition[from], other.logPartition[to]);
        assertArrayEquals(ChainTrial.part(of.unary, from, n), ChainTrial.part(other.unary, to, n));
        assertArrayEquals(ChainTrial.part(of.transitions, from, n), ChainTrial.part(other.transitions, to, n));
    }

    @Test
    void aBadScorePoisonsItsOwnSequenceAlone() {
        Scores scores = some(6);
        Answer clean = answer(scores);
        int n = scores.n();
        int each = scores.steps() * scores.states();
        scores.unary()[each - 1] = Float.NaN; // the last step of the first, which is the longest
        scores.unary()[each] = Float.POSITIVE_INFINITY; // the first of the second
        Answer of = answer(scores);
        assertTrue(Float.isNaN(of.logPartition[0]) && Float.isNaN(of.logPartition[1]));
        for (int q = 2; q < n; q++) {
            expectPart(clean, q, of, q, n);
        }
    }

    /// A sequence that no path leads through, beside others.
    @Test
    void whatIsImpossibleIsNotNumbers() {
        Scores scores = some(7);
        Arrays.fill(scores.unary(), 0, scores.states(), Scores.FORBIDDEN);
        Answer of = answer(scores);
        int square = scores.states() * scores.states();
        assertEquals(Float.NEGATIVE_INFINITY, of.logPartition[0]);
        assertArrayEquals(
                new float[scores.steps() * scores.states()], Arrays.copyOf(of.unary, scores.steps() * scores.states()));
        assertArrayEquals(new float[square], Arrays.copyOf(of.transitions, square));
        assertTrue(Float.isFinite(of.logPartition[1]));
    }

    @Test
    void aReplayedStepGivesTheSameBits() {
        Scores scores = some(8);
        Answer eager = answer(scores);
        ChainTrial.on(gpu(), memory -> {
            LinearChain chain = scores.on(memory);
            try (Step<Inference.Marginals> step = Step.record(
                    memory.device(), "chain", own -> new Inference(Ops.plain(own), chain, form).marginals())) {
                step.run(3);
                eager.expectBits(Answer.of(memory, step.result()));
            }
            return null;
        });
    }

    /// Warps and blocks in another order, as far as barriers allow.
    @Test
    @Tag("simulated")
    void theOrderOfWarpsIsNobodysBusiness() {
        Scores scores = some(9);
        for (long seed = 1; seed <= 2; seed++) {
            SimulatedGpu.install(Configuration.standard().seed(seed));
            check(scores, on(CudaDevice.open(0, CudaOptions.best()), scores, form));
            Gpu.expectNothingLeft();
        }
    }

    @Test
    void whatDoesNotFitIsServedAsEver() {
        for (Scores scores : others()) {
            for (Form served : answer(scores).served) {
                assertEquals(Form.SCALED_F32, served);
            }
        }
    }

    @Test
    @Tag("simulated")
    void soIsEverythingOnAnOlderDevice() {
        Scores scores = scores(1, states()[1], 10);
        SimulatedGpu.install(Configuration.standard().computeCapability(75));
        Answer old = on(CudaDevice.open(0, CudaOptions.best()), scores, form);
        assertArrayEquals(new Form[] {Form.SCALED_F32}, old.served);
    }

    /// What no clock has shown to be faster is not taken; what one has is, from then on, and gives its bits.
    @Test
    void aTunedDeviceTakesWhatItsTableSays() throws IOException {
        Scores scores = scores(1, states()[1], 11);
        assertEquals(Form.SCALED_F32, on(gpu(), scores, Form.AUTO).served[0]);
        for (Form each : List.of(Form.SCALED_F32, form)) {
            CudaTuning told = choosing(each, scores);
            Gpu.expectNothingLeft();
            Answer auto = on(Gpu.open(CudaOptions.best().tuned(told)), scores, Form.AUTO);
            on(gpu(), scores, each).expectBits(auto);
            assertEquals(1, Files.readAllLines(told.algorithms().orElseThrow()).size());
        }
    }

    /// A trial decides nothing but who is fast: scores that f32 cannot serve are served as ever.
    @Test
    void aTrialLeavesWhatF32CannotServeToF64() {
        Scores scores = Scores.random(2, 3, states()[1], false, 0.2, 12);
        Answer plain = on(gpu(), scores, Form.AUTO);
        CudaTuning tuning = CudaTuning.none().timed(folder.resolve("chosen.tsv"));
        Answer tuned = on(Gpu.open(CudaOptions.best().tuned(tuning)), scores, Form.AUTO);
        assertEquals(Form.SCALED_F64, tuned.served[0]);
        plain.expectBits(tuned);
    }

    /// A table that says what is to be taken for some scores, whatever the clock has said.
    CudaTuning choosing(Form each, Scores scores) throws IOException {
        String task = "chains of %d x %d x %d".formatted(scores.n(), scores.steps(), scores.states());
        Path file = folder.resolve(task);
        CudaTuning tuning = CudaTuning.none().timed(file);
        if (Files.notExists(file)) {
            Answer tried = on(Gpu.open(CudaOptions.best().tuned(tuning)), scores, Form.AUTO);
            String[] line = Files.readString(file).strip().split("\t");
            assertTrue(line[0].endsWith(task), line[0]);
            assertEquals(tried.served[0].name(), line[1]);
        }
        Files.writeString(file, Files.readString(file).replaceAll("\t.*", "\t" + each));
        return tuning;
    }
}
