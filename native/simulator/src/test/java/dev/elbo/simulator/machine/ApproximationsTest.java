package dev.elbo.simulator.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.simulator.Dim3;
import dev.elbo.simulator.memory.Allocation;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Approximate instructions stay inside the ranges that PTX documents, and use them.
class ApproximationsTest {
    /// @param relative bound relative to the exact value
    /// @param absolute bound on the difference
    private static Arguments of(
            String opcode, double from, double to, double relative, double absolute, DoubleUnaryOperator exact) {
        return Arguments.of(opcode, from, to, relative, absolute, exact);
    }

    static Stream<Arguments> ranges() {
        return Stream.of(
                of("rcp.approx.f32", 1e-30, 1e30, 0x1p-23, 0, x -> 1 / x),
                of("sqrt.approx.f32", 1e-30, 1e30, 0x1p-23, 0, Math::sqrt),
                of("rsqrt.approx.f32", 1e-30, 1e30, Math.pow(2, -22.4), 0, x -> 1 / Math.sqrt(x)),
                of("ex2.approx.f32", -120, 120, 0x1p-22, 0, x -> Math.pow(2, x)),
                of("ex2.approx.ftz.f32", -1, 1, 0x1p-22, 0, x -> Math.pow(2, x)),
                of("lg2.approx.f32", 0.5, 2, 0, 0x1p-22, x -> Math.log(x) / Math.log(2)),
                of("lg2.approx.f32", 2, 1e30, 0x1p-22, 0, x -> Math.log(x) / Math.log(2)),
                of("sin.approx.f32", -6.28, 6.28, 0, Math.pow(2, -20.5), Math::sin),
                of("cos.approx.f32", -6.28, 6.28, 0, Math.pow(2, -20.5), Math::cos),
                of("tanh.approx.f32", -9, 9, 0x1p-11, 0, Math::tanh));
    }

    @ParameterizedTest(name = "{0} on [{1}, {2}]")
    @MethodSource("ranges")
    void resultsLieInTheDocumentedRange(
            String opcode, double from, double to, double relative, double absolute, DoubleUnaryOperator exact) {
        int count = 2000;
        long[] values = new long[count];
        boolean logarithmic = from > 0 && to / from > 1e6;
        for (int i = 0; i < count; i++) {
            double u = i / (count - 1.0);
            double x = logarithmic ? from * Math.pow(to / from, u) : from + u * (to - from);
            values[i] = Float.floatToRawIntBits((float) x) & 0xffff_ffffL;
        }
        long[] got = Trial.run(opcode + " D, A", "b32", new String[] {"b32"}, Trial.all(values));
        double worst = 0;
        for (int i = 0; i < count; i++) {
            double want = exact.applyAsDouble(Exact.F32.value(values[i]));
            double off = Math.abs(Exact.F32.value(got[i]) - want) / (relative * Math.abs(want) + absolute);
            worst = Math.max(worst, off);
        }
        assertTrue(worst <= 1, "worst error is " + worst + " of the bound");
        assertTrue(worst > 0.3, "the range is not used: worst error is " + worst + " of the bound");
    }

    @Test
    void zerosInfinitiesAndNaNAreExact() {
        assertEquals(Float.POSITIVE_INFINITY, one("rcp.approx.f32", 0f));
        assertEquals(Float.NEGATIVE_INFINITY, one("rcp.approx.f32", -0f));
        assertEquals(0f, one("rcp.approx.f32", Float.POSITIVE_INFINITY));
        assertEquals(Float.NEGATIVE_INFINITY, one("rcp.approx.ftz.f32", -Float.MIN_VALUE));
        assertEquals(1f, one("ex2.approx.f32", 0f));
        assertEquals(0f, one("ex2.approx.f32", Float.NEGATIVE_INFINITY));
        assertEquals(Float.POSITIVE_INFINITY, one("ex2.approx.f32", 200f));
        assertEquals(0f, one("lg2.approx.f32", 1f));
        assertEquals(Float.NEGATIVE_INFINITY, one("lg2.approx.f32", 0f));
        assertTrue(Float.isNaN(one("lg2.approx.f32", -1f)));
        assertTrue(Float.isNaN(one("sin.approx.f32", Float.POSITIVE_INFINITY)));
        assertEquals(Float.POSITIVE_INFINITY, one("rsqrt.approx.f32", 0f));
        assertTrue(Float.isNaN(one("sqrt.approx.f32", -1f)));
    }

    private static float one(String opcode, float x) {
        long[][] operands = {{Float.floatToRawIntBits(x) & 0xffff_ffffL}};
        return (float) Exact.F32.value(Trial.run(opcode + " D, A", "b32", new String[] {"b32"}, operands)[0]);
    }

    @Test
    void quotientsAreWithinTwoUnits() {
        float[] normal = {1, 3, 7.3f, 1e-20f, 1e20f, 0.1f, -2.7f};
        long[] bits = new long[normal.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(normal[i]) & 0xffff_ffffL;
        }
        long[][] operands = Trial.all(bits, bits);
        for (String opcode : new String[] {"div.approx.f32", "div.full.f32"}) {
            long[] got = Trial.run(opcode + " D, A, B", "b32", new String[] {"b32", "b32"}, operands);
            for (int i = 0; i < got.length; i++) {
                double want = Exact.F32.value(operands[i][0]) / Exact.F32.value(operands[i][1]);
                assertEquals(want, Exact.F32.value(got[i]), 2 * Math.ulp((float) want));
            }
        }
    }

    @Test
    void coarseDoublesHaveNoLowerHalf() {
        double[] values = {1, 3, 1e300, -7e-200, 0.37};
        long[] bits =
                Arrays.stream(values).mapToLong(Double::doubleToRawLongBits).toArray();
        long[] got = Trial.run("rcp.approx.ftz.f64 D, A", "b64", new String[] {"b64"}, Trial.all(bits));
        for (int i = 0; i < got.length; i++) {
            assertEquals(0, got[i] & 0xffff_ffffL);
            assertEquals(1, Double.longBitsToDouble(got[i]) * values[i], 0x1p-20);
        }
    }

    @Test
    void theSeedOfALaunchChoosesTheResults() {
        String body = """
                ld.param.u64 %d1, [out]; mov.u32 %r1, %tid.x; cvt.rn.f32.u32 %f1, %r1; ex2.approx.f32 %f2, %f1;
                mul.wide.u32 %d2, %r1, 4; add.s64 %d3, %d1, %d2; st.global.f32 [%d3], %f2; ret;
                """;
        TestGpu gpu = TestGpu.kernel(".param .u64 out", body);
        float[][] results = new float[3][];
        long[] seeds = {1, 2, 1};
        for (int i = 0; i < 3; i++) {
            Allocation out = gpu.empty("out", 128);
            gpu.options = LaunchOptions.CHECKED.withSeed(seeds[i]);
            gpu.run("k", Dim3.of(1), Dim3.of(32), out);
            results[i] = gpu.floats(out);
        }
        assertNotEquals(Arrays.toString(results[0]), Arrays.toString(results[1]));
        assertEquals(Arrays.toString(results[0]), Arrays.toString(results[2]));
    }
}
