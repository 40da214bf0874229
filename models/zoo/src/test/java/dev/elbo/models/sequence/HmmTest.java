package dev.elbo.models.sequence;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.models.data.Sequences;
import dev.elbo.models.layers.DenseStack;
import dev.elbo.models.layers.OnCpu;
import dev.elbo.models.training.TrainingStoppedException;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.DType;
import dev.elbo.runtime.GradientCheck;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.chain.Inference;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.ops.Draws;
import dev.elbo.runtime.random.Purpose;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HmmTest extends OnCpu {
    private static final int STATES = 2;
    private static final int SYMBOLS = 4;
    private static final int COMPONENTS = 2;
    private static final int D = 2;
    private static final BaumWelch.Prior NO_PRIOR = new BaumWelch.Prior(0, 0);

    private Parameters<Hmm> categorical(long seed) {
        return Parameters.of(cpu, "hmm", arena, m -> {
            Clock init = Clock.of(seed, 0, m);
            return Hmm.of(new DenseStack(1, List.of()), Emissions.Categorical.of(SYMBOLS, STATES, init, m), m);
        });
    }

    private Parameters<Hmm> gaussian(boolean full, int hidden, long seed) {
        return Parameters.of(cpu, "hmm", arena, m -> {
            Clock init = Clock.of(seed, 0, m);
            List<Integer> widths = hidden == 0 ? List.of() : List.of(hidden);
            DenseStack network = DenseStack.of(D, widths, Activation.TANH, init, m);
            int d = network.outputs();
            return Hmm.of(network, Emissions.Gaussians.of(STATES, COMPONENTS, d, full, init, m), m);
        });
    }

    /// Every parameter somewhere else.
    private void stir(Parameters<Hmm> parameters, long seed) {
        Clock clock = Clock.of(seed, 0, memory);
        for (Parameters.Parameter each : parameters.all()) {
            Tensor noise = Draws.normals(each.value().shape(), clock.next(Purpose.INITIALISE), memory);
            cpu.write(cpu.floats(f.plus(each.value(), f.times(noise, 0.5f))), each.value());
        }
    }

    private Sequences symbols(int[][] x, int[][] labels) {
        int rows = IntStream.range(0, x.length).map(q -> x[q].length).sum();
        MemorySegment values = arena.allocate(4L * Math.max(1, rows), 64);
        int[] starts = new int[x.length + 1];
        int[] flat = new int[rows];
        for (int q = 0; q < x.length; q++) {
            starts[q + 1] = starts[q] + x[q].length;
            for (int t = 0; t < x[q].length; t++) {
                values.setAtIndex(ValueLayout.JAVA_INT, starts[q] + t, x[q][t]);
                flat[starts[q] + t] = labels[q][t];
            }
        }
        return new Sequences(List.of(1), DType.I32, values, starts, flat, Toy.names(STATES), new int[x.length]);
    }

    private Ragged all(Sequences sequences) {
        return Ragged.upload(sequences, IntStream.range(0, sequences.count()).toArray(), memory);
    }

    /// Σ over all paths of the product of start, transitions and emissions, from what softmax says they are.
    private double byEnumeration(Hmm hmm, double[][] b) {
        double[] start = softmax(cpu.floats(hmm.start()), 0, STATES);
        double total = 0;
        for (int code = 0; code < Math.pow(STATES, b.length); code++) {
            double p = 1;
            int before = -1;
            for (int t = 0, rest = code; t < b.length; t++, rest /= STATES) {
                int state = rest % STATES;
                double[] row = before < 0 ? start : softmax(cpu.floats(hmm.transitions()), before * STATES, STATES);
                p *= row[state] * b[t][state];
                before = state;
            }
            total += p;
        }
        return Math.log(total);
    }

    private static double[] softmax(float[] logits, int from, int length) {
        double[] p = new double[length];
        double total = 0;
        for (int i = 0; i < length; i++) {
            p[i] = Math.exp(logits[from + i]);
            total += p[i];
        }
        for (int i = 0; i < length; i++) {
            p[i] /= total;
        }
        return p;
    }

    private float[] logLikelihoods(Hmm hmm, Ragged batch) {
        return cpu.floats(Inference.of(f, hmm.chain(f, batch)).logPartition().value());
    }

    @Test
    void likelihoodOfSymbolsIsThatOfTheEnumeration() {
        Parameters<Hmm> hmm = categorical(1);
        stir(hmm, 2);
        // −1 and 9 were not observed: as if their emissions were 1.
        int[][] x = {{0, 3, 1}, {2}, {1, -1, 2, 9}};
        float[] actual = logLikelihoods(hmm.model(), all(symbols(x, new int[][] {{0, 0, 0}, {0}, {0, 0, 0, 0}})));
        float[] logits = cpu.floats(((Emissions.Categorical) hmm.model().emissions()).logits());
        for (int q = 0; q < x.length; q++) {
            double[][] b = new double[x[q].length][STATES];
            for (int t = 0; t < x[q].length; t++) {
                for (int s = 0; s < STATES; s++) {
                    double total = 0;
                    for (int v = 0; v < SYMBOLS; v++) {
                        total += Math.exp(logits[v * STATES + s]);
                    }
                    boolean seen = x[q][t] >= 0 && x[q][t] < SYMBOLS;
                    b[t][s] = seen ? Math.exp(logits[x[q][t] * STATES + s]) / total : 1;
                }
            }
            assertEquals(byEnumeration(hmm.model(), b), actual[q], 2e-6, "sequence " + q);
        }
    }

    /// Densities from means and covariances, inverted by hand.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void likelihoodOfNumbersIsThatOfTheEnumeration(boolean full) {
        Parameters<Hmm> hmm = gaussian(full, 0, 1);
        stir(hmm, 3);
        float nan = Float.NaN;
        float[][][] x = {{{0.5f, -1}, {0.2f, 0.1f}, {nan, 2}}, {{-1, 0.3f}}};
        Sequences sequences = Toy.numbers(x, new int[][] {{0, 0, 0}, {0}}, STATES, arena);
        float[] actual = logLikelihoods(hmm.model(), all(sequences));
        Emissions.Gaussians gaussians = (Emissions.Gaussians) hmm.model().emissions();
        for (int q = 0; q < x.length; q++) {
            double[][] b = new double[x[q].length][STATES];
            for (int t = 0; t < x[q].length; t++) {
                for (int s = 0; s < STATES; s++) {
                    b[t][s] = Float.isNaN(x[q][t][0]) ? 1 : density(gaussians, s, x[q][t], full);
                }
            }
            assertEquals(byEnumeration(hmm.model(), b), actual[q], 3e-6, "sequence " + q);
        }
    }

    private double density(Emissions.Gaussians gaussians, int s, float[] x, boolean full) {
        double[] w = softmax(cpu.floats(gaussians.weights()), s * COMPONENTS, COMPONENTS);
        float[] means = cpu.floats(gaussians.means());
        float[] scales = cpu.floats(gaussians.logScales());
        float[] lower = cpu.floats(gaussians.lower());
        double sum = 0;
        for (int k = 0; k < COMPONENTS; k++) {
            int c = s * COMPONENTS + k;
            double p00 = Math.exp(scales[c * D]);
            double p11 = Math.exp(scales[c * D + 1]);
            double p10 = full ? lower[c * D * D + D] : 0;
            double z0 = p00 * (x[0] - means[c * D]);
            double z1 = p10 * (x[0] - means[c * D]) + p11 * (x[1] - means[c * D + 1]);
            sum += w[k] * p00 * p11 / (2 * Math.PI) * Math.exp(-0.5 * (z0 * z0 + z1 * z1));
        }
        return sum;
    }

    @Test
    void gradientMatchesFiniteDifference() {
        Parameters<Hmm> hmm = gaussian(true, 3, 5);
        stir(hmm, 6);
        Ragged batch = all(Toy.random(5, 4, D, STATES, 7, arena));
        List<Tensor> wanted =
                hmm.all().stream().map(Parameters.Parameter::value).toList();
        for (long seed = 1; seed <= 3; seed++) {
            GradientCheck.Result marginal = GradientCheck.of(
                    cpu,
                    (ops, _) -> Inference.of(ops, hmm.model().chain(ops, batch))
                            .logPartition()
                            .value(),
                    List.of(),
                    wanted,
                    seed);
            assertTrue(marginal.error() < 3e-3, marginal.toString());
            GradientCheck.Result conditional = GradientCheck.of(
                    cpu,
                    (ops, _) -> Inference.of(ops, hmm.model().chain(ops, batch))
                            .logLikelihood(batch.labels())
                            .value(),
                    List.of(),
                    wanted,
                    seed);
            assertTrue(conditional.error() < 3e-3, conditional.toString());
        }
    }

    private List<Double> losses(Parameters<Hmm> hmm, Sequences data, boolean labelled, int iterations) {
        List<Double> losses = new ArrayList<>();
        List<Ragged> buckets = Ragged.buckets(data, 64, memory);
        try (BaumWelch em = new BaumWelch(hmm, buckets, NO_PRIOR, labelled, iterations)) {
            em.run(progress -> losses.add(progress.loss()));
        }
        return losses;
    }

    private static void assertNeverRises(List<Double> losses) {
        for (int i = 1; i < losses.size(); i++) {
            assertTrue(losses.get(i) <= losses.get(i - 1) + 2e-6 * Math.abs(losses.get(i)), i + ": " + losses);
        }
        assertTrue(losses.getLast() < losses.getFirst() - 1e-3, "nothing was learned: " + losses);
    }

    @Test
    void expectationMaximisationNeverFalls() {
        Sequences numbers = Toy.random(40, 6, D, STATES, 8, arena);
        assertNeverRises(losses(gaussian(true, 0, 2), numbers, false, 15));
        assertNeverRises(losses(gaussian(false, 0, 2), numbers, false, 15));
        assertNeverRises(losses(gaussian(true, 0, 2), numbers, true, 15));
        assertNeverRises(losses(categorical(2), toy(60, 10, 3), false, 15));
    }

    /// Every third position is not observed.
    @Test
    void expectationMaximisationNeverFallsWithWhatIsMissing() {
        Sequences numbers = Toy.random(40, 6, D, STATES, 8, arena);
        for (int row = 0; row < numbers.labels().length; row += 3) {
            numbers.values().setAtIndex(ValueLayout.JAVA_FLOAT, (long) row * D, Float.NaN);
        }
        assertNeverRises(losses(gaussian(true, 0, 2), numbers, false, 15));
        Sequences symbols = toy(60, 10, 3);
        for (int row = 0; row < symbols.labels().length; row += 3) {
            symbols.values().setAtIndex(ValueLayout.JAVA_INT, row, -1);
        }
        assertNeverRises(losses(categorical(2), symbols, false, 15));
    }

    /// Where states were seen, one step is all there is: shares of counts.
    @Test
    void labelledSymbolsAreCounted() {
        Parameters<Hmm> hmm = categorical(4);
        Sequences data = symbols(new int[][] {{0, 0, 1}, {2, 3}}, new int[][] {{0, 0, 1}, {1, 1}});
        losses(hmm, data, true, 1);
        double[] row = softmax(cpu.floats(hmm.model().transitions()), 0, STATES);
        assertEquals(0.5, row[0], 1e-6);
        double[] start = softmax(cpu.floats(hmm.model().start()), 0, STATES);
        assertEquals(0.5, start[1], 1e-6);
        float[] logits = cpu.floats(((Emissions.Categorical) hmm.model().emissions()).logits());
        assertEquals(Math.log(1.0 / 3), logits[2 * STATES + 1], 1e-6);
        assertEquals(0, logits[0], 1e-6);
    }

    /// A likelihood that is no number would make every parameter one.
    @Test
    void trainingStopsBeforeItCountsWhatIsNoNumber() {
        Parameters<Hmm> hmm = categorical(4);
        Tensor logits = ((Emissions.Categorical) hmm.model().emissions()).logits();
        float[] bad = cpu.floats(logits);
        bad[0] = Float.NaN;
        cpu.write(bad, logits);
        float[] before = cpu.floats(hmm.model().start());
        Sequences data = symbols(new int[][] {{0, 0, 1}, {2, 3}}, new int[][] {{0, 0, 1}, {1, 1}});
        TrainingStoppedException stopped =
                assertThrows(TrainingStoppedException.class, () -> losses(hmm, data, false, 3));
        assertEquals(0, stopped.step());
        assertArrayEquals(before, cpu.floats(hmm.model().start()));
    }

    /// So far out that no Gaussian answers for an observation: its shares would be 0 / 0.
    @Test
    void trainingStopsBeforeItStoresWhatIsNoNumber() {
        Sequences data = Toy.random(10, 4, D, STATES, 8, arena);
        for (int e = 0; e < data.labels().length * D; e++) {
            data.values().setAtIndex(ValueLayout.JAVA_FLOAT, e, 1e30f);
        }
        Parameters<Hmm> hmm = gaussian(false, 0, 2);
        float[] before = cpu.floats(hmm.values());
        TrainingStoppedException stopped =
                assertThrows(TrainingStoppedException.class, () -> losses(hmm, data, true, 3));
        assertEquals(0, stopped.step());
        assertArrayEquals(before, cpu.floats(hmm.values()));
        assertTrue(stopped.getMessage().contains("an estimate"), stopped.getMessage());
    }

    /// Pseudo-counts: what was never seen stays possible.
    @Test
    void aPriorKeepsTheUnseenPossible() {
        Parameters<Hmm> hmm = categorical(4);
        Sequences data = symbols(new int[][] {{0, 0, 1}, {2, 3}}, new int[][] {{0, 0, 1}, {1, 1}});
        try (BaumWelch em = new BaumWelch(hmm, List.of(all(data)), new BaumWelch.Prior(1, 1), true, 1)) {
            em.run(_ -> true);
        }
        double[] row = softmax(cpu.floats(hmm.model().transitions()), STATES, STATES);
        assertEquals(1.0 / 3, row[0], 1e-6);
        float[] logits = cpu.floats(((Emissions.Categorical) hmm.model().emissions()).logits());
        assertEquals(Math.log(1.0 / 6), logits[2 * STATES], 1e-6);
    }

    /// A chain of two states that stay with probability 0.9, each nearly sure of two of four symbols.
    private Sequences toy(int n, int length, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int[][] x = new int[n][length];
        int[][] labels = new int[n][length];
        for (int q = 0; q < n; q++) {
            for (int t = 0; t < length; t++) {
                boolean stays = random.nextDouble() < 0.9;
                labels[q][t] = t == 0 ? random.nextInt(2) : stays ? labels[q][t - 1] : 1 - labels[q][t - 1];
                boolean typical = random.nextDouble() < 0.95;
                x[q][t] = 2 * (typical ? labels[q][t] : 1 - labels[q][t]) + random.nextInt(2);
            }
        }
        return symbols(x, labels);
    }

    /// The mean log-likelihood of fresh sequences is that of the process that made them.
    @Test
    void hiddenStatesAreFound() {
        Parameters<Hmm> hmm = categorical(6);
        losses(hmm, toy(400, 20, 1), false, 60);
        Ragged fresh = all(toy(400, 20, 2));
        Parameters<Hmm> truth = categorical(1);
        cpu.write(new float[] {0, 0}, truth.model().start());
        cpu.write(logs(0.9, 0.1, 0.1, 0.9), truth.model().transitions());
        cpu.write(
                logs(0.475, 0.025, 0.475, 0.025, 0.025, 0.475, 0.025, 0.475),
                ((Emissions.Categorical) truth.model().emissions()).logits());
        double expected = mean(logLikelihoods(truth.model(), fresh));
        assertEquals(expected, mean(logLikelihoods(hmm.model(), fresh)), 0.1);
    }

    private static float[] logs(double... p) {
        float[] logs = new float[p.length];
        for (int i = 0; i < p.length; i++) {
            logs[i] = (float) Math.log(p[i]);
        }
        return logs;
    }

    private static double mean(float[] values) {
        return IntStream.range(0, values.length)
                .mapToDouble(i -> values[i])
                .average()
                .orElseThrow();
    }
}
