package dev.elbo.models.energy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.models.layers.OnCpu;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A machine of five visible and three hidden units, against sums over all of its 256 states in f64.
class RbmTest extends OnCpu {
    private static final int VISIBLE = 5;
    private static final int HIDDEN = 3;

    private final double[][] w = new double[VISIBLE][HIDDEN];
    private final double[] a = new double[VISIBLE];
    private final double[] b = new double[HIDDEN];
    private Rbm rbm;

    @BeforeEach
    void build() {
        SplittableRandom random = new SplittableRandom(11);
        float[] weights = new float[VISIBLE * HIDDEN];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = (float) random.nextGaussian();
            w[i / HIDDEN][i % HIDDEN] = weights[i];
        }
        rbm = new Rbm(
                memory.floats(Shape.of(VISIBLE, HIDDEN), weights),
                memory.floats(Shape.of(VISIBLE), biases(a, random)),
                memory.floats(Shape.of(HIDDEN), biases(b, random)));
    }

    @Test
    void freeEnergySumsOutTheHiddenUnits() {
        float[] free = cpu.floats(rbm.freeEnergy(f, everyVisible()));
        for (int v = 0; v < 1 << VISIBLE; v++) {
            double sum = 0;
            for (int h = 0; h < 1 << HIDDEN; h++) {
                sum += Math.exp(-energy(v, h));
            }
            assertEquals(-Math.log(sum), free[v], 2e-6);
        }
    }

    @Test
    void conditionalsAreRatiosOfJoints() {
        float[] hidden = cpu.floats(rbm.hiddenGivenVisible(f, everyVisible()));
        for (int v = 0; v < 1 << VISIBLE; v++) {
            for (int j = 0; j < HIDDEN; j++) {
                double on = 0;
                double all = 0;
                for (int h = 0; h < 1 << HIDDEN; h++) {
                    double p = Math.exp(-energy(v, h));
                    all += p;
                    on += (h >> j & 1) * p;
                }
                assertEquals(on / all, hidden[v * HIDDEN + j], 1e-6);
            }
        }
        float[] visible = cpu.floats(rbm.visibleGivenHidden(f, memory.floats(Shape.of(1, HIDDEN), 1, 0, 1)));
        for (int i = 0; i < VISIBLE; i++) {
            double on = 0;
            double all = 0;
            for (int v = 0; v < 1 << VISIBLE; v++) {
                double p = Math.exp(-energy(v, 5));
                all += p;
                on += (v >> i & 1) * p;
            }
            assertEquals(on / all, visible[i], 1e-6);
        }
    }

    @Test
    void theExactPartitionFunctionIsTheSumFromEitherSide() {
        double sum = 0;
        for (int v = 0; v < 1 << VISIBLE; v++) {
            for (int h = 0; h < 1 << HIDDEN; h++) {
                sum += Math.exp(-energy(v, h));
            }
        }
        assertEquals(Math.log(sum), Partition.exact(rbm), 1e-12);
        float[] transposed = new float[VISIBLE * HIDDEN];
        for (int i = 0; i < VISIBLE; i++) {
            for (int j = 0; j < HIDDEN; j++) {
                transposed[j * VISIBLE + i] = (float) w[i][j];
            }
        }
        Rbm turned = new Rbm(memory.floats(Shape.of(HIDDEN, VISIBLE), transposed), rbm.hiddenBias(), rbm.visibleBias());
        assertEquals(Math.log(sum), Partition.exact(turned), 1e-12);
    }

    @Test
    void tooLargeAMachineIsNotSummed() {
        Rbm large = Rbm.of(30, 21, Clock.of(1, 0, memory), memory);
        assertEquals(
                "Partition: too many states to sum over; visible=30, hidden=21, limit=20",
                assertThrows(IllegalArgumentException.class, () -> Partition.exact(large))
                        .getMessage());
    }

    /// With every visible state weighted by p(v) as the chain's part, the contrast's gradient is that of −log p.
    @Test
    void contrastWithTheModelItselfIsTheLikelihoodGradient() {
        Tensor data = memory.floats(Shape.of(2, VISIBLE), 1, 0, 1, 1, 0, 0, 0, 1, 0, 1);
        float[] free = cpu.floats(rbm.freeEnergy(f, everyVisible()));
        double logZ = Partition.exact(rbm);
        int copies = 50_000;
        float[] states = new float[copies * VISIBLE];
        int row = 0;
        double owed = 0;
        for (int v = 0; v < 1 << VISIBLE; v++) {
            owed += copies * Math.exp(-free[v] - logZ);
            for (; row < Math.min(copies, Math.round(owed)); row++) {
                for (int i = 0; i < VISIBLE; i++) {
                    states[row * VISIBLE + i] = v >> i & 1;
                }
            }
        }
        Tensor model = memory.floats(Shape.of(copies, VISIBLE), states);
        Tensor dw = gradientOfWeights(data, model);
        float[] actual = cpu.floats(dw);
        for (int i = 0; i < VISIBLE; i++) {
            for (int j = 0; j < HIDDEN; j++) {
                assertEquals(-(moment(data, i, j) - modelMoment(i, j)), actual[i * HIDDEN + j], 1e-3);
            }
        }
    }

    /// CD-k's update of every parameter against plain f64 arithmetic, chain and all, from the same draws.
    @Test
    void contrastiveDivergenceMatchesItsFormula() {
        float[] bits = {1, 0, 1, 1, 0, 0, 0, 1, 0, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1};
        int rows = bits.length / VISIBLE;
        Tensor data = memory.floats(Shape.of(rows, VISIBLE), bits);
        for (int steps : new int[] {1, 2, 5}) {
            Tape tape = new Tape(memory);
            Tensor dw = memory.empty(rbm.weights().shape());
            Tensor da = memory.empty(rbm.visibleBias().shape());
            Tensor db = memory.empty(rbm.hiddenBias().shape());
            tape.watch(rbm.weights(), dw);
            tape.watch(rbm.visibleBias(), da);
            tape.watch(rbm.hiddenBias(), db);
            Clock clock = Clock.of(3, 8, memory);
            Ops taped = Ops.taped(memory, tape);
            tape.pullback(Gibbs.divergence(taped, rbm, data, steps, clock, Purpose.TRAIN), 1);
            double[] v = plainChain(bits, rows, steps);
            float[] actual = cpu.floats(dw);
            for (int i = 0; i < VISIBLE; i++) {
                for (int j = 0; j < HIDDEN; j++) {
                    double expected = moment(v, i, j) - moment(data, i, j);
                    assertEquals(expected, actual[i * HIDDEN + j], 1e-6, "steps " + steps);
                }
                double expected = mean(v, i) - mean(doubles(bits), i);
                assertEquals(expected, cpu.floats(da)[i], 1e-6, "steps " + steps);
            }
            for (int j = 0; j < HIDDEN; j++) {
                double expected = moment(v, -1, j) - moment(data, -1, j);
                assertEquals(expected, cpu.floats(db)[j], 1e-6, "steps " + steps);
            }
        }
    }

    /// Where `steps` steps of Gibbs sampling lead, in f64, by the noise of seed 3 and step 8.
    private double[] plainChain(float[] from, int rows, int steps) {
        double[] v = doubles(from);
        for (int step = 0; step < steps; step++) {
            double[] h = new double[rows * HIDDEN];
            Noise ofHidden = Noise.of(3, 8, Purpose.TRAIN, 2 * step);
            for (int e = 0; e < h.length; e++) {
                double input = b[e % HIDDEN];
                for (int i = 0; i < VISIBLE; i++) {
                    input += v[e / HIDDEN * VISIBLE + i] * w[i][e % HIDDEN];
                }
                h[e] = ofHidden.bernoulli(e, (float) (1 / (1 + Math.exp(-input))));
            }
            Noise ofVisible = Noise.of(3, 8, Purpose.TRAIN, 2 * step + 1);
            for (int e = 0; e < v.length; e++) {
                double input = a[e % VISIBLE];
                for (int j = 0; j < HIDDEN; j++) {
                    input += h[e / VISIBLE * HIDDEN + j] * w[e % VISIBLE][j];
                }
                v[e] = ofVisible.bernoulli(e, (float) (1 / (1 + Math.exp(-input))));
            }
        }
        return v;
    }

    /// In equilibrium as many chains go from v to v′ in a step as back: within 5 standard errors for every pair.
    @Test
    void gibbsSamplingKeepsDetailedBalance() {
        int chains = 40_000;
        Tensor before = memory.empty(Shape.of(chains, VISIBLE));
        memory.device().write(new float[chains * VISIBLE], before);
        Clock clock = Clock.of(6, 0, memory);
        Gibbs.advance(rbm, before, 30, clock, Purpose.CHAIN);
        int[][] moves = new int[1 << VISIBLE][1 << VISIBLE];
        for (int round = 0; round < 5; round++) {
            float[] from = cpu.floats(before);
            Gibbs.advance(rbm, before, 1, clock, Purpose.CHAIN);
            float[] to = cpu.floats(before);
            for (int c = 0; c < chains; c++) {
                moves[code(from, c)][code(to, c)]++;
            }
        }
        for (int v = 0; v < moves.length; v++) {
            for (int u = 0; u < v; u++) {
                int there = moves[v][u];
                int back = moves[u][v];
                assertTrue(
                        Math.abs(there - back) <= 5 * Math.sqrt(there + back + 1.0),
                        v + " to " + u + " " + there + " times, back " + back + " times");
            }
        }
    }

    private static int code(float[] states, int row) {
        int code = 0;
        for (int i = 0; i < VISIBLE; i++) {
            code |= (int) states[row * VISIBLE + i] << i;
        }
        return code;
    }

    /// log p(v_i | the others) from the 32 probabilities themselves.
    @Test
    void pseudoLikelihoodIsThatOfEachBitGivenTheOthers() {
        double logZ = Partition.exact(rbm);
        float[] free = cpu.floats(rbm.freeEnergy(f, everyVisible()));
        double expected = 0;
        for (int v = 0; v < 1 << VISIBLE; v++) {
            for (int i = 0; i < VISIBLE; i++) {
                double p = Math.exp(-free[v] - logZ);
                double turned = Math.exp(-free[v ^ 1 << i] - logZ);
                expected += Math.log(p / (p + turned)) / (1 << VISIBLE);
            }
        }
        assertEquals(expected, PseudoLikelihood.mean(rbm, everyVisible()), 1e-5);
    }

    /// Sharing the first product changes no bit, neither of the loss nor of its gradient.
    @Test
    void divergenceIsTheContrastWithItsOwnChain() {
        Tensor data = memory.floats(Shape.of(2, VISIBLE), 1, 0, 1, 1, 0, 0, 0, 1, 0, 1);
        Tensor chain = Gibbs.chain(f, rbm, data, 2, Clock.of(3, 0, memory), Purpose.TRAIN);
        Tape tape = new Tape(memory);
        Tensor dw = memory.empty(rbm.weights().shape());
        tape.watch(rbm.weights(), dw);
        Tensor loss = Gibbs.divergence(Ops.taped(memory, tape), rbm, data, 2, Clock.of(3, 0, memory), Purpose.TRAIN);
        tape.pullback(loss, 1);
        assertEquals(cpu.scalar(Gibbs.contrast(f, rbm, data, chain)), cpu.scalar(loss));
        assertArrayEquals(cpu.floats(gradientOfWeights(data, chain)), cpu.floats(dw));
    }

    /// Frequencies of a long run of many chains against p(v): within 5 standard errors in every state.
    @Test
    void gibbsSamplingVisitsStatesByTheirProbability() {
        int chains = 20_000;
        Tensor start = memory.empty(Shape.of(chains, VISIBLE));
        memory.device().write(new float[chains * VISIBLE], start);
        Gibbs.advance(rbm, start, 30, Clock.of(5, 0, memory), Purpose.CHAIN);
        float[] end = cpu.floats(start);
        int[] counts = new int[1 << VISIBLE];
        for (int c = 0; c < chains; c++) {
            int code = 0;
            for (int i = 0; i < VISIBLE; i++) {
                code |= (int) end[c * VISIBLE + i] << i;
            }
            counts[code]++;
        }
        float[] free = cpu.floats(rbm.freeEnergy(f, everyVisible()));
        double logZ = Partition.exact(rbm);
        for (int v = 0; v < counts.length; v++) {
            double p = Math.exp(-free[v] - logZ);
            double error = Math.sqrt(p * (1 - p) / chains);
            assertTrue(Math.abs(counts[v] / (double) chains - p) < 5 * error, "state " + v + ": p=" + p);
        }
    }

    @Test
    void equalClocksDrawEqualChains() {
        Tensor start = memory.floats(Shape.of(1, VISIBLE), 1, 1, 0, 0, 1);
        float[] one = cpu.floats(Gibbs.chain(f, rbm, start, 5, Clock.of(9, 4, memory), Purpose.CHAIN));
        float[] two = cpu.floats(Gibbs.chain(f, rbm, start, 5, Clock.of(9, 4, memory), Purpose.CHAIN));
        assertArrayEquals(one, two);
    }

    private Tensor gradientOfWeights(Tensor data, Tensor model) {
        Tape tape = new Tape(memory);
        Tensor dw = memory.empty(rbm.weights().shape());
        tape.watch(rbm.weights(), dw);
        tape.pullback(Gibbs.contrast(Ops.taped(memory, tape), rbm, data, model), 1);
        return dw;
    }

    private double moment(Tensor states, int i, int j) {
        return moment(doubles(cpu.floats(states)), i, j);
    }

    private static double[] doubles(float[] values) {
        double[] doubles = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            doubles[i] = values[i];
        }
        return doubles;
    }

    /// ⟨v_i⟩ over the rows of `v`.
    private static double mean(double[] v, int i) {
        double sum = 0;
        for (int at = i; at < v.length; at += VISIBLE) {
            sum += v[at];
        }
        return sum * VISIBLE / v.length;
    }

    /// ⟨v_i p(h_j | v)⟩ over the rows of `v`, in f64; with i = −1 ⟨p(h_j | v)⟩.
    private double moment(double[] v, int i, int j) {
        int n = v.length / VISIBLE;
        double sum = 0;
        for (int row = 0; row < n; row++) {
            double input = b[j];
            for (int k = 0; k < VISIBLE; k++) {
                input += v[row * VISIBLE + k] * w[k][j];
            }
            sum += (i < 0 ? 1 : v[row * VISIBLE + i]) / (1 + Math.exp(-input));
        }
        return sum / n;
    }

    private double modelMoment(int i, int j) {
        double sum = 0;
        double z = 0;
        for (int v = 0; v < 1 << VISIBLE; v++) {
            for (int h = 0; h < 1 << HIDDEN; h++) {
                double p = Math.exp(-energy(v, h));
                z += p;
                sum += (v >> i & 1) * (h >> j & 1) * p;
            }
        }
        return sum / z;
    }

    private double energy(int v, int h) {
        double energy = 0;
        for (int i = 0; i < VISIBLE; i++) {
            energy -= (v >> i & 1) * a[i];
            for (int j = 0; j < HIDDEN; j++) {
                energy -= (v >> i & 1) * (h >> j & 1) * w[i][j];
            }
        }
        for (int j = 0; j < HIDDEN; j++) {
            energy -= (h >> j & 1) * b[j];
        }
        return energy;
    }

    private Tensor everyVisible() {
        float[] all = new float[VISIBLE << VISIBLE];
        for (int v = 0; v < 1 << VISIBLE; v++) {
            for (int i = 0; i < VISIBLE; i++) {
                all[v * VISIBLE + i] = v >> i & 1;
            }
        }
        return memory.floats(Shape.of(1 << VISIBLE, VISIBLE), all);
    }

    private static float[] biases(double[] into, SplittableRandom random) {
        float[] biases = new float[into.length];
        for (int i = 0; i < biases.length; i++) {
            biases[i] = (float) (0.5 * random.nextGaussian());
            into[i] = biases[i];
        }
        return biases;
    }
}
