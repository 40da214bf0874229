package dev.elbo.simulator.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.elbo.simulator.Report;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BlasTest extends GpuTest {
    private static final int N = 0;
    private static final int T = 1;

    private Native blas;
    private long handle;

    @BeforeEach
    void create() {
        blas = new Native("cublas");
        handle = blas.make("cublasCreate_v2");
    }

    private MemorySegment scalar(float value) {
        return arena.allocateFrom(ValueLayout.JAVA_FLOAT, value);
    }

    private int sgemm(
            int ta, int tb, int m, int n, int k, float alpha, long a, int lda, long b, int ldb, float beta, long c) {
        return blas.call(
                "cublasSgemm_v2",
                handle,
                ta,
                tb,
                m,
                n,
                k,
                scalar(alpha),
                a,
                lda,
                b,
                ldb,
                scalar(beta),
                c,
                Math.max(1, m));
    }

    /// [1 3; 2 4] · [5 7; 6 8] = [23 31; 34 46], stored column by column.
    @Test
    void aProductOfColumns() {
        long c = allocate(16);
        assertEquals(0, sgemm(N, N, 2, 2, 2, 1, upload(1, 2, 3, 4), 2, upload(5, 6, 7, 8), 2, 0, c));
        assertArrayEquals(new float[] {23, 34, 31, 46}, download(c, 4));
        assertEquals(1, gpu.counters().launches("cublasSgemm_v2"));
    }

    @Test
    void transposedFactorsAndAccumulation() {
        long c = upload(1, 1, 1, 1);
        assertEquals(0, sgemm(T, T, 2, 2, 2, 2, upload(1, 3, 2, 4), 2, upload(5, 7, 6, 8), 2, 10, c));
        assertArrayEquals(new float[] {56, 78, 72, 102}, download(c, 4));
    }

    @Test
    void theResultIsThereOnlyAfterAWait() {
        long stream = stream();
        blas.ok("cublasSetStream_v2", handle, stream);
        long c = upload(0);
        assertEquals(0, sgemm(N, N, 1, 1, 1, 1, upload(2), 1, upload(3), 1, 0, c));
        assertEquals(0f, download(c, 1)[0]);
        cuda.ok("cuStreamSynchronize", stream);
        assertEquals(6f, download(c, 1)[0]);
    }

    @Test
    void aShortLeadingDimensionIsRefused() {
        long x = upload(1, 2, 3, 4);
        assertEquals(7, sgemm(N, N, 2, 2, 2, 1, x, 1, x, 2, 0, allocate(16)));
        assertRefused("leading dimension of A is less than its rows", "ld=1", "rows=2");
    }

    @Test
    void aFactorThatIsTooSmallIsReported() {
        long c = allocate(16);
        assertEquals(0, sgemm(N, N, 2, 2, 2, 1, upload(1, 2, 3), 2, upload(5, 6, 7, 8), 2, 0, c));
        assertEquals(700, cuda.call("cuCtxSynchronize"));
        assertReported(Report.Kind.DEVICE, "operand A of cublasSgemm_v2", "of 12 bytes", "cuMemAlloc_v2 at ");
    }

    @Test
    void aFactorNeverWrittenIsReported() {
        assertEquals(0, sgemm(N, N, 1, 1, 1, 1, allocate(4), 1, upload(1), 1, 0, allocate(4)));
        cuda.call("cuCtxSynchronize");
        assertReported(Report.Kind.DEVICE, "memory never written", "operand A of cublasSgemm_v2");
    }

    @Test
    void tensorCoresRoundTheirFactors() {
        float fine = 1 + 0x1p-12f;
        long c = allocate(4);
        assertEquals(0, sgemm(N, N, 1, 1, 1, 1, upload(fine), 1, upload(1), 1, 0, c));
        assertEquals(fine, download(c, 1)[0]);
        blas.ok("cublasSetMathMode", handle, 3);
        assertEquals(0, sgemm(N, N, 1, 1, 1, 1, upload(fine), 1, upload(1), 1, 0, c));
        assertEquals(1f, download(c, 1)[0]);
    }

    @Test
    void scalarsMayLieOnTheDevice() {
        blas.ok("cublasSetPointerMode_v2", handle, 1);
        long alpha = upload(1);
        long beta = upload(0);
        long c = allocate(4);
        long stream = stream();
        blas.ok("cublasSetStream_v2", handle, stream);
        blas.ok("cublasSgemm_v2", handle, N, N, 1, 1, 1, alpha, upload(2), 1, upload(3), 1, beta, c, 1);
        cuda.ok("cuMemcpyHtoD_v2", alpha, scalar(5), 4L); // before the product has run
        cuda.ok("cuStreamSynchronize", stream);
        assertEquals(30f, download(c, 1)[0]);
    }

    @Test
    void batchesWithStrides() {
        long c = allocate(8);
        blas.ok(
                "cublasGemmStridedBatchedEx",
                handle,
                N,
                N,
                1,
                1,
                2,
                scalar(1),
                upload(1, 2, 3, 4),
                0,
                1,
                2L,
                upload(10, 20),
                0,
                2,
                0L,
                scalar(0),
                c,
                0,
                1,
                1L,
                2,
                68,
                -1);
        assertArrayEquals(new float[] {50, 110}, download(c, 2));
    }

    @Test
    void halfPrecisionFactorsAccumulateInSingle() {
        long c = allocate(4);
        MemorySegment ones = arena.allocate(8);
        for (int i = 0; i < 4; i++) ones.set(ValueLayout.JAVA_SHORT, 2 * i, (short) 0x3f80); // 1 as bf16
        long x = allocate(8);
        cuda.ok("cuMemcpyHtoD_v2", x, ones, 8L);
        blas.ok("cublasGemmEx", handle, N, N, 1, 1, 4, scalar(1), x, 14, 1, x, 14, 4, scalar(0), c, 0, 1, 68, -1);
        assertEquals(4f, download(c, 1)[0]);
        assertEquals(
                15,
                blas.call(
                        "cublasGemmEx",
                        handle,
                        N,
                        N,
                        1,
                        1,
                        4,
                        scalar(1),
                        x,
                        14,
                        1,
                        x,
                        0,
                        4,
                        scalar(0),
                        c,
                        0,
                        1,
                        68,
                        -1));
    }

    @Test
    void aWorkspaceThatIsGoneIsReported() {
        long workspace = allocate(1024);
        blas.ok("cublasSetWorkspace_v2", handle, workspace, 1024L);
        cuda.ok("cuMemFree_v2", workspace);
        assertEquals(14, sgemm(N, N, 1, 1, 1, 1, upload(2), 1, upload(3), 1, 0, allocate(4)));
        assertReported(Report.Kind.DEVICE, "use after free", "workspace of cublasSgemm_v2");
    }

    @Test
    void aHandleThatWasDestroyedIsRefused() {
        blas.ok("cublasDestroy_v2", handle);
        assertEquals(1, blas.call("cublasSetStream_v2", handle, 0L));
        assertReported(Report.Kind.HANDLE, "not a live cublas handle", "destroyed by=cublasDestroy_v2");
    }

    @Test
    void aProductCanBeMadeToFail() {
        gpu.faults().failCall("cublasSgemm_v2", 1, 13);
        assertEquals(13, sgemm(N, N, 1, 1, 1, 1, upload(2), 1, upload(3), 1, 0, allocate(4)));
        assertEquals(0, sgemm(N, N, 1, 1, 1, 1, upload(2), 1, upload(3), 1, 0, allocate(4)));
    }

    @Test
    void aCapturedProductRunsAtEachLaunch() {
        long stream = stream();
        blas.ok("cublasSetStream_v2", handle, stream);
        long a = upload(2);
        long b = upload(3);
        long c = upload(1);
        cuda.ok("cuStreamBeginCapture_v2", stream, 1);
        assertEquals(0, sgemm(N, N, 1, 1, 1, 1, a, 1, b, 1, 1, c));
        MemorySegment graph = arena.allocate(8);
        cuda.ok("cuStreamEndCapture", stream, graph);
        long exec = cuda.make("cuGraphInstantiateWithFlags", graph.get(ValueLayout.JAVA_LONG, 0), 0L);
        cuda.ok("cuGraphLaunch", exec, stream);
        cuda.ok("cuGraphLaunch", exec, stream);
        cuda.ok("cuStreamSynchronize", stream);
        assertEquals(13f, download(c, 1)[0]);
        assertEquals(0, gpu.counters().launches());
        assertEquals(2, gpu.counters().executions("cublasSgemm_v2"));
    }

    @Test
    void theVersionFollowsTheDriver() {
        MemorySegment version = arena.allocate(4);
        blas.ok("cublasGetProperty", 0, version);
        assertEquals(12, version.get(ValueLayout.JAVA_INT, 0));
    }
}
