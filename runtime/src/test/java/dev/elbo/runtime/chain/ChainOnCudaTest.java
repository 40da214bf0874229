package dev.elbo.runtime.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.kernels.KernelFamily;
import dev.elbo.kernels.Kernels;
import dev.elbo.runtime.CudaOptions;
import dev.elbo.runtime.Gpu;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Step;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Chains of every size of kernel on the GPU of this run against the CPU.
@Tag("device")
class ChainOnCudaTest {
    /// One for each kernel of the passes, on both sides of their limits, and one that only logarithms can serve.
    static Stream<Scores> batches() {
        return Stream.of(
                Scores.random(9, 6, 8, false, 0, 1),
                Scores.random(3, 70, 5, false, 0, 2),
                Scores.random(5, 4, 9, false, 0, 3),
                Scores.random(3, 4, 33, false, 0, 4),
                Scores.random(2, 3, 129, false, 0, 5),
                Scores.random(7, 5, 6, false, 0.2, 6),
                Scores.random(5, 4, 3, true, 0.1, 7),
                Scores.random(5, 4, 6, true, 0, 8),
                Scores.random(3, 3, 40, true, 0, 9),
                Scores.random(2, 2, 130, true, 0, 10));
    }

    @AfterEach
    void expectNothingLeft() {
        Gpu.expectNothingLeft();
    }

    private static ChainTrial onGpu(Scores scores, Form form) {
        return ChainTrial.on(Gpu.open(CudaOptions.best()), memory -> ChainTrial.of(memory, scores, form));
    }

    @ParameterizedTest
    @MethodSource("batches")
    void gpuMatchesCpu(Scores scores) {
        ChainTrial cpu = ChainTrial.onCpu(scores, Form.AUTO);
        ChainTrial gpu = onGpu(scores, Form.AUTO);
        assertArrayEquals(cpu.paths(), gpu.paths());
        assertArrayEquals(cpu.pathScores(), gpu.pathScores());
        assertArrayEquals(cpu.samples(), gpu.samples());
        assertClose(1e-6, cpu.logPartition(), gpu.logPartition());
        assertClose(3e-7, cpu.unary(), gpu.unary());
        assertClose(1e-6, cpu.transitions(), gpu.transitions());
        assertClose(1e-6, cpu.entropy(), gpu.entropy());
        assertArrayEquals(cpu.served(), gpu.served());
    }

    /// Forced, each form serves every sequence and says so.
    @ParameterizedTest
    @MethodSource("batches")
    void everyFormIsTheCpus(Scores scores) {
        for (Form form : Form.values()) {
            // Matrix units and clusters have tests of their own.
            boolean elsewhere = form == Form.AUTO || form == Form.TILES || form == Form.CLUSTERS;
            if (elsewhere || form == Form.SCAN && (scores.perStep() || scores.states() > 32)) {
                continue;
            }
            ChainTrial cpu = ChainTrial.onCpu(scores, form);
            ChainTrial gpu = onGpu(scores, form);
            assertArrayEquals(cpu.served(), gpu.served());
            assertClose(1e-6, cpu.logPartition(), gpu.logPartition());
            assertClose(3e-7, cpu.unary(), gpu.unary());
            assertClose(1e-6, cpu.transitions(), gpu.transitions());
        }
    }

    /// Ends in every place of a chunk, chunks of one transition, and sequences that are too short to be cut.
    @Test
    void chunksGiveWhatOnePieceGives() {
        for (int states : new int[] {1, 3, 8, 11}) {
            Scores scores = Scores.random(4, 300, states, false, 0, states).withLengths(300, 258, 129, 1);
            ChainTrial cpu = ChainTrial.onCpu(scores, Form.SCALED_F64);
            ChainTrial gpu = onGpu(scores, Form.SCAN);
            assertArrayEquals(new Form[] {Form.SCAN, Form.SCAN, Form.SCAN, Form.SCALED_F32}, gpu.served());
            assertClose(1e-6, cpu.logPartition(), gpu.logPartition());
            assertClose(3e-7, cpu.unary(), gpu.unary());
            assertClose(1e-6, cpu.transitions(), gpu.transitions());
        }
    }

    /// A path through states that f32 loses, and one that f64 loses too: what one form cannot vouch for goes on to the
    /// next.
    @Test
    void whatAFormLosesGoesToTheNext() {
        for (float fall : new float[] {2, 12, 40}) {
            Scores scores = leftToRight(60, fall);
            ChainTrial cpu = ChainTrial.onCpu(scores, Form.AUTO);
            ChainTrial gpu = onGpu(scores, Form.AUTO);
            assertArrayEquals(new Form[] {fall == 40 ? Form.LOG : Form.SCALED_F64}, gpu.served());
            assertArrayEquals(cpu.served(), gpu.served());
            assertClose(1e-6, cpu.logPartition(), gpu.logPartition());
            assertClose(3e-7, cpu.unary(), gpu.unary());
            assertClose(1e-6, cpu.transitions(), gpu.transitions());
        }
    }

    /// Two states, no way back, and an end in the second whose scores fall behind at every step.
    private static Scores leftToRight(int steps, float fall) {
        float[] unary = new float[2 * steps];
        for (int t = 0; t < steps; t++) {
            unary[2 * t] = t < steps - 3 ? fall : 0;
        }
        float no = Scores.FORBIDDEN;
        return new Scores(
                1,
                steps,
                2,
                false,
                unary,
                new float[] {0, 0, no, 0},
                new float[] {0, no},
                new float[] {no, 0},
                new int[] {steps});
    }

    @Test
    void orderOfTheBatchAndPaddingChangeNoBit() {
        Scores scores = Scores.random(9, 6, 5, false, 0, 8);
        int[] order = IntStream.range(0, 9).map(q -> (q * 4 + 2) % 9).toArray();
        ChainTrial of = onGpu(scores, Form.AUTO);
        Scores permuted = scores.permuted(order);
        for (int q = 0; q < 9; q++) {
            permuted.fillPadding(q, 1e30f);
        }
        ChainTrial other = onGpu(permuted, Form.AUTO);
        for (int q = 0; q < 9; q++) {
            assertEquals(of.logPartition()[order[q]], other.logPartition()[q]);
            assertArrayEquals(ChainTrial.part(of.unary(), order[q], 9), ChainTrial.part(other.unary(), q, 9));
            assertArrayEquals(
                    ChainTrial.part(of.transitions(), order[q], 9), ChainTrial.part(other.transitions(), q, 9));
        }
    }

    @Test
    void aBadScorePoisonsItsOwnSequenceAlone() {
        Scores scores = Scores.random(6, 4, 5, false, 0, 9);
        ChainTrial clean = onGpu(scores, Form.AUTO);
        scores.unary()[5 * 4 * 5 + 1] = Float.NaN; // sequence 5, of length 4
        scores.unary()[0] = Float.POSITIVE_INFINITY; // sequence 0, of length 4
        ChainTrial of = onGpu(scores, Form.AUTO);
        for (int q = 0; q < 6; q++) {
            if (q == 0 || q == 5) {
                assertTrue(Float.isNaN(of.logPartition()[q]));
                assertTrue(Float.isNaN(of.pathScores()[q * ChainTrial.PATHS]));
            } else {
                assertEquals(clean.logPartition()[q], of.logPartition()[q]);
                assertArrayEquals(ChainTrial.part(clean.unary(), q, 6), ChainTrial.part(of.unary(), q, 6));
            }
        }
    }

    /// From the first state and from the last, at one step of one sequence.
    @Test
    void aBadTransitionPoisonsItsOwnSequenceAlone() {
        Scores scores = Scores.random(6, 4, 5, true, 0, 9);
        ChainTrial clean = onGpu(scores, Form.AUTO);
        for (int from : new int[] {0, 4}) {
            for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
                int place = ((5 * 3 + 1) * 5 + from) * 5 + 2; // sequence 5, of length 4
                float before = scores.transitions()[place];
                scores.transitions()[place] = bad;
                ChainTrial of = onGpu(scores, Form.AUTO);
                scores.transitions()[place] = before;
                assertTrue(Float.isNaN(of.logPartition()[5]));
                assertTrue(Float.isNaN(of.pathScores()[5 * ChainTrial.PATHS]));
                for (int q = 0; q < 5; q++) {
                    assertEquals(clean.logPartition()[q], of.logPartition()[q]);
                    assertEquals(clean.pathScores()[q * ChainTrial.PATHS], of.pathScores()[q * ChainTrial.PATHS]);
                }
            }
        }
    }

    /// The one way to the end begins with a step that f64 calls 0, and is closed at every later one.
    @Test
    void aWayThatIsClosedLaterIsNotLost() {
        float no = Scores.FORBIDDEN;
        float[] transitions = {0, -800, no, 0, 0, no, no, 0, 0, no, no, 0};
        Scores scores = new Scores(
                1, 4, 2, true, new float[8], transitions, new float[] {0, no}, new float[] {no, 0}, new int[] {4});
        ChainTrial gpu = onGpu(scores, Form.AUTO);
        assertEquals(-800, gpu.logPartition()[0], 1e-4);
        assertArrayEquals(new Form[] {Form.LOG}, gpu.served());
        assertArrayEquals(new float[] {1, 0, 0, 1, 0, 1, 0, 1}, gpu.unary(), 1e-6f);
        assertEquals(-800, ChainTrial.onCpu(scores, Form.AUTO).logPartition()[0], 1e-4);
    }

    /// What serves is decided on the device, anew at every replay.
    @Test
    void replaysChooseTheirFormAnew() {
        Scores first = Scores.random(6, 5, 4, false, 0, 10);
        Scores second = Scores.random(6, 5, 4, false, 0.3, 11);
        ChainTrial cpu = ChainTrial.onCpu(second, Form.AUTO);
        ChainTrial.on(Gpu.open(CudaOptions.best()), memory -> {
            LinearChain chain = first.on(memory);
            try (Step<Inference.Marginals> step = Step.record(
                    memory.device(),
                    "chain",
                    own -> Inference.of(Ops.plain(own), chain).marginals())) {
                step.run();
                write(second, chain, memory);
                step.run();
                assertClose(
                        3e-7, cpu.unary(), memory.device().floats(step.result().unary()));
                assertClose(
                        1e-6,
                        cpu.transitions(),
                        memory.device().floats(step.result().transitions()));
            }
            return null;
        });
    }

    private static void write(Scores scores, LinearChain chain, Memory memory) {
        memory.device().write(scores.unary(), chain.unary());
        memory.device().write(scores.transitions(), chain.transitions());
        memory.device().write(scores.start(), chain.start());
        memory.device().write(scores.end(), chain.end());
        memory.device().write(scores.lengths(), chain.lengths());
    }

    @Test
    void chainsOverManyStatesAreNotCut() {
        Scores scores = Scores.random(1, 2, 33, false, 0, 12);
        assertArrayEquals(new Form[] {Form.SCALED_F32}, onGpu(scores, Form.SCAN).served());
    }

    /// The kernels whose bits are not the CPU's own are these: chains run in this package's tests, products in
    /// SplitProductsOnCudaTest.
    @Test
    void noOtherFamilyIsWithoutABitContract() {
        assertEquals(
                "[chain, chain_clusters, chain_gradients, chain_logs, chain_paths, chain_scaled, chain_scan,"
                        + " chain_steps, chain_tiles, matmul_split]",
                Kernels.families().stream()
                        .filter(family -> !family.header().bitContract())
                        .map(KernelFamily::name)
                        .toList()
                        .toString());
    }

    private static void assertClose(double tolerance, float[] expected, float[] actual) {
        assertEquals(expected.length, actual.length);
        for (int e = 0; e < expected.length; e++) {
            boolean equal = expected[e] == actual[e] || Float.isNaN(expected[e]) && Float.isNaN(actual[e]);
            if (!equal) {
                assertEquals(expected[e], actual[e], tolerance * Math.max(1, Math.abs(expected[e])), "element " + e);
            }
        }
    }
}
