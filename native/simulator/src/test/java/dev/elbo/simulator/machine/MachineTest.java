package dev.elbo.simulator.machine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.elbo.simulator.Dim3;
import dev.elbo.simulator.memory.Allocation;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class MachineTest {
    private static final String ADD = """
            ld.param.u64 %d1, [a]; ld.param.u64 %d2, [b]; ld.param.u64 %d3, [c]; ld.param.u32 %r1, [n];
            mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ntid.x; mov.u32 %r4, %tid.x;
            mad.lo.s32 %r5, %r2, %r3, %r4;
            setp.ge.s32 %p1, %r5, %r1;
            @%p1 bra $done;
            mul.wide.s32 %d4, %r5, 4;
            add.s64 %d5, %d1, %d4; add.s64 %d6, %d2, %d4; add.s64 %d7, %d3, %d4;
            ld.global.f32 %f1, [%d5]; ld.global.f32 %f2, [%d6];
            add.f32 %f3, %f1, %f2;
            st.global.f32 [%d7], %f3;
            $done: ret;
            """;
    private static final String PARAMETERS = ".param .u64 a, .param .u64 b, .param .u64 c, .param .u32 n";

    @Test
    void addsTwoVectorsOfAnyLength() {
        for (int n : new int[] {1, 31, 32, 33, 127, 128, 129, 1000}) {
            TestGpu gpu = TestGpu.kernel(PARAMETERS, ADD);
            float[] a = new float[n];
            float[] b = new float[n];
            float[] sum = new float[n];
            for (int i = 0; i < n; i++) {
                a[i] = i * 0.1f;
                b[i] = 1f / (i + 1);
                sum[i] = a[i] + b[i];
            }
            Allocation c = gpu.empty("c", 4L * n);
            gpu.run("k", Dim3.of((n + 63) / 64), Dim3.of(64), gpu.floats("a", a), gpu.floats("b", b), c, n);
            assertArrayEquals(sum, gpu.floats(c), "n=" + n);
        }
    }

    @Test
    void countsWhatALaunchDid() {
        TestGpu gpu = TestGpu.kernel(PARAMETERS, ADD);
        float[] ones = new float[100];
        Allocation c = gpu.empty("c", 400);
        LaunchStatistics did =
                gpu.run("k", Dim3.of(4), Dim3.of(32), gpu.floats("a", ones), gpu.floats("b", ones), c, 100);
        assertEquals(800, did.loadedBytes());
        assertEquals(400, did.storedBytes());
        assertEquals(0, did.barriers());
    }

    @Test
    void blocksMayRunOnSeveralHostThreads() {
        TestGpu gpu = TestGpu.kernel(PARAMETERS, ADD);
        gpu.options = LaunchOptions.CHECKED.withThreads(2);
        int n = 10_000;
        float[] a = new float[n];
        Arrays.fill(a, 2);
        Allocation c = gpu.empty("c", 4L * n);
        gpu.run("k", Dim3.of(n / 50), Dim3.of(50), gpu.floats("a", a), gpu.floats("b", a), c, n);
        for (float x : gpu.floats(c)) {
            assertEquals(4, x);
        }
    }
}
