package dev.elbo.runtime.portable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.elbo.runtime.cpu.Fingerprints;
import dev.elbo.runtime.cpu.Unary;
import dev.elbo.runtime.random.Draws;
import dev.elbo.runtime.random.HostCompiler;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The functions against f64, over a grid of all floats in every build and over all of them under the tag `slow`.
class PortableMathTest {
    /// A prime near 2¹²: a million floats, of every exponent and of changing low bits.
    private static final int GRID = 4099;

    private interface FloatFunction {
        float apply(float x);
    }

    private enum Function {
        EXP(PortableMath::exp, StrictMath::exp, Unary.EXP, 0.90),
        LOG(PortableMath::log, StrictMath::log, Unary.LOG, 0.99),
        SIGMOID(
                PortableMath::sigmoid,
                x -> x < 0 ? StrictMath.exp(x) / (1 + StrictMath.exp(x)) : 1 / (1 + StrictMath.exp(-x)),
                Unary.SIGMOID,
                2.41),
        SOFTPLUS(
                PortableMath::softplus,
                x -> Math.max(x, 0) + StrictMath.log1p(StrictMath.exp(-Math.abs(x))),
                Unary.SOFTPLUS,
                1.90),
        TANH(PortableMath::tanh, StrictMath::tanh, Unary.TANH, 1.37);

        private final FloatFunction portable;
        private final DoubleUnaryOperator exact;
        private final Unary loop;
        private final double ulps;

        Function(FloatFunction portable, DoubleUnaryOperator exact, Unary loop, double ulps) {
            this.portable = portable;
            this.exact = exact;
            this.loop = loop;
            this.ulps = ulps;
        }
    }

    /// The spacing of floats at `exact`, 2⁻¹⁴⁹ among the subnormal ones.
    private static double ulp(double exact) {
        return Math.max(Math.scalb(1.0, Math.getExponent(exact) - 23), 0x1p-149);
    }

    private static void assertAccurate(Function f, long stride) {
        double worst = 0;
        float at = 0;
        for (long bits = 0; bits < 1L << 32; bits += stride) {
            float x = Float.intBitsToFloat((int) bits);
            float actual = f.portable.apply(x);
            double exact = f.exact.applyAsDouble(x);
            if (Double.isNaN(exact) || Float.isInfinite((float) exact) || Float.isInfinite(actual)) {
                assertEquals((float) exact, actual, f + " of " + x);
                continue;
            }
            double error = Math.abs(actual - exact) / ulp(exact);
            if (!(error <= worst)) {
                worst = error;
                at = x;
            }
        }
        System.out.printf("%s: at most %.4f ulp, at %s, stride %d%n", f, worst, at, stride);
        assertTrue(worst <= f.ulps, f + ": " + worst + " ulp at " + at);
    }

    @ParameterizedTest
    @EnumSource(Function.class)
    void errorStaysWithinWhatTheJavadocSays(Function f) {
        assertAccurate(f, GRID);
    }

    @ParameterizedTest
    @EnumSource(Function.class)
    @Tag("slow")
    void errorStaysWithinWhatTheJavadocSaysOnAllFloats(Function f) {
        assertAccurate(f, 1);
    }

    private static void assertVectorsAgree(Function f, int stride) {
        int n = 1 << 16;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment x = arena.allocate(ValueLayout.JAVA_FLOAT, n);
            MemorySegment y = arena.allocate(ValueLayout.JAVA_FLOAT, n);
            for (long from = 0; from < 1L << 32; from += (long) n * stride) {
                for (int e = 0; e < n; e++) {
                    x.setAtIndex(ValueLayout.JAVA_INT, e, (int) (from + (long) e * stride));
                }
                Fingerprints.vectors().unary(f.loop, 0, x, y, 0, n);
                for (int e = 0; e < n; e++) {
                    float in = x.getAtIndex(ValueLayout.JAVA_FLOAT, e);
                    float expected = f.portable.apply(in);
                    float actual = y.getAtIndex(ValueLayout.JAVA_FLOAT, e);
                    if (Float.floatToIntBits(expected) != Float.floatToIntBits(actual)) {
                        assertEquals(expected, actual, f + " of " + in);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Function.class)
    void vectorsGiveTheBitsOfTheScalar(Function f) {
        assertVectorsAgree(f, 4093);
    }

    @ParameterizedTest
    @EnumSource(Function.class)
    @Tag("slow")
    void vectorsGiveTheBitsOfTheScalarOnAllFloats(Function f) {
        assertVectorsAgree(f, 1);
    }

    private static void assertHeadersAgree(Path folder, long stride) throws Exception {
        Optional<Path> program = HostCompiler.fingerprints(folder);
        assumeTrue(program.isPresent(), "no C compiler here: the headers were not compared");
        Map<String, String> hashes = HostCompiler.values(List.of(program.get().toString(), "functions", "" + stride));
        for (Function f : Function.values()) {
            assertEquals(hash(f.portable, stride), hashes.get(f.name().toLowerCase()), f.name());
        }
        FloatFunction threshold = p -> Float.intBitsToFloat(Draws.threshold(p));
        assertEquals(hash(threshold, stride), hashes.get("threshold"), "threshold");
    }

    private static String hash(FloatFunction f, long stride) {
        long hash = Fingerprints.basis();
        for (long bits = 0; bits < 1L << 32; bits += stride) {
            hash = Fingerprints.mix(hash, f.apply(Float.intBitsToFloat((int) bits)));
        }
        return Fingerprints.hex(hash);
    }

    @Test
    void theHeadersCompiledForTheHostGiveTheSameBits(@TempDir Path folder) throws Exception {
        assertHeadersAgree(folder, GRID);
    }

    @Test
    @Tag("slow")
    void theHeadersCompiledForTheHostGiveTheSameBitsOnAllFloats(@TempDir Path folder) throws Exception {
        assertHeadersAgree(folder, 1);
    }

    @Test
    void edgesLieWhereTheJavadocSays() {
        assertEquals(Float.POSITIVE_INFINITY, PortableMath.exp(88.7228394f));
        assertTrue(PortableMath.exp(Math.nextDown(88.7228394f)) < Float.POSITIVE_INFINITY);
        for (FloatFunction f : List.<FloatFunction>of(PortableMath::exp, PortableMath::sigmoid)) {
            assertTrue(f.apply(Math.nextUp(-87.3365479f)) >= Float.MIN_NORMAL);
            assertTrue(f.apply(-87.3365479f) < Float.MIN_NORMAL);
            assertTrue(f.apply(Math.nextUp(-103.972084f)) > 0);
            assertEquals(0.0f, f.apply(-103.972084f));
        }
        assertEquals(1.0f, PortableMath.sigmoid(Math.nextUp(16.6355305f)));
        assertTrue(PortableMath.sigmoid(16.6355305f) < 1);
        assertEquals(1.0f, PortableMath.tanh(Math.nextUp(9.0109129f)));
        assertTrue(PortableMath.tanh(9.0109129f) < 1);
        assertEquals(Float.NEGATIVE_INFINITY, PortableMath.log(-0.0f));
        assertEquals(0.0f, PortableMath.softplus(Float.NEGATIVE_INFINITY));
        assertEquals(-0.0f, PortableMath.tanh(-0.0f));
        assertEquals(0.0f, PortableMath.log(1.0f));
        assertEquals(1.0f, PortableMath.exp(0.0f));
    }

    /// exp and tanh never decrease, tanh is odd, sigmoid x + sigmoid(−x) = 1 to an ulp or two.
    @Test
    void laws() {
        float exp = 0;
        float tanh = -1;
        for (long order = -0x7f800000L; order <= 0x7f800000L; order += 211) {
            float x = Float.intBitsToFloat(order < 0 ? (int) (-order | 0x80000000L) : (int) order);
            assertTrue(PortableMath.exp(x) >= exp, "exp at " + x);
            assertTrue(PortableMath.tanh(x) >= tanh, "tanh at " + x);
            assertEquals(-PortableMath.tanh(x), PortableMath.tanh(-x), "tanh at " + x);
            assertEquals(1.0f, PortableMath.sigmoid(x) + PortableMath.sigmoid(-x), 3e-7f, "sigmoid at " + x);
            exp = PortableMath.exp(x);
            tanh = PortableMath.tanh(x);
        }
    }
}
