package dev.elbo.models.adversarial;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.GradientCheck;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ObjectiveTest {
    /// Away from ±1, where the hinge has no slope; large ones lose nothing on logits.
    private static final float[] REAL = {0.3f, -2.5f, 4, 30, -0.2f};
    private static final float[] FAKE = {-0.4f, 1.8f, -35, 0.1f};

    private final CpuDevice cpu = CpuDevice.open(1);
    private final Arena arena = Arena.ofShared();
    private final Memory memory = Memory.of(cpu, "test", arena);
    private final Tensor real = memory.floats(Shape.of(REAL.length), REAL);
    private final Tensor fake = memory.floats(Shape.of(FAKE.length), FAKE);

    @AfterEach
    void close() {
        arena.close();
        cpu.close();
    }

    private static double mean(float[] x, DoubleUnaryOperator f) {
        double sum = 0;
        for (float each : x) {
            sum += f.applyAsDouble(each);
        }
        return sum / x.length;
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    private void assertLosses(Objective objective, double discriminator, double generator) {
        Ops f = Ops.plain(memory);
        assertEquals(discriminator, cpu.scalar(objective.discriminator(f, real, fake)), 1e-5);
        assertEquals(generator, cpu.scalar(objective.generator(f, fake)), 1e-5);
        for (long seed = 0; seed < 5; seed++) {
            GradientCheck.Result ofBoth = GradientCheck.of(
                    cpu,
                    (ops, l) -> objective.discriminator(ops, l.get(0), l.get(1)),
                    List.of(real, fake),
                    List.of(real, fake),
                    seed);
            assertTrue(ofBoth.error() < 1e-3, objective + " discriminator " + ofBoth);
            GradientCheck.Result ofFake = GradientCheck.of(
                    cpu, (ops, l) -> objective.generator(ops, l.getFirst()), List.of(fake), List.of(fake), seed);
            assertTrue(ofFake.error() < 1e-3, objective + " generator " + ofFake);
        }
    }

    @Test
    void minimaxIsTheGameOfTheFirstPaper() {
        double found = mean(FAKE, l -> Math.log(1 - sigmoid(l)));
        assertLosses(new Objective.Minimax(1), -mean(REAL, l -> Math.log(sigmoid(l))) - found, found);
    }

    @Test
    void smoothedLabelsAreOfTheRealOnesAlone() {
        double real = mean(REAL, l -> 0.9 * Math.log(sigmoid(l)) + 0.1 * (-l + Math.log(sigmoid(l))));
        double found = mean(FAKE, l -> Math.log(1 - sigmoid(l)));
        assertLosses(new Objective.NonSaturating(0.9f), -real - found, -mean(FAKE, l -> Math.log(sigmoid(l))));
    }

    @Test
    void leastSquaresMissTheirLabels() {
        assertLosses(
                new Objective.LeastSquares(0.9f),
                mean(REAL, l -> 0.5 * (l - 0.9f) * (l - 0.9f)) + mean(FAKE, l -> 0.5 * l * l),
                mean(FAKE, l -> 0.5 * (l - 1) * (l - 1)));
    }

    @Test
    void theHingeLetsGoOfWhatIsTold() {
        assertLosses(
                new Objective.Hinge(),
                mean(REAL, l -> Math.max(0, 1 - l)) + mean(FAKE, l -> Math.max(0, 1 + l)),
                -mean(FAKE, l -> l));
    }

    @Test
    void wassersteinIsADifferenceOfMeans() {
        assertLosses(new Objective.Wasserstein(), mean(FAKE, l -> l) - mean(REAL, l -> l), -mean(FAKE, l -> l));
    }

    /// A discriminator that cannot tell: 2 log 2 in both games of log odds.
    @Test
    void whoCannotTellLosesTwoBits() {
        Tensor none = memory.floats(Shape.of(7), new float[7]);
        for (Objective objective : Arrays.asList(new Objective.Minimax(1), new Objective.NonSaturating(0.8f))) {
            assertEquals(2 * Math.log(2), cpu.scalar(objective.discriminator(Ops.plain(memory), none, none)), 1e-6);
        }
    }

    @Test
    void aLabelIsAProbabilityAboveAHalf() {
        assertThrows(IllegalArgumentException.class, () -> new Objective.Minimax(0.4f));
        assertThrows(IllegalArgumentException.class, () -> new Objective.NonSaturating(1.1f));
        assertThrows(IllegalArgumentException.class, () -> new Objective.LeastSquares(Float.NaN));
    }
}
