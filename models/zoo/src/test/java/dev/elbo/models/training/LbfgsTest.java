package dev.elbo.models.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LbfgsTest {
    private static final Lbfgs LBFGS = new Lbfgs(10, 500, 1e-9);

    /// f = Σ 100 (x₂ᵢ₊₁ − x₂ᵢ²)² + (1 − x₂ᵢ)², lowest at 1, along a curved valley.
    private static double rosenbrock(double[] x, double[] g) {
        double f = 0;
        for (int i = 0; i < x.length; i += 2) {
            double a = x[i + 1] - x[i] * x[i];
            double b = 1 - x[i];
            f += 100 * a * a + b * b;
            g[i] = -400 * a * x[i] - 2 * b;
            g[i + 1] = 200 * a;
        }
        return f;
    }

    @Test
    void theBottomOfACurvedValleyIsFound() {
        double[] x = new double[100];
        for (int i = 0; i < x.length; i += 2) {
            x[i] = -1.2;
            x[i + 1] = 1;
        }
        Lbfgs.Result result = LBFGS.minimise(LbfgsTest::rosenbrock, x, (_, _) -> true);
        for (double value : x) {
            assertEquals(1, value, 1e-7, result.toString());
        }
        assertTrue(result.calls() < 100, result.toString());
    }

    /// Twenty scales over four decades: steepest descent would take tens of thousands of steps.
    @Test
    void aSteepQuadraticIsSolved() {
        double[] scale = new double[20];
        double[] target = new Random(1).doubles(20, -3, 3).toArray();
        for (int i = 0; i < scale.length; i++) {
            scale[i] = Math.pow(10, 4.0 * i / 19);
        }
        double[] x = new double[20];
        Lbfgs.Result result = new Lbfgs(100, 1000, 1e-10)
                .minimise(
                        (at, g) -> {
                            double f = 0;
                            for (int i = 0; i < at.length; i++) {
                                g[i] = scale[i] * (at[i] - target[i]);
                                f += 0.5 * g[i] * (at[i] - target[i]);
                            }
                            return f;
                        },
                        x,
                        (_, _) -> true);
        for (int i = 0; i < x.length; i++) {
            assertEquals(target[i], x[i], 1e-6, result.toString());
        }
        assertTrue(result.iterations() < 120, result.toString());
    }

    @Test
    void theValueFallsAtEveryIteration() {
        List<Double> values = new ArrayList<>();
        double[] x = {-1.2, 1};
        LBFGS.minimise(LbfgsTest::rosenbrock, x, (_, f) -> values.add(f));
        for (int i = 1; i < values.size(); i++) {
            assertTrue(values.get(i) < values.get(i - 1), "iteration " + i);
        }
    }

    /// −log x + x on x > 0: a step too far leaves the domain and must be taken back.
    @Test
    void stepsOutOfTheDomainAreTakenBack() {
        double[] x = {1e-3};
        LBFGS.minimise(
                (at, g) -> {
                    g[0] = 1 - 1 / at[0];
                    return at[0] > 0 ? at[0] - Math.log(at[0]) : Double.NaN;
                },
                x,
                (_, _) -> true);
        assertEquals(1, x[0], 1e-8);
    }

    /// The same, and what lies beyond is lower than all else but for a gradient: nobody can go on from there.
    @Test
    void stepsToWhereThereIsNoGradientAreTakenBack() {
        double[] x = {5};
        Lbfgs.Result result = LBFGS.minimise(
                (at, g) -> {
                    g[0] = at[0] > 0 ? 1 - 1 / at[0] : Double.NaN;
                    return at[0] > 0 ? at[0] - Math.log(at[0]) : -1e9;
                },
                x,
                (_, _) -> true);
        assertEquals(1, x[0], 1e-8, result.toString());
        assertEquals(1, result.f(), 1e-12);
    }

    @Test
    void aWatcherCanStopIt() {
        double[] x = {-1.2, 1};
        Lbfgs.Result result = LBFGS.minimise(LbfgsTest::rosenbrock, x, (iteration, _) -> iteration < 3);
        assertEquals(3, result.iterations());
        assertEquals("stopped from outside", result.why());
    }

    @Test
    void aStartWithoutAValueIsRefused() {
        assertEquals(
                "Lbfgs: the function has no value at the start; f=NaN",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> LBFGS.minimise((_, _) -> Double.NaN, new double[1], (_, _) -> true))
                        .getMessage());
    }

    @Test
    void aStartWithoutAGradientIsRefused() {
        for (double bad : new double[] {Double.NaN, Double.NEGATIVE_INFINITY}) {
            Lbfgs.Objective objective = (_, g) -> {
                g[1] = bad;
                return 1;
            };
            assertEquals(
                    "Lbfgs: the function has no gradient at the start; element=1, g=" + bad,
                    assertThrows(
                                    IllegalArgumentException.class,
                                    () -> LBFGS.minimise(objective, new double[2], (_, _) -> true))
                            .getMessage());
        }
    }
}
