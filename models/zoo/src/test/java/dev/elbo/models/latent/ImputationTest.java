package dev.elbo.models.latent;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.elbo.models.energy.Rbm;
import dev.elbo.models.layers.OnCpu;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.ops.Activation;
import java.util.List;
import org.junit.jupiter.api.Test;

class ImputationTest extends OnCpu {
    private static final int VISIBLE = 4;

    private Rbm rbm() {
        Tensor weights = memory.floats(Shape.of(VISIBLE, 2), 1.5f, -1, -2, 0.5f, 1, 2, -0.5f, 1);
        return new Rbm(
                weights,
                memory.floats(Shape.of(VISIBLE), 0.2f, -0.3f, 0.1f, 0.4f),
                memory.floats(Shape.of(2), -0.2f, 0.3f));
    }

    /// E[v₂], E[v₃] given v₀ = 1, v₁ = 0, by adding up exp(−F).
    @Test
    void throughAnRbmTheEstimateIsTheConditionalExpectation() {
        Rbm rbm = rbm();
        double[] weights = new double[4];
        double total = 0;
        for (int code = 0; code < 4; code++) {
            Tensor v = memory.floats(Shape.of(1, VISIBLE), 1, 0, code & 1, code >> 1);
            weights[code] = Math.exp(-cpu.scalar(rbm.freeEnergy(f, v)));
            total += weights[code];
        }
        int chains = 400;
        Tensor x = f.repeatRows(memory.floats(Shape.of(1, VISIBLE), 1, 0, 0.7f, 0.7f), chains)
                .as(Shape.of(chains, VISIBLE));
        Tensor known = f.repeatRows(memory.floats(Shape.of(1, VISIBLE), 1, 1, 0, 0), chains)
                .as(Shape.of(chains, VISIBLE));
        Tensor filled = fill(Imputation.of(rbm), x, known, 1, 200);
        float[] mean = cpu.floats(f.meanColumns(filled));
        assertEquals(1, mean[0]);
        assertEquals(0, mean[1]);
        assertEquals((weights[1] + weights[3]) / total, mean[2], 0.01);
        assertEquals((weights[2] + weights[3]) / total, mean[3], 0.01);
    }

    private Tensor fill(Imputation.Through through, Tensor x, Tensor known, int chains, int steps) {
        Tensor start = memory.floats(Shape.of(VISIBLE), 0.5f, 0.5f, 0.5f, 0.5f);
        return Imputation.fill(through, x, known, start, new Imputation.Effort(chains, steps, 3), memory);
    }

    /// Four chains of each example are averaged, not those of its neighbour.
    @Test
    void severalChainsServeOneExample() {
        Tensor x = memory.floats(Shape.of(2, VISIBLE), 1, 0, 0, 0, 0, 1, 0, 0);
        Tensor known = memory.floats(Shape.of(2, VISIBLE), 1, 1, 0, 0, 1, 1, 0, 0);
        float[] one = cpu.floats(fill(Imputation.of(rbm()), x, known, 1, 4000));
        float[] four = cpu.floats(fill(Imputation.of(rbm()), x, known, 4, 2000));
        assertArrayEquals(one, four, 0.04f);
    }

    private Vae vae() {
        return Parameters.of(
                        cpu,
                        "vae",
                        arena,
                        m -> Vae.of(
                                VISIBLE, List.of(3), 1, Activation.TANH, Output.Bernoulli::of, Clock.of(1, 0, m), m))
                .model();
    }

    @Test
    void theKnownStaysAndEqualSeedsGiveEqualNumbers() {
        Tensor x = memory.floats(Shape.of(2, VISIBLE), 1, 0, 1, 0, 0, 0, 1, 1);
        Tensor known = memory.floats(Shape.of(2, VISIBLE), 1, 0, 1, 0, 0, 1, 1, 1);
        float[] once = cpu.floats(fill(Imputation.of(vae()), x, known, 2, 7));
        float[] again = cpu.floats(fill(Imputation.of(vae()), x, known, 2, 7));
        assertArrayEquals(once, again);
        assertArrayEquals(new float[] {1, 1, 0, 1, 1}, new float[] {once[0], once[2], once[5], once[6], once[7]});
    }

    /// What stands where nothing is known is never read.
    @Test
    void theMissingIsNotLookedAt() {
        Tensor known = memory.floats(Shape.of(1, VISIBLE), 1, 0, 1, 0);
        float[] once =
                cpu.floats(fill(Imputation.of(vae()), memory.floats(Shape.of(1, VISIBLE), 1, 0, 1, 0), known, 2, 7));
        float[] again =
                cpu.floats(fill(Imputation.of(vae()), memory.floats(Shape.of(1, VISIBLE), 1, 1, 1, 1), known, 2, 7));
        assertArrayEquals(once, again);
        assertThrows(IllegalArgumentException.class, () -> new Imputation.Effort(1, 1, 3));
    }

    @Test
    void aLineIsStraightAndAnArcKeepsItsLength() {
        Tensor a = memory.floats(Shape.of(1, 2), 3, 0);
        Tensor b = memory.floats(Shape.of(1, 2), 0, 3);
        assertArrayEquals(new float[] {3, 0, 1.5f, 1.5f, 0, 3}, cpu.floats(Walk.line(f, a, b, 3)), 1e-6f);
        float edge = (float) (3 * Math.sqrt(0.5));
        assertArrayEquals(new float[] {3, 0, edge, edge, 0, 3}, cpu.floats(Walk.arc(f, a, b, 3)), 1e-6f);
        assertArrayEquals(new float[] {3, 0, 3, 0}, cpu.floats(Walk.arc(f, a, a, 2)), 1e-6f);
        assertArrayEquals(
                new float[] {4, 0}, cpu.floats(Walk.arithmetic(f, a, b, memory.floats(Shape.of(1, 2), 1, 3))));
    }

    @Test
    void everyKindTakesAwayWhatItSays() {
        List<Integer> item = List.of(4, 6);
        assertEquals(12 * 3, missing("left", item, 3));
        assertEquals(12 * 3, missing("bottom", item, 3));
        assertEquals(6 * 3, missing("rectangle", item, 3));
        assertEquals(0.3, missing("random:0.3", item, 2000) / 48_000.0, 0.01);
        assertArrayEquals(
                new float[] {1, 1, 0, 0, 1, 1, 0, 0}, Missing.of("right").known(List.of(2, 2, 2), 1, 1));
        assertThrows(BadInputException.class, () -> Missing.of("random:0"));
        assertThrows(BadInputException.class, () -> Missing.of("random:1.5"));
        assertThrows(BadInputException.class, () -> Missing.of("middle"));
    }

    private static long missing(String kind, List<Integer> item, int n) {
        long missing = 0;
        for (float known : Missing.of(kind).known(item, n, 5)) {
            missing += known == 0 ? 1 : 0;
        }
        return missing;
    }
}
