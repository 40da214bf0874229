package dev.elbo.runtime.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.random.Noise;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The rows of the tables against formulas in f64, and their gradients against differences of those.
class TablesTest {
    private interface Of3 {
        double apply(double x1, double x2, double x3);
    }

    private static final Map<Unary, Of3> UNARY = Map.ofEntries(
            Map.entry(Unary.IDENTITY, (x, p, _) -> x),
            Map.entry(Unary.EXP, (x, p, _) -> Math.exp(x)),
            Map.entry(Unary.LOG, (x, p, _) -> Math.log(x)),
            Map.entry(Unary.SQRT, (x, p, _) -> Math.sqrt(x)),
            Map.entry(Unary.SQUARE, (x, p, _) -> x * x),
            Map.entry(Unary.ABS, (x, p, _) -> Math.abs(x)),
            Map.entry(Unary.NEGATE, (x, p, _) -> -x),
            Map.entry(Unary.SIGMOID, (x, p, _) -> 1 / (1 + Math.exp(-x))),
            Map.entry(Unary.TANH, (x, p, _) -> Math.tanh(x)),
            Map.entry(Unary.SOFTPLUS, (x, p, _) -> Math.log1p(Math.exp(x))),
            Map.entry(Unary.RELU, (x, p, _) -> Math.max(x, 0)),
            Map.entry(Unary.LEAKY_RELU, (x, p, _) -> x < 0 ? p * x : x));

    private static final Map<Binary, Of3> BINARY = Map.of(
            Binary.ADD, (a, b, _) -> a + b,
            Binary.SUBTRACT, (a, b, _) -> a - b,
            Binary.MULTIPLY, (a, b, _) -> a * b,
            Binary.DIVIDE, (a, b, _) -> a / b);

    private static double softplus(double x) {
        return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    }

    /// As they enter the sum, scale included.
    private static final Map<Term, Of3> TERM = Map.of(
            Term.VALUE, (x, _, _) -> x,
            Term.SQUARE, (x, _, _) -> x * x,
            Term.PRODUCT, (x, y, _) -> x * y,
            Term.BERNOULLI, (l, x, _) -> -x * softplus(-l) - (1 - x) * softplus(l),
            Term.GAUSSIAN, (x, m, v) -> -0.5 * (Math.log(2 * Math.PI) + v + (x - m) * (x - m) / Math.exp(v)),
            Term.GAUSSIAN_KL, (m, v, _) -> 0.5 * (m * m + Math.exp(v) - 1 - v),
            Term.NORMAL_DRAW, (v, e, _) -> -0.5 * (Math.log(2 * Math.PI) + v + e * e),
            Term.NORMAL_RATIO, (v, e, z) -> 0.5 * (v + e * e - z * z),
            Term.SOFTPLUS, (x, _, _) -> softplus(x));

    private static double slope(Of3 f, int argument, double x1, double x2, double x3) {
        double h = 1e-5;
        double up = f.apply(argument == 1 ? x1 + h : x1, argument == 2 ? x2 + h : x2, argument == 3 ? x3 + h : x3);
        double down = f.apply(argument == 1 ? x1 - h : x1, argument == 2 ? x2 - h : x2, argument == 3 ? x3 - h : x3);
        return (up - down) / (2 * h);
    }

    private static void assertNear(double expected, double actual, String what) {
        assertEquals(expected, actual, 2e-6 * Math.max(1, Math.abs(expected)), what);
    }

    /// Away from 0, where some bend, and positive where only that has a root.
    private static float argument(int i, boolean positive) {
        float z = 2 * new Noise(5, 6, 7).normal(i);
        float away = z < 0 ? z - 0.01f : z + 0.01f;
        return positive ? Math.abs(away) : away;
    }

    @ParameterizedTest
    @EnumSource(Unary.class)
    void unaryFunctionsAreTheirFormulas(Unary f) {
        Of3 formula = UNARY.get(f);
        for (int i = 0; i < 2000; i++) {
            float x = argument(i, f == Unary.LOG || f == Unary.SQRT);
            float y = f.value(x, 0.2f);
            assertNear(formula.apply(x, 0.2f, 0), y, f + " of " + x);
            float in = f.readsX() ? x : Float.NaN; // what it does not read may be anything
            float out = f.readsY() ? y : Float.NaN;
            assertEquals(1.5 * slope(formula, 1, x, 0.2f, 0), f.gradient(in, out, 1.5f, 0.2f), 1e-4, f + "' of " + x);
        }
    }

    @ParameterizedTest
    @EnumSource(Binary.class)
    void binaryFunctionsAreTheirFormulas(Binary f) {
        Of3 formula = BINARY.get(f);
        for (int i = 0; i < 2000; i++) {
            float a = argument(2 * i, false);
            float b = argument(2 * i + 1, false);
            b = b < 0 ? b - 0.5f : b + 0.5f;
            assertNear(formula.apply(a, b, 0), f.value(a, b), f.name());
            assertEquals(1.5 * slope(formula, 1, a, b, 0), f.gradientOfA(a, b, 1.5f), 1e-4, f + "' by a");
            assertEquals(1.5 * slope(formula, 2, a, b, 0), f.gradientOfB(a, b, 1.5f), 1e-4, f + "' by b");
        }
    }

    @ParameterizedTest
    @EnumSource(Term.class)
    void termsAreTheirFormulas(Term term) {
        Of3 formula = TERM.get(term);
        for (int i = 0; i < 2000; i++) {
            float x1 = argument(3 * i, false);
            float x2 = argument(3 * i + 1, false);
            float x3 = argument(3 * i + 2, false) / 2;
            if (term == Term.BERNOULLI) {
                x2 = Math.min(Math.abs(x2) / 2, 1);
            }
            assertNear(formula.apply(x1, x2, x3), term.scale() * term.value(x1, x2, x3), term.name());
            for (int k = 1; k <= term.arity(); k++) {
                double expected = 1.5 * slope(formula, k, x1, x2, x3);
                double actual = term.gradient(k, x1, x2, x3, 1.5f);
                assertEquals(expected, actual, 1e-4 * Math.max(1, Math.abs(expected)), term + "' by argument " + k);
            }
        }
    }

    @Test
    void certainBitsHaveNoSurpriseAndNoGradient() {
        for (float certain : new float[] {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            float agreed = certain > 0 ? 1 : 0;
            assertEquals(0.0f, Math.abs(Term.BERNOULLI.value(certain, agreed, 0)));
            assertEquals(Float.NEGATIVE_INFINITY, Term.BERNOULLI.value(certain, 1 - agreed, 0));
            assertEquals(0.0f, Term.BERNOULLI.gradient(1, certain, 1 - agreed, 0, 1));
        }
    }

    @Test
    void nothingDependsOnALogVarianceOutOfBounds() {
        assertEquals(Term.GAUSSIAN.value(1, 2, 20), Term.GAUSSIAN.value(1, 2, 300));
        assertEquals(0.0f, Term.GAUSSIAN.gradient(3, 1, 2, 300, 1));
        assertEquals(0.0f, Term.GAUSSIAN_KL.gradient(2, 1, -300, 0, 1));
        assertTrue(Float.isNaN(Term.GAUSSIAN.value(1, 2, Float.NaN)));
    }

    @Test
    void nanPassesThroughEveryFunction() {
        for (Unary f : Unary.values()) {
            assertTrue(Float.isNaN(f.value(Float.NaN, 0.2f)), f.name());
        }
    }
}
