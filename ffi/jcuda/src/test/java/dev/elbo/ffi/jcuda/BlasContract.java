package dev.elbo.ffi.jcuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.ffi.Blas;
import dev.elbo.ffi.CudaBinding;
import dev.elbo.ffi.Gemm;
import dev.elbo.ffi.NativeException;
import dev.elbo.ffi.Precision;
import dev.elbo.ffi.Product;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What every binding's [Blas] does.
abstract class BlasContract {
    static {
        HostLibraries.install();
    }

    private Host host;
    private MemorySegment stream;
    private MemorySegment workspace;
    private Blas blas;

    abstract CudaBinding binding();

    @BeforeEach
    void open() {
        host = Host.open();
        stream = host.stream();
        workspace = host.workspace();
        assertTrue(binding().blas().available(), binding().blas()::why);
        blas = binding().blas(stream, workspace, Host.WORKSPACE, host.arena());
    }

    @AfterEach
    void close() {
        host.close();
    }

    static List<Product> products() {
        List<Product> products = new ArrayList<>();
        for (int[] size : new int[][] {{1, 1, 1}, {2, 3, 4}, {5, 1, 7}, {1, 6, 2}, {33, 17, 31}}) {
            for (int transposes = 0; transposes < 4; transposes++) {
                for (int padding : new int[] {0, 3}) {
                    for (Precision precision : Precision.values()) {
                        Product packed = Product.of(size[0], size[1], size[2])
                                .in(precision)
                                .transposed((transposes & 1) != 0, (transposes & 2) != 0);
                        products.add(packed.leading(
                                packed.leadingA() + padding,
                                packed.leadingB() + 2 * padding,
                                packed.leadingC() + padding));
                    }
                }
            }
        }
        List<Product> batches = new ArrayList<>();
        for (Product one : products) {
            if (one.rows() == 2) {
                batches.add(one.batched(3, 50, 0, 60));
                batches.add(one.batched(2, 0, 70, 40));
            }
        }
        products.addAll(batches);
        return products;
    }

    @ParameterizedTest
    @MethodSource("products")
    void productIsThePlainSum(Product product) {
        float[] a = Host.eighths(1, 2000);
        float[] b = Host.eighths(2, 2000);
        for (float beta : new float[] {0, 1, -0.5f}) {
            float[] c = Host.eighths(3, 2000);
            float[] expected = plain(product, 0.5f, a, b, beta, c);
            if (beta == 0) {
                poison(product, c);
            }
            MemorySegment memory = host.upload(c);
            blas.product(product, 0.5f, host.upload(a), host.upload(b), beta, memory);
            float[] actual = Host.download(memory);
            for (int i = 0; i < actual.length; i++) {
                assertEquals(expected[i], actual[i], "element " + i + " of c, beta " + beta);
            }
        }
    }

    /// c after the product, what lies between its rows included. Sums of eighths are exact, so the order is free.
    private static float[] plain(Product p, float alpha, float[] a, float[] b, float beta, float[] c) {
        float[] result = c.clone();
        for (int q = 0; q < p.batch(); q++) {
            for (int i = 0; i < p.rows(); i++) {
                for (int j = 0; j < p.cols(); j++) {
                    double sum = 0;
                    for (int k = 0; k < p.inner(); k++) {
                        int atA = p.transposedA() ? k * p.leadingA() + i : i * p.leadingA() + k;
                        int atB = p.transposedB() ? j * p.leadingB() + k : k * p.leadingB() + j;
                        sum += (double) a[(int) (q * p.strideA()) + atA] * b[(int) (q * p.strideB()) + atB];
                    }
                    int at = (int) (q * p.strideC()) + i * p.leadingC() + j;
                    result[at] = (float) (alpha * sum + (beta == 0 ? 0 : beta * c[at]));
                }
            }
        }
        return result;
    }

    private static void poison(Product p, float[] c) {
        for (int q = 0; q < p.batch(); q++) {
            for (int i = 0; i < p.rows(); i++) {
                for (int j = 0; j < p.cols(); j++) {
                    c[(int) (q * p.strideC()) + i * p.leadingC() + j] = Float.NaN;
                }
            }
        }
    }

    @Test
    void factorsAreRoundedAsThePrecisionSays() {
        float beyondTf32 = 1 + 0x1p-11f + 0x1p-20f;
        assertEquals(beyondTf32, square(beyondTf32, Precision.FP32));
        assertEquals(1 + 0x1p-10f, square(beyondTf32, Precision.TF32));
        assertEquals(1f, square(beyondTf32, Precision.BF16));
    }

    private float square(float x, Precision precision) {
        MemorySegment c = host.uninitialised(1);
        blas.product(Product.of(1, 1, 1).in(precision), 1, host.upload(x), host.upload(1), 0, c);
        return Host.download(c)[0];
    }

    @Test
    void workGoesToTheStreamAndTheWorkspaceOfTheHandle() {
        MemorySegment elsewhere = host.stream();
        binding().blas(elsewhere, host.workspace(), Host.WORKSPACE, host.arena());
        MemorySegment x = host.upload(1);
        blas.product(Product.of(1, 1, 1), 1, x, x, 0, host.upload(0));
        blas.product(Product.of(1, 1, 1).batched(1, 0, 0, 0), 1, x, x, 0, host.upload(0));
        blas.product(Product.of(1, 1, 1).in(Precision.TF32), 1, x, x, 0, host.upload(0));
        assertEquals(3, Host.calls(stream));
        assertEquals(0, Host.calls(elsewhere));
        assertTrue(Host.used(workspace, Host.WORKSPACE));
    }

    @Test
    void aStatusNamesFunctionAndArguments() {
        Gemm narrow = new Gemm(false, true, 4, 5, 6, 3, 0, 5, 0, 4, 0, 1, Precision.FP32);
        MemorySegment x = host.upload(new float[30]);
        NativeException refused = assertThrows(NativeException.class, () -> blas.gemm(narrow, 1, x, x, 0, x));
        assertEquals(
                "cublasSgemm_v2: CUBLAS_STATUS_INVALID_VALUE (7); opA=N, opB=T, m=4, n=5, k=6, lda=3, ldb=5, ldc=4",
                refused.getMessage());
        Gemm batch = new Gemm(false, false, 4, 5, 6, 3, 7, 6, 8, 4, 20, 2, Precision.TF32);
        refused = assertThrows(NativeException.class, () -> blas.gemm(batch, 1, x, x, 0, x));
        assertEquals(
                "cublasGemmStridedBatchedEx: CUBLAS_STATUS_INVALID_VALUE (7); opA=N, opB=N, m=4, n=5, k=6, lda=3, ldb=6,"
                        + " ldc=4, strideA=7, strideB=8, strideC=20, batchCount=2, computeType=77",
                refused.getMessage());
        assertFalse(Host.used(workspace, Host.WORKSPACE));
    }

    @Test
    void aHandleThatCannotBeSetUpIsAStatusAndIsDestroyed() {
        MemorySegment skewed = workspace.asSlice(16, 4096);
        try (Arena owner = Arena.ofConfined()) {
            NativeException refused =
                    assertThrows(NativeException.class, () -> binding().blas(stream, skewed, 4096, owner));
            assertEquals("cublasSetWorkspace_v2", refused.function());
            assertEquals("CUBLAS_STATUS_INVALID_VALUE", refused.statusName());
            assertEquals("workspace=0x" + Long.toHexString(skewed.address()) + ", bytes=4096", refused.arguments());
        }
    }

    @Test
    void closedMemoryIsRefusedBeforeTheLibrarySeesIt() {
        MemorySegment alive = host.upload(1);
        MemorySegment closed;
        try (Arena brief = Arena.ofConfined()) {
            closed = brief.allocate(4, 256);
        }
        assertThrows(IllegalStateException.class, () -> blas.product(Product.of(1, 1, 1), 1, alive, closed, 0, alive));
        assertEquals(0, Host.calls(stream));
    }

    @Test
    void aHandleEndsWithItsOwner() {
        Blas ended;
        try (Arena owner = Arena.ofConfined()) {
            ended = binding().blas(stream, workspace, Host.WORKSPACE, owner);
        }
        MemorySegment x = host.upload(1);
        assertThrows(IllegalStateException.class, () -> ended.product(Product.of(1, 1, 1), 1, x, x, 0, x));
    }

    @Test
    void versionIsTheLibrarys() {
        assertEquals("12.6.4", blas.version().toString());
    }
}
