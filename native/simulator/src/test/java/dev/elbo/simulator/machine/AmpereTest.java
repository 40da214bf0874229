package dev.elbo.simulator.machine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.simulator.Dim3;
import dev.elbo.simulator.SimulatorFault;
import dev.elbo.simulator.SimulatorFault.Kind;
import dev.elbo.simulator.memory.Allocation;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// What kernels for newer devices use: asynchronous copies, matrix instructions, reductions in one instruction.
class AmpereTest {
    private final TestGpu gpu = new TestGpu(TestGpu.text("ampere"), 80);
    private final Random random = new Random(3);

    private float[] small(int n) {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = random.nextInt(-8, 8) * 0.25f;
        }
        return x;
    }

    @Test
    void copiesUnderWayArriveWhenTheyAreWaitedFor() {
        int rounds = 5;
        float[] x = small(rounds * 64 * 4);
        Allocation y = gpu.empty("y", 4L * x.length);
        gpu.run("staged", Dim3.of(1), Dim3.of(64), gpu.floats("x", x), y, rounds);
        float[] got = gpu.floats(y);
        for (int i = 0; i < got.length; i++) {
            int element = i / 4;
            int from = element / 64 * 64 + 63 - element % 64;
            assertEquals(x[4 * from + i % 4], got[i]);
        }
    }

    @Test
    void aCopyNobodyWaitedForIsNotThere() {
        SimulatorFault fault = assertThrows(
                SimulatorFault.class,
                () -> gpu.run(
                        "copies_and_does_not_wait",
                        Dim3.of(1),
                        Dim3.of(64),
                        gpu.floats("x", new float[64]),
                        gpu.empty("y", 256)));
        assertEquals(Kind.UNINITIALISED_READ, fault.kind());
        assertTrue(fault.getMessage().contains("shared variable tile"), fault.getMessage());
    }

    @Test
    void aProductInTf32() {
        float[] a = small(16 * 8);
        float[] b = small(8 * 8);
        Allocation d = gpu.empty("d", 4 * 16 * 8);
        gpu.run("mma_tf32", Dim3.of(1), Dim3.of(32), gpu.floats("a", a), gpu.floats("b", b), d);
        float[] want = new float[16 * 8];
        for (int i = 0; i < 16; i++) {
            for (int j = 0; j < 8; j++) {
                want[i * 8 + j] = 1;
                for (int k = 0; k < 8; k++) {
                    want[i * 8 + j] += a[i * 8 + k] * b[k * 8 + j];
                }
            }
        }
        assertArrayEquals(want, gpu.floats(d));
    }

    @Test
    void aProductInBf16ThroughMatrixLoads() {
        float[] a = small(16 * 16);
        float[] bt = small(8 * 16);
        Allocation d = gpu.empty("d", 4 * 16 * 8);
        gpu.run("mma_bf16", Dim3.of(1), Dim3.of(32), gpu.ints("a", bf16(a)), gpu.ints("bt", bf16(bt)), d);
        float[] want = new float[16 * 8];
        for (int i = 0; i < 16; i++) {
            for (int j = 0; j < 8; j++) {
                for (int k = 0; k < 16; k++) {
                    want[i * 8 + j] += a[i * 16 + k] * bt[j * 16 + k];
                }
            }
        }
        assertArrayEquals(want, gpu.floats(d));
    }

    /// Two values a word; all of them are exact in bf16.
    private static int[] bf16(float[] x) {
        int[] words = new int[x.length / 2];
        for (int i = 0; i < words.length; i++) {
            words[i] = Float.floatToRawIntBits(x[2 * i]) >>> 16 | Float.floatToRawIntBits(x[2 * i + 1]) & 0xffff_0000;
        }
        return words;
    }

    @Test
    void aProductOfDoubles() {
        String body = """
                ld.param.u64 %d1, [a]; ld.param.u64 %d2, [b]; ld.param.u64 %d3, [out]; mov.u32 %r1, %laneid;
                mul.wide.u32 %d4, %r1, 8; add.s64 %d5, %d1, %d4; add.s64 %d6, %d2, %d4;
                mul.wide.u32 %d7, %r1, 16;
                add.s64 %d8, %d3, %d7; ld.global.f64 %e1, [%d5]; ld.global.f64 %e2, [%d6];
                mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%e3, %e4}, {%e1}, {%e2}, {%e1, %e2};
                st.global.v2.f64 [%d8], {%e3, %e4}; ret;
                """;
        TestGpu one = TestGpu.kernel(".param .u64 a, .param .u64 b, .param .u64 out", body);
        long[] a = new long[32];
        long[] b = new long[32];
        for (int i = 0; i < 32; i++) {
            a[i] = Double.doubleToRawLongBits(random.nextInt(-9, 9));
            b[i] = Double.doubleToRawLongBits(random.nextInt(-9, 9));
        }
        Allocation out = one.empty("out", 512);
        one.run("k", Dim3.of(1), Dim3.of(32), one.longs("a", a), one.longs("b", b), out);
        long[] got = one.longs(out);
        for (int lane = 0; lane < 32; lane++) {
            for (int i = 0; i < 2; i++) {
                // Row lane / 4 of A lies in lanes 4 (lane / 4) …, column c of B in lanes 4 c ….
                int row = lane / 4;
                int column = lane % 4 * 2 + i;
                double want = Double.longBitsToDouble(i == 0 ? a[lane] : b[lane]);
                for (int k = 0; k < 4; k++) {
                    want += Double.longBitsToDouble(a[4 * row + k]) * Double.longBitsToDouble(b[4 * column + k]);
                }
                assertEquals(want, Double.longBitsToDouble(got[2 * lane + i]));
            }
        }
    }

    @Test
    void reductionsInOneInstruction() {
        int[] x = random.ints(32, 0, 1000).toArray();
        Allocation y = gpu.empty("y", 128);
        gpu.run("largest", Dim3.of(1), Dim3.of(32), gpu.ints("x", x), y);
        int most = Arrays.stream(x).max().orElseThrow();
        int odd = (int) Arrays.stream(x).filter(i -> i % 2 == 1).count();
        for (int got : gpu.ints(y)) {
            assertEquals(most - odd, got);
        }
    }
}
