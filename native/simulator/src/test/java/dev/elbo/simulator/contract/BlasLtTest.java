package dev.elbo.simulator.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BlasLtTest extends GpuTest {
    private static final int F32 = 68;
    private static final int TF32 = 77;
    private static final int RESULT = 96;

    private Native lt;
    private long handle;
    private long descriptor;
    private long layout;

    @BeforeEach
    void create() {
        lt = new Native("cublasLt");
        handle = lt.make("cublasLtCreate");
    }

    /// D (2, 2) = A (2, 2) · B (2, 2).
    private void product(int compute, int epilogue) {
        descriptor = lt.make("cublasLtMatmulDescCreate", compute, 0);
        layout = lt.make("cublasLtMatrixLayoutCreate", 0, 2L, 2L, 2L);
        set(7, arena.allocateFrom(ValueLayout.JAVA_INT, epilogue));
    }

    private void set(int attribute, MemorySegment value) {
        lt.ok("cublasLtMatmulDescSetAttribute", descriptor, attribute, value, value.byteSize());
    }

    private void set(int attribute, long value) {
        set(attribute, arena.allocateFrom(ValueLayout.JAVA_LONG, value));
    }

    private MemorySegment results;

    private int heuristic(long workspace, int mask) {
        long preference = lt.make("cublasLtMatmulPreferenceCreate");
        MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_LONG, workspace);
        lt.ok("cublasLtMatmulPreferenceSetAttribute", preference, 1, bytes, 8L);
        lt.ok(
                "cublasLtMatmulPreferenceSetAttribute",
                preference,
                3,
                arena.allocateFrom(ValueLayout.JAVA_INT, mask),
                4L);
        results = arena.allocate(8L * RESULT, 8);
        MemorySegment count = arena.allocate(4);
        int status = lt.call(
                "cublasLtMatmulAlgoGetHeuristic",
                handle,
                descriptor,
                layout,
                layout,
                layout,
                layout,
                preference,
                8,
                results,
                count);
        return status == 0 ? count.get(ValueLayout.JAVA_INT, 0) : -status;
    }

    private int matmul(long a, long b, float beta, long d, Object algorithm, long workspace, long bytes) {
        return lt.call(
                "cublasLtMatmul",
                handle,
                descriptor,
                arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1),
                a,
                layout,
                b,
                layout,
                arena.allocateFrom(ValueLayout.JAVA_FLOAT, beta),
                d,
                layout,
                d,
                layout,
                algorithm,
                workspace,
                bytes,
                0L);
    }

    private long a() {
        return upload(1, 2, 3, 4);
    }

    private long b() {
        return upload(5, 6, -7, -8);
    }

    @Test
    void aPlainProduct() {
        product(F32, 1);
        long d = allocate(16);
        assertEquals(0, matmul(a(), b(), 0, d, 0L, 0, 0));
        assertArrayEquals(new float[] {23, 34, -31, -46}, download(d, 4));
    }

    @Test
    void biasIsAddedToRowsAndReluFollows() {
        product(F32, 6);
        set(8, upload(1, 100));
        long d = allocate(16);
        assertEquals(0, matmul(a(), b(), 0, d, 0L, 0, 0));
        assertArrayEquals(new float[] {24, 134, 0, 54}, download(d, 4));
    }

    @Test
    void reluKeepsItsMaskAndItsGradientUsesIt() {
        long mask = allocate(32);
        cuda.ok("cuMemsetD8_v2", mask, 0, 32L);
        product(TF32, 130);
        set(11, mask);
        set(12, 128);
        long d = allocate(16);
        assertEquals(0, matmul(a(), b(), 0, d, 0L, 0, 0));
        assertArrayEquals(new float[] {23, 34, 0, 0}, download(d, 4));

        product(TF32, 152);
        set(11, mask);
        set(12, 128);
        long sums = allocate(8);
        set(8, sums);
        assertEquals(0, matmul(a(), b(), 0, d, 0L, 0, 0));
        assertArrayEquals(new float[] {23, 34, 0, 0}, download(d, 4));
        assertArrayEquals(new float[] {23, 34}, download(sums, 2));
    }

    @Test
    void biasGradientsSumTheFactors() {
        long sums = allocate(8);
        product(F32, 256);
        set(8, sums);
        assertEquals(0, matmul(a(), b(), 0, allocate(16), 0L, 0, 0));
        assertArrayEquals(new float[] {4, 6}, download(sums, 2));
        product(F32, 512);
        set(8, sums);
        assertEquals(0, matmul(a(), b(), 0, allocate(16), 0L, 0, 0));
        assertArrayEquals(new float[] {11, -15}, download(sums, 2));
    }

    @Test
    void epiloguesWithAuxAreRefusedInPlainSinglePrecision() {
        product(F32, 130);
        set(11, allocate(32));
        set(12, 128);
        assertEquals(-15, heuristic(1 << 20, 7));
        assertRefused("no epilogue with AUX in plain f32");
    }

    @Test
    void algorithmsDependOnWhatIsAllowed() {
        product(F32, 1);
        layout = lt.make("cublasLtMatrixLayoutCreate", 0, 16L, 16L, 16L);
        assertEquals(4, heuristic(1 << 20, 7));
        assertEquals(3, heuristic(1 << 20, 6));
        assertEquals(2, heuristic(0, 6));
    }

    @Test
    void everyAlgorithmComputesTheProductAndChecksItsWorkspace() {
        product(F32, 1);
        layout = lt.make("cublasLtMatrixLayoutCreate", 0, 16L, 16L, 16L);
        float[] ones = new float[256];
        java.util.Arrays.fill(ones, 1);
        long x = upload(ones);
        long d = allocate(1024);
        int count = heuristic(1 << 20, 6);
        boolean refused = false;
        for (int i = 0; i < count; i++) {
            MemorySegment algorithm = results.asSlice((long) i * RESULT, 64);
            long bytes = results.get(ValueLayout.JAVA_LONG, (long) i * RESULT + 64);
            if (bytes > 0) {
                assertEquals(7, matmul(x, x, 0, d, algorithm, 0, bytes - 1));
                assertRefused("workspace is too small");
                refused = true;
            }
            assertEquals(0, matmul(x, x, 0, d, algorithm, bytes == 0 ? 0 : allocate(bytes), bytes));
            assertEquals(16f, download(d, 256)[17]);
        }
        assertTrue(refused);
    }

    @Test
    void anAlgorithmForAnotherProductIsRefused() {
        product(F32, 1);
        heuristic(0, 7);
        MemorySegment algorithm = results.asSlice(0, 64);
        product(F32, 2);
        assertEquals(7, matmul(a(), b(), 0, allocate(16), algorithm, 0, 0));
        assertRefused("an algorithm for another product");
    }

    @Test
    void aMisalignedPointerIsRefused() {
        product(F32, 1);
        assertEquals(15, matmul(upload(0, 1, 2, 3, 4) + 4, b(), 0, allocate(16), 0L, 0, 0));
        assertRefused("the algorithm does not take this pointer");
    }

    @Test
    void anAttributeOfTheWrongSizeIsRefused() {
        product(F32, 1);
        assertEquals(7, lt.call("cublasLtMatmulDescSetAttribute", descriptor, 7, arena.allocate(8), 8L));
        assertRefused("attribute of another size", "bytes=8", "wanted=4");
    }

    @Test
    void aMissingBiasIsRefused() {
        product(F32, 4);
        assertEquals(7, matmul(a(), b(), 0, allocate(16), 0L, 0, 0));
        assertRefused("wants a bias");
    }
}
