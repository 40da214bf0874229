package dev.elbo.models.classifier;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.models.data.Dataset;
import dev.elbo.models.data.Digits;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LogisticRegressionTest {
    private final CpuDevice cpu = CpuDevice.open(1);
    private final Arena arena = Arena.ofShared();
    private final Memory memory = Memory.of(cpu, "test", arena);

    @AfterEach
    void close() {
        arena.close();
        cpu.close();
    }

    /// One feature that is 1 in three of four examples of class 1 and in one of four of class 0: the log odds of the
    /// data are those of the fit.
    @Test
    void oneFeatureIsFittedByItsLogOdds() {
        Tensor x = memory.floats(Shape.of(8, 1), 1, 0, 0, 0, 1, 1, 1, 0);
        int[] labels = {0, 0, 0, 0, 1, 1, 1, 1};
        LogisticRegression fitted = LogisticRegression.fit(x, labels, 2, 0, 500, arena);
        float[] w = cpu.floats(fitted.scores().weight());
        float[] b = cpu.floats(fitted.scores().bias());
        assertEquals(Math.log(3) - Math.log(1.0 / 3), w[1] - w[0], 1e-3);
        assertEquals(Math.log(1.0 / 3), b[1] - b[0], 1e-3);
        assertArrayEquals(new int[] {1, 0, 0, 0, 1, 1, 1, 0}, fitted.predict(x));
        assertEquals(0.75, fitted.accuracy(x, labels));
    }

    /// At the best point the penalty's gradient balances the loss's: Σ_i (p_i − y_i) x_i + penalty · W = 0.
    @Test
    void thePenaltyBalancesTheLoss() {
        Tensor x = memory.floats(Shape.of(4, 1), -1, -0.5f, 0.7f, 2);
        int[] labels = {0, 1, 0, 1};
        double penalty = 0.3;
        LogisticRegression fitted = LogisticRegression.fit(x, labels, 2, penalty, 500, arena);
        float[] w = cpu.floats(fitted.scores().weight());
        float[] b = cpu.floats(fitted.scores().bias());
        float[] values = cpu.floats(x);
        double gradient = penalty * w[1];
        for (int i = 0; i < 4; i++) {
            double p = 1 / (1 + Math.exp(-(b[1] - b[0]) - (w[1] - w[0]) * values[i]));
            gradient += (p - labels[i]) * values[i];
        }
        assertEquals(0, gradient, 1e-4);
    }

    @Test
    void digitsAreTold() {
        Dataset digits = Digits.dataset(arena);
        LogisticRegression fitted = LogisticRegression.fit(
                digits.train().upload(memory), digits.train().labels(), 10, 0.1, 200, arena);
        double accuracy =
                fitted.accuracy(digits.test().upload(memory), digits.test().labels());
        assertTrue(accuracy > 0.93, "accuracy " + accuracy);
    }

    @Test
    void labelsOfOtherExamplesAreRefused() {
        Tensor x = memory.floats(Shape.of(2, 1), 1, 0);
        assertThrows(IllegalArgumentException.class, () -> LogisticRegression.fit(x, new int[3], 2, 0, 5, arena));
    }
}
