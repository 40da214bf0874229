package dev.elbo.models.sequence;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.models.data.Sequences;
import dev.elbo.models.layers.DenseStack;
import dev.elbo.models.layers.OnCpu;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.GradientCheck;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.chain.Inference;
import dev.elbo.runtime.chain.LinearChain;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.ops.Draws;
import dev.elbo.runtime.random.Purpose;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TranscriptsTest extends OnCpu {
    private static final Lexicon LEXICON = new Lexicon(2, 2);
    private static final int STATES = 4;
    private static final int FEATURES = 2;

    /// What is said: a word, a word twice, one and the other; the shortest leaves no room to stay anywhere.
    private static final int[][] SAID = {{2, 2, 3, 3, 3}, {0, 1, 0, 1, 1, 1}, {0, 1, 1, 2, 3}, {2, 3}};

    private Parameters<Hmm> hmm(long seed) {
        Parameters<Hmm> hmm = Parameters.of(cpu, "hmm", arena, m -> {
            Clock init = Clock.of(seed, 0, m);
            DenseStack network = DenseStack.of(FEATURES, List.of(3), Activation.TANH, init, m);
            return Hmm.of(network, Emissions.Gaussians.of(STATES, 2, 3, true, init, m), LEXICON, m);
        });
        Clock clock = Clock.of(seed, 1, memory);
        for (Parameters.Parameter each : hmm.all()) {
            Tensor noise = Draws.normals(each.value().shape(), clock.next(Purpose.INITIALISE), memory);
            cpu.write(cpu.floats(f.plus(each.value(), f.times(noise, 0.5f))), each.value());
        }
        return hmm;
    }

    private Sequences sequences() {
        float[][][] x = new float[SAID.length][][];
        for (int q = 0; q < x.length; q++) {
            x[q] = new float[SAID[q].length][FEATURES];
            for (int e = 0; e < x[q].length * FEATURES; e++) {
                x[q][e / FEATURES][e % FEATURES] = (float) Math.sin(3 * e + q);
            }
        }
        return Toy.numbers(x, SAID, STATES, arena);
    }

    private static int[] everyone() {
        return IntStream.range(0, SAID.length).toArray();
    }

    private Ragged batch() {
        return Ragged.upload(sequences(), everyone(), memory);
    }

    private Transcripts transcripts() {
        return Transcripts.upload(sequences(), everyone(), 6, STATES, memory);
    }

    /// Σ exp score over all paths, by the states that they go through; the whole sum under "all".
    private Map<String, Double> byEnumeration(LinearChain chain, int q, int length) {
        float[] unary = cpu.floats(chain.unary());
        float[] transitions = cpu.floats(chain.transitions());
        float[] start = cpu.floats(chain.start());
        float[] end = cpu.floats(chain.end());
        Map<String, Double> sums = new HashMap<>();
        for (int code = 0; code < Math.pow(STATES, length); code++) {
            double score = 0;
            int before = -1;
            List<Integer> through = new ArrayList<>();
            for (int t = 0, rest = code; t < length; t++, rest /= STATES) {
                int state = rest % STATES;
                score += unary[(q * chain.steps() + t) * STATES + state];
                score += before < 0 ? start[state] : transitions[before * STATES + state];
                if (state != before) {
                    through.add(state);
                }
                before = state;
            }
            double p = Math.exp(score + end[before]);
            sums.merge(through.toString(), p, Double::sum);
            sums.merge("all", p, Double::sum);
        }
        return sums;
    }

    private static String through(int[] labels) {
        return IntStream.range(0, labels.length)
                .filter(t -> t == 0 || labels[t] != labels[t - 1])
                .mapToObj(t -> labels[t])
                .toList()
                .toString();
    }

    @Test
    void numeratorAndDenominatorAreThoseOfTheEnumeration() {
        LinearChain chain = hmm(1).model().chain(f, batch());
        float[] numerator = cpu.floats(transcripts().logLikelihood(f, chain));
        float[] denominator = cpu.floats(Inference.of(f, chain).logPartition().value());
        float[] conditional = cpu.floats(transcripts().logConditional(f, chain));
        for (int q = 0; q < SAID.length; q++) {
            Map<String, Double> sums = byEnumeration(chain, q, SAID[q].length);
            double said = Math.log(sums.get(through(SAID[q])));
            double all = Math.log(sums.get("all"));
            assertEquals(said, numerator[q], 1e-5 * Math.max(1, Math.abs(said)), "said, sequence " + q);
            assertEquals(all, denominator[q], 1e-5 * Math.max(1, Math.abs(all)), "all, sequence " + q);
            assertEquals(said - all, conditional[q], 2e-5, "sequence " + q);
        }
    }

    /// The joint criterion reaches network, mixtures and transitions; so does the likelihood alone.
    @Test
    void gradientMatchesFiniteDifference() {
        Parameters<Hmm> hmm = hmm(2);
        Ragged batch = batch();
        Transcripts said = transcripts();
        List<Tensor> wanted =
                hmm.all().stream().map(Parameters.Parameter::value).toList();
        for (long seed = 1; seed <= 3; seed++) {
            GradientCheck.Result conditional = GradientCheck.of(
                    cpu, (ops, _) -> said.logConditional(ops, hmm.model().chain(ops, batch)), List.of(), wanted, seed);
            assertTrue(conditional.error() < 3e-3, conditional.toString());
            GradientCheck.Result likelihood = GradientCheck.of(
                    cpu, (ops, _) -> said.logLikelihood(ops, hmm.model().chain(ops, batch)), List.of(), wanted, seed);
            assertTrue(likelihood.error() < 3e-3, likelihood.toString());
        }
    }

    private record Gradients(float[] value, float[] unary, float[] transitions, float[] start) {}

    private Gradients gradients(LinearChain chain, Transcripts said) {
        Tape tape = new Tape(memory);
        Tensor unary = memory.empty(chain.unary().shape());
        Tensor transitions = memory.empty(chain.transitions().shape());
        Tensor start = memory.empty(chain.start().shape());
        tape.watch(chain.unary(), unary);
        tape.watch(chain.transitions(), transitions);
        tape.watch(chain.start(), start);
        Ops taped = Ops.taped(memory, tape);
        Tensor value = said.logConditional(taped, chain);
        tape.pullback(taped.sum(value), 1);
        return new Gradients(cpu.floats(value), cpu.floats(unary), cpu.floats(transitions), cpu.floats(start));
    }

    /// Transitions are shared and forbidden ones have no gradient: compared one by one, not along a direction.
    @Test
    void gradientOfTransitionsMatchesFiniteDifference() {
        LinearChain chain = hmm(3).model().chain(f, batch());
        Gradients gradients = gradients(chain, transcripts());
        float[] transitions = cpu.floats(chain.transitions());
        float h = 1e-2f;
        for (int e = 0; e < transitions.length; e++) {
            double expected = 0;
            for (int sign = -1; sign <= 1 && transitions[e] > Float.NEGATIVE_INFINITY; sign += 2) {
                float[] moved = transitions.clone();
                moved[e] += sign * h;
                LinearChain other = new LinearChain(
                        chain.unary(),
                        memory.floats(Shape.of(STATES, STATES), moved),
                        chain.start(),
                        chain.end(),
                        chain.lengths());
                for (float value : cpu.floats(transcripts().logConditional(f, other))) {
                    expected += sign * value / (2 * h);
                }
            }
            assertEquals(expected, gradients.transitions[e], 1e-3, "transition " + e);
        }
    }

    @Test
    void nothingInThePaddingIsLookedAt() {
        LinearChain chain = hmm(4).model().chain(f, batch());
        float[] unary = cpu.floats(chain.unary());
        for (int q = 0; q < SAID.length; q++) {
            Arrays.fill(unary, (q * 6 + SAID[q].length) * STATES, (q + 1) * 6 * STATES, Float.NaN);
        }
        LinearChain padded = new LinearChain(
                memory.floats(chain.unary().shape(), unary),
                chain.transitions(),
                chain.start(),
                chain.end(),
                chain.lengths());
        Gradients expected = gradients(chain, transcripts());
        Gradients actual = gradients(padded, transcripts());
        assertArrayEquals(expected.value, actual.value);
        assertArrayEquals(expected.unary, actual.unary);
        assertArrayEquals(expected.transitions, actual.transitions);
        assertArrayEquals(expected.start, actual.start);
    }

    /// Given what was said, each step of expectation maximisation raises log p(x, words).
    @Test
    void expectationMaximisationNeverFalls() {
        Parameters<Hmm> hmm = hmm(5);
        int[][] labels = new int[20][];
        float[][][] x = new float[labels.length][][];
        SplittableRandom random = new SplittableRandom(6);
        for (int q = 0; q < labels.length; q++) {
            int[] said = {0, 1, 2 * (q % 2), 2 * (q % 2) + 1, 2, 3};
            labels[q] = IntStream.of(said)
                    .flatMap(state -> IntStream.generate(() -> state).limit(random.nextInt(1, 5)))
                    .toArray();
            x[q] = new float[labels[q].length][FEATURES];
            for (int t = 0; t < x[q].length; t++) {
                x[q][t][0] = (float) random.nextGaussian() + labels[q][t];
                x[q][t][1] = (float) random.nextGaussian() - labels[q][t] % 2;
            }
        }
        Sequences sequences = Toy.numbers(x, labels, STATES, arena);
        int[] all = IntStream.range(0, labels.length).toArray();
        Ragged batch = Ragged.upload(sequences, all, memory);
        Transcripts said = Transcripts.upload(sequences, all, batch.steps(), STATES, memory);
        List<Double> losses = new ArrayList<>();
        try (BaumWelch em = new BaumWelch(hmm, List.of(batch), List.of(said), new BaumWelch.Prior(0, 0), 10)) {
            em.run(progress -> losses.add(progress.loss()));
        }
        for (int i = 1; i < losses.size(); i++) {
            assertTrue(losses.get(i) <= losses.get(i - 1) + 1e-5 * Math.abs(losses.get(i)), losses.toString());
        }
        assertTrue(losses.getLast() < losses.getFirst() - 1e-3, losses.toString());
        float[] transitions = cpu.floats(hmm.model().chain(f, batch).transitions());
        assertEquals(Float.NEGATIVE_INFINITY, transitions[2], "from part 0 to another word");
    }

    @Test
    void gatheredTranscriptsAreTheSame() {
        LinearChain chain = hmm(6).model().chain(f, batch());
        float[] inOrder = cpu.floats(transcripts().logConditional(f, chain));
        Tensor turned = memory.ints(Shape.of(SAID.length), 3, 2, 1, 0);
        LinearChain other = hmm(6).model().chain(f, batch().gather(f, turned));
        float[] actual = cpu.floats(transcripts().gather(f, turned).logConditional(f, other));
        for (int q = 0; q < SAID.length; q++) {
            assertEquals(inOrder[q], actual[SAID.length - 1 - q]);
        }
    }

    @Test
    void aLexiconIsReadFromItsClasses() {
        assertEquals(new Lexicon(2, 3), Lexicon.of(List.of("a.0", "a.1", "a.2", "b.0", "b.1", "b.2")));
        assertThrows(IllegalArgumentException.class, () -> Lexicon.of(List.of("a.0", "a.1", "b.0")));
        assertThrows(IllegalArgumentException.class, () -> Lexicon.of(List.of("a.0", "b.0", "a.1", "b.1")));
    }

    /// The constants do what they say to the score of every path, and nothing to what is forbidden.
    @Test
    void aDecodersConstantsChangeTheScores() {
        LinearChain chain = hmm(7).model().chain(f, batch());
        LinearChain decoded = new Decoding(0.5f, -3).apply(f, chain, LEXICON);
        float[] before = cpu.floats(chain.transitions());
        float[] after = cpu.floats(decoded.transitions());
        for (int e = 0; e < before.length; e++) {
            boolean begins = e / STATES % 2 == 1 && e % STATES % 2 == 0;
            assertEquals(begins ? before[e] - 3 : before[e], after[e], "transition " + e);
        }
        float[] unary = cpu.floats(chain.unary());
        float[] scaled = cpu.floats(decoded.unary());
        for (int e = 0; e < unary.length; e++) {
            assertEquals(0.5f * unary[e], scaled[e]);
        }
        assertThrows(IllegalArgumentException.class, () -> new Decoding(0, 0));
    }
}
