package dev.elbo.models.latent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.models.layers.OnCpu;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.ops.Fill;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Against log p(x) by quadrature over the one-dimensional latent.
class EvidenceTest extends OnCpu {
    private Vae vae;

    @BeforeEach
    void build() {
        Clock init = Clock.of(3, 0, memory);
        vae = Vae.of(6, List.of(4), 1, Activation.TANH, Output.Bernoulli::of, init, memory);
    }

    private Tensor data(int n) {
        Ops f = Ops.plain(memory);
        Tensor half = memory.empty(Shape.of(n, 6));
        Fill.bind(half, 0.5f);
        return f.bernoullis(half, Draw.of(Noise.of(1, 0, Purpose.DATA, 0), memory));
    }

    private double quadrature(Tensor x) {
        int points = 801;
        float[] grid = new float[points];
        for (int i = 0; i < points; i++) {
            grid[i] = -8 + 0.02f * i;
        }
        double sum = 0;
        int n = x.shape().rows();
        for (int row = 0; row < n; row++) {
            Tensor z = memory.floats(Shape.of(1, points, 1), grid);
            float[] likelihood = cpu.floats(vae.logLikelihood(Ops.plain(memory), x.rows(row, row + 1), z));
            double p = 0;
            for (int i = 0; i < points; i++) {
                p += 0.02 * Math.exp(likelihood[i] - 0.5 * grid[i] * grid[i]) / Math.sqrt(2 * Math.PI);
            }
            sum += Math.log(p);
        }
        return sum / n;
    }

    /// 230 examples: two full batches and a rest; 2,000 samples: forty rounds.
    @Test
    void theEstimateMeetsTheIntegral() {
        Tensor x = data(230);
        Evidence evidence = Evidence.of(vae, x, 2000, 5);
        assertEquals(quadrature(x), evidence.mean(), 4e-3, evidence.toString());
        assertEquals(2000, evidence.samples());
        assertEquals("", evidence.doubt());
        assertTrue(evidence.effective() > 500 && evidence.effective() <= 2000, evidence.toString());
    }

    /// Two of them within a round of fifty, one at its end, two beyond: each as if asked for alone.
    @Test
    void severalNumbersOfSamplesTakeOnePass() {
        Tensor x = data(130);
        List<Evidence> all = Evidence.of(vae, x, List.of(1, 7, 50, 120, 200), 5);
        assertEquals(
                List.of(1, 7, 50, 120, 200), all.stream().map(Evidence::samples).toList());
        assertEquals(Evidence.of(vae, x, 200, 5), all.getLast());
        for (int i = 1; i < all.size(); i++) {
            assertTrue(all.get(i).mean() > all.get(i - 1).mean(), all.toString());
        }
        assertTrue(all.getLast().mean() < quadrature(x) + 0.01, all.toString());
        assertThrows(IllegalArgumentException.class, () -> Evidence.of(vae, x, List.of(5, 5), 1));
    }

    @Test
    void batchesDoNotShareNoise() {
        Tensor one = data(1);
        Tensor same = Ops.plain(memory).repeatRows(one, 200).as(Shape.of(200, 6));
        Evidence evidence = Evidence.of(vae, same, 2, 5);
        assertTrue(evidence.error() > 0, evidence.toString());
    }

    @Test
    void equalSeedsGiveEqualNumbers() {
        Tensor x = data(30);
        assertEquals(Evidence.of(vae, x, 10, 5), Evidence.of(vae, x, 10, 5));
        assertFalse(Evidence.of(vae, x, 10, 5).equals(Evidence.of(vae, x, 10, 6)));
    }

    @Test
    void nothingIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> Evidence.of(vae, data(3), 0, 1));
    }

    @Test
    void collapsedWeightsAreDoubted() {
        assertTrue(new Evidence(-90, 0.5, 1.2, 0.8, 50).doubt().contains("80 %"));
    }
}
