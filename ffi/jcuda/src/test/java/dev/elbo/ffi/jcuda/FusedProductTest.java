package dev.elbo.ffi.jcuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.ffi.CuBlasLt;
import dev.elbo.ffi.FusedProduct;
import dev.elbo.ffi.NativeException;
import dev.elbo.ffi.Product;
import dev.elbo.ffi.ProductEpilogue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// cuBLASLt is Panama's alone; it is tested here because the host libraries are here.
class FusedProductTest {
    static {
        HostLibraries.install();
    }

    private static final int ROWS = 5;
    private static final int COLS = 7;
    private static final int INNER = 6;
    private static final int AUX_LEADING = 128;

    private final Host host = Host.open();
    private MemorySegment handle;

    @BeforeEach
    void open() {
        handle = CuBlasLt.create(host.arena());
    }

    @AfterEach
    void close() {
        host.close();
    }

    @ParameterizedTest
    @EnumSource(
            value = ProductEpilogue.class,
            names = {"GELU.*", "DGELU.*"},
            mode = EnumSource.Mode.MATCH_NONE)
    void everyAlgorithmComputesProductAndEpilogue(ProductEpilogue epilogue) {
        for (int transposes = 0; transposes < 4; transposes++) {
            Product product = Product.of(ROWS, COLS, INNER).transposed((transposes & 1) != 0, (transposes & 2) != 0);
            for (float beta : new float[] {0, 0.5f}) {
                check(epilogue, product, beta);
            }
        }
    }

    private void check(ProductEpilogue epilogue, Product p, float beta) {
        float[] a = Host.eighths(1, ROWS * INNER);
        float[] b = Host.eighths(2, INNER * COLS);
        float[] old = Host.eighths(3, ROWS * COLS);
        float[] bias = Host.eighths(4, COLS);
        byte[] mask = new byte[ROWS * AUX_LEADING / 8];
        new java.util.Random(5).nextBytes(mask);
        MemorySegment biasMemory = host.upload(bias);
        MemorySegment aux = host.arena().allocate(mask.length, 256);
        FusedProduct fused = FusedProduct.of(handle, p, epilogue, biasMemory, aux, AUX_LEADING, host.arena());
        MemorySegment am = host.upload(a);
        MemorySegment bm = host.upload(b);
        List<FusedProduct.Algorithm> algorithms = fused.algorithms(am, bm, am, Host.WORKSPACE, 8);
        assertEquals(2, algorithms.size(), "all but the one that sums in place");
        for (FusedProduct.Algorithm algorithm : algorithms) {
            MemorySegment c = host.upload(old);
            MemorySegment.copy(MemorySegment.ofArray(mask), 0, aux, 0, mask.length);
            MemorySegment.copy(MemorySegment.ofArray(bias), 0, biasMemory, 0, 4L * COLS);
            MemorySegment stream = host.stream();
            MemorySegment workspace = host.workspace();
            fused.run(algorithm, 2, am, bm, beta, c, workspace, stream);
            assertEquals(1, Host.calls(stream));
            assertTrue(algorithm.workspaceBytes() == 0 || Host.used(workspace, algorithm.workspaceBytes()));
            float[] actual = Host.download(c);
            float[] columnSums = new float[COLS];
            for (int i = 0; i < ROWS; i++) {
                for (int j = 0; j < COLS; j++) {
                    double t = beta * old[i * COLS + j];
                    for (int k = 0; k < INNER; k++) {
                        t += 2.0 * opA(p, a, i, k) * opB(p, b, k, j);
                    }
                    String name = epilogue.name();
                    if (name.endsWith("BIAS")) {
                        t += bias[j];
                    }
                    boolean bit = (mask[(i * AUX_LEADING + j) / 8] >> (j % 8) & 1) != 0;
                    if (name.equals("RELU_AUX") || name.equals("RELU_AUX_BIAS")) {
                        byte now = aux.get(java.lang.foreign.ValueLayout.JAVA_BYTE, (i * AUX_LEADING + j) / 8);
                        assertEquals(t > 0, (now >> (j % 8) & 1) != 0, "bit of row " + i + ", col " + j);
                    }
                    boolean dropped = name.startsWith("RELU") ? t < 0 : name.startsWith("DRELU") && !bit;
                    float expected = dropped ? 0 : (float) t;
                    columnSums[j] += expected;
                    assertEquals(expected, actual[i * COLS + j], name + ", row " + i + ", col " + j);
                }
            }
            if (epilogue == ProductEpilogue.DRELU_BGRAD) {
                for (int j = 0; j < COLS; j++) {
                    assertEquals(columnSums[j], Host.download(biasMemory)[j], 1e-5);
                }
            }
            if (epilogue == ProductEpilogue.BGRAD_B) {
                for (int j = 0; j < COLS; j++) {
                    float sum = 0;
                    for (int k = 0; k < INNER; k++) {
                        sum += opB(p, b, k, j);
                    }
                    assertEquals(sum, Host.download(biasMemory)[j], 1e-5);
                }
            }
            if (epilogue == ProductEpilogue.BGRAD_A) {
                for (int i = 0; i < ROWS; i++) {
                    float sum = 0;
                    for (int k = 0; k < INNER; k++) {
                        sum += opA(p, a, i, k);
                    }
                    assertEquals(sum, Host.download(biasMemory)[i], 1e-5);
                }
            }
        }
    }

    private static float opA(Product p, float[] a, int i, int k) {
        return p.transposedA() ? a[k * ROWS + i] : a[i * INNER + k];
    }

    private static float opB(Product p, float[] b, int k, int j) {
        return p.transposedB() ? b[j * INNER + k] : b[k * COLS + j];
    }

    @Test
    void aBatchOfProducts() {
        Product product = Product.of(2, 3, 4).batched(3, 8, 0, 6);
        float[] a = Host.eighths(1, 24);
        float[] b = Host.eighths(2, 12);
        MemorySegment am = host.upload(a);
        MemorySegment bm = host.upload(b);
        MemorySegment c = host.uninitialised(18);
        FusedProduct fused = FusedProduct.of(
                handle, product, ProductEpilogue.NONE, MemorySegment.NULL, MemorySegment.NULL, 0, host.arena());
        fused.run(
                fused.algorithms(am, bm, c, 0, 1).getFirst(), 1, am, bm, 0, c, MemorySegment.NULL, MemorySegment.NULL);
        for (int q = 0; q < 3; q++) {
            for (int i = 0; i < 2; i++) {
                for (int j = 0; j < 3; j++) {
                    float sum = 0;
                    for (int k = 0; k < 4; k++) {
                        sum += a[q * 8 + i * 4 + k] * b[k * 3 + j];
                    }
                    assertEquals(sum, Host.download(c)[q * 6 + i * 3 + j]);
                }
            }
        }
    }

    @Test
    void whatTheLibraryDoesNotHaveIsAnEmptyList() {
        MemorySegment x = host.upload(1);
        FusedProduct fused =
                FusedProduct.of(handle, Product.of(1, 1, 1), ProductEpilogue.GELU, x, x, AUX_LEADING, host.arena());
        assertEquals(List.of(), fused.algorithms(x, x, x, Host.WORKSPACE, 8));
    }

    @Test
    void algorithmsKeepWithinTheWorkspace() {
        MemorySegment x = host.upload(1);
        FusedProduct fused = FusedProduct.of(handle, Product.of(1, 1, 1), ProductEpilogue.NONE, x, x, 0, host.arena());
        assertEquals(
                List.of(0L),
                fused.algorithms(x, x, x, 100, 8).stream()
                        .map(FusedProduct.Algorithm::workspaceBytes)
                        .toList());
    }

    @Test
    void aStatusNamesFunctionAndArguments() {
        MemorySegment x = host.upload(1);
        FusedProduct fused = FusedProduct.of(handle, Product.of(1, 1, 1), ProductEpilogue.NONE, x, x, 0, host.arena());
        FusedProduct.Algorithm unknown = new FusedProduct.Algorithm("00".repeat(64), 12);
        NativeException refused =
                assertThrows(NativeException.class, () -> fused.run(unknown, 1, x, x, 0, x, x, MemorySegment.NULL));
        assertEquals("cublasLtMatmul: CUBLAS_STATUS_INVALID_VALUE (7); workspaceSizeInBytes=12", refused.getMessage());
    }

    @Test
    void aClosedBiasIsRefused() {
        MemorySegment closed;
        try (Arena brief = Arena.ofConfined()) {
            closed = brief.allocate(16);
        }
        assertThrows(
                IllegalStateException.class,
                () -> FusedProduct.of(
                        handle, Product.of(1, 1, 1), ProductEpilogue.BIAS, closed, closed, 0, host.arena()));
    }
}
