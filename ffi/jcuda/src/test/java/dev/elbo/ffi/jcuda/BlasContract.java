package dev.elbo.ffi.jcuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.ffi.Blas;
import dev.elbo.ffi.CuBlas;
import dev.elbo.ffi.CudaBinding;
import dev.elbo.ffi.CudaGraph;
import dev.elbo.ffi.CudaStream;
import dev.elbo.ffi.DevicePointer;
import dev.elbo.ffi.Gemm;
import dev.elbo.ffi.NativeException;
import dev.elbo.ffi.Precision;
import dev.elbo.ffi.ProductLayout;
import dev.elbo.simulator.SimulatedGpu;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What every binding's [Blas] does.
@Tag("device")
abstract class BlasContract {
    private Gpu gpu;
    private MemorySegment workspace;
    private Blas blas;

    abstract CudaBinding binding();

    @BeforeEach
    void open() {
        gpu = Gpu.open();
        Gpu.require(binding().blas());
        workspace = gpu.workspace();
        blas = binding().blas(gpu.stream().handle(), workspace, Gpu.WORKSPACE, gpu.arena());
    }

    @AfterEach
    void close() {
        gpu.close();
    }

    static List<ProductLayout> products() {
        List<ProductLayout> products = new ArrayList<>();
        for (int[] size : new int[][] {{1, 1, 1}, {2, 3, 4}, {5, 1, 7}, {1, 6, 2}, {33, 17, 31}}) {
            for (int transposes = 0; transposes < 4; transposes++) {
                for (int padding : new int[] {0, 3}) {
                    for (Precision precision : Precision.values()) {
                        ProductLayout packed = ProductLayout.of(size[0], size[1], size[2])
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
        List<ProductLayout> batches = new ArrayList<>();
        for (ProductLayout one : products) {
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
    void productIsThePlainSum(ProductLayout product) {
        float[] a = Gpu.eighths(1, 2000);
        float[] b = Gpu.eighths(2, 2000);
        for (float beta : new float[] {0, 1, -0.5f}) {
            float[] c = Gpu.eighths(3, 2000);
            float[] expected = plain(product, 0.5f, a, b, beta, c);
            if (beta == 0) {
                poison(product, c);
            }
            MemorySegment memory = gpu.upload(c);
            blas.product(product, 0.5f, gpu.upload(a), gpu.upload(b), beta, memory);
            float[] actual = gpu.download(memory, c.length);
            for (int i = 0; i < actual.length; i++) {
                assertEquals(expected[i], actual[i], "element " + i + " of c, beta " + beta);
            }
        }
    }

    /// c after the product, what lies between its rows included. Sums of eighths are exact, so the order is free.
    private static float[] plain(ProductLayout p, float alpha, float[] a, float[] b, float beta, float[] c) {
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

    private static void poison(ProductLayout p, float[] c) {
        for (int q = 0; q < p.batch(); q++) {
            for (int i = 0; i < p.rows(); i++) {
                for (int j = 0; j < p.cols(); j++) {
                    c[(int) (q * p.strideC()) + i * p.leadingC() + j] = Float.NaN;
                }
            }
        }
    }

    @Test
    @Tag("simulated")
    void factorsAreRoundedAsThePrecisionSays() {
        float beyondTf32 = 1 + 0x1p-11f + 0x1p-20f;
        assertEquals(beyondTf32, square(beyondTf32, Precision.FP32));
        assertEquals(1 + 0x1p-10f, square(beyondTf32, Precision.TF32));
        assertEquals(1f, square(beyondTf32, Precision.BF16));
    }

    private float square(float x, Precision precision) {
        MemorySegment c = gpu.notANumber(1);
        blas.product(ProductLayout.of(1, 1, 1).in(precision), 1, gpu.upload(x), gpu.upload(1), 0, c);
        return gpu.download(c, 1)[0];
    }

    /// What is captured on the handle's stream is not done before the graph is, so it went there and nowhere else.
    @Test
    void workGoesToTheStreamOfTheHandle() {
        CudaStream other = CudaStream.open(gpu.arena());
        Blas elsewhere = binding().blas(other.handle(), gpu.workspace(), Gpu.WORKSPACE, gpu.arena());
        MemorySegment two = gpu.upload(2);
        MemorySegment here = gpu.upload(0, 0);
        MemorySegment there = gpu.upload(0);
        gpu.stream().synchronize();
        ProductLayout one = ProductLayout.of(1, 1, 1);
        Runnable products = () -> {
            blas.product(one, 1, two, two, 0, here);
            blas.product(one.in(Precision.TF32), 1, two, two, 1, here);
            blas.product(one.batched(2, 0, 0, 1), 1, two, two, 1, here);
            elsewhere.product(one, 1, two, two, 0, there);
        };
        // A library may load what it needs at its first call, which a capture need not allow.
        products.run();
        gpu.stream().fillBytes(here, (byte) 0, 2 * Float.BYTES);
        other.fillBytes(there, (byte) 0, Float.BYTES);
        gpu.stream().synchronize();
        CudaGraph graph = CudaGraph.capture(gpu.stream(), products, gpu.arena());
        other.synchronize();
        assertEquals(4, gpu.download(there, 1)[0]);
        assertArrayEquals(new float[2], gpu.download(here, 2));
        graph.instantiate(gpu.arena()).launch(gpu.stream());
        assertArrayEquals(new float[] {12, 4}, gpu.download(here, 2));
    }

    @Test
    void aStatusNamesFunctionAndArguments() {
        Gemm narrow = new Gemm(false, true, 4, 5, 6, 3, 0, 5, 0, 4, 0, 1, Precision.FP32);
        MemorySegment x = gpu.upload(new float[30]);
        NativeException refused = assertThrows(NativeException.class, () -> blas.gemm(narrow, 1, x, x, 0, x));
        assertEquals(
                "cublasSgemm_v2: CUBLAS_STATUS_INVALID_VALUE (7); opA=N, opB=T, m=4, n=5, k=6, lda=3, ldb=5, ldc=4",
                refused.getMessage());
        Gemm batch = new Gemm(false, false, 4, 5, 6, 3, 7, 6, 8, 4, 20, 2, Precision.TF32);
        refused = assertThrows(NativeException.class, () -> blas.gemm(batch, 1, x, x, 0, x));
        assertEquals(
                "cublasGemmStridedBatchedEx: CUBLAS_STATUS_INVALID_VALUE (7); opA=N, opB=N, m=4, n=5, k=6, lda=3,"
                        + " ldb=6, ldc=4, strideA=7, strideB=8, strideC=20, batchCount=2, computeType=77",
                refused.getMessage());
        Gemm rounded = new Gemm(true, false, 4, 5, 6, 3, 0, 6, 0, 4, 0, 1, Precision.BF16);
        refused = assertThrows(NativeException.class, () -> blas.gemm(rounded, 1, x, x, 0, x));
        assertEquals(
                "cublasGemmEx: CUBLAS_STATUS_INVALID_VALUE (7); opA=T, opB=N, m=4, n=5, k=6, lda=3, ldb=6, ldc=4,"
                        + " computeType=75",
                refused.getMessage());
        Gpu.forgiveReports();
    }

    @Test
    void aHandleThatCannotBeSetUpIsAStatusAndLeavesNothing() {
        MemorySegment skewed = DevicePointer.at(workspace, 16);
        try (Arena owner = Arena.ofShared()) {
            NativeException refused = assertThrows(
                    NativeException.class, () -> binding().blas(gpu.stream().handle(), skewed, 4096, owner));
            assertEquals(
                    "cublasSetWorkspace_v2: CUBLAS_STATUS_INVALID_VALUE (7); workspace=0x"
                            + Long.toHexString(skewed.address()) + ", bytes=4096",
                    refused.getMessage());
        }
        Gpu.forgiveReports();
    }

    /// Nothing leaks and nothing else is touched: the simulator would say so when the test ends.
    @Test
    @Tag("simulated")
    void everyCallMayFailOnce() {
        Map<String, Runnable> calls = new LinkedHashMap<>();
        ProductLayout one = ProductLayout.of(1, 1, 1);
        MemorySegment x = gpu.upload(1);
        for (String setting : List.of(
                "cublasCreate_v2",
                "cublasSetStream_v2",
                "cublasSetWorkspace_v2",
                "cublasSetPointerMode_v2",
                "cublasSetAtomicsMode",
                "cublasSetMathMode")) {
            calls.put(setting, () -> {
                try (Arena owner = Arena.ofShared()) {
                    binding().blas(gpu.stream().handle(), workspace, Gpu.WORKSPACE, owner);
                }
            });
        }
        calls.put("cublasSgemm_v2", () -> blas.product(one, 1, x, x, 0, gpu.upload(0)));
        calls.put("cublasGemmEx", () -> blas.product(one.in(Precision.TF32), 1, x, x, 0, gpu.upload(0)));
        calls.put(
                "cublasGemmStridedBatchedEx",
                () -> blas.product(one.batched(2, 0, 0, 1), 1, x, x, 0, gpu.upload(0, 0)));
        calls.forEach((function, call) -> {
            SimulatedGpu.installed().faults().failCall(function, 1, 13);
            NativeException failed = assertThrows(NativeException.class, call::run, function);
            assertEquals(function, failed.function());
            assertEquals("CUBLAS_STATUS_EXECUTION_FAILED", failed.statusName());
            assertTrue(SimulatedGpu.installed().faults().allHappened());
            call.run();
        });
        Gpu.forgiveReports();
    }

    @Test
    void closedMemoryIsRefusedBeforeTheLibrarySeesIt() {
        MemorySegment alive = gpu.upload(1);
        MemorySegment closed;
        try (Arena brief = Arena.ofShared()) {
            closed = gpu.stream().allocate(4, brief);
        }
        assertThrows(
                IllegalStateException.class, () -> blas.product(ProductLayout.of(1, 1, 1), 1, alive, closed, 0, alive));
    }

    @Test
    void aClosedWorkspaceIsRefused() {
        Blas orphan;
        try (Arena brief = Arena.ofShared()) {
            MemorySegment own = gpu.stream().allocate(Gpu.WORKSPACE, brief);
            orphan = binding().blas(gpu.stream().handle(), own, Gpu.WORKSPACE, gpu.arena());
        }
        MemorySegment x = gpu.upload(1);
        assertThrows(IllegalStateException.class, () -> orphan.product(ProductLayout.of(1, 1, 1), 1, x, x, 0, x));
    }

    /// The library would go on with the address it has kept.
    @Test
    void aClosedStreamIsRefused() {
        Blas orphan;
        try (Arena brief = Arena.ofShared()) {
            orphan = binding().blas(CudaStream.open(brief).handle(), workspace, Gpu.WORKSPACE, gpu.arena());
        }
        MemorySegment x = gpu.upload(1);
        assertThrows(IllegalStateException.class, () -> orphan.product(ProductLayout.of(1, 1, 1), 1, x, x, 0, x));
    }

    /// Its factors lie in memory that two threads would share.
    @Test
    void anotherThreadIsRefused() throws InterruptedException {
        MemorySegment x = gpu.upload(1);
        RuntimeException refused = Gpu.inAnotherThread(() -> blas.product(ProductLayout.of(1, 1, 1), 1, x, x, 0, x));
        assertEquals(
                "handle of another thread: opened by=" + Thread.currentThread().getName() + ", used by=another",
                refused.getMessage());
    }

    @Test
    void aHandleEndsWithItsOwner() {
        Blas ended;
        try (Arena owner = Arena.ofShared()) {
            ended = binding().blas(gpu.stream().handle(), workspace, Gpu.WORKSPACE, owner);
        }
        MemorySegment x = gpu.upload(1);
        assertThrows(IllegalStateException.class, () -> ended.product(ProductLayout.of(1, 1, 1), 1, x, x, 0, x));
    }

    @Test
    void versionIsTheLibrarys() {
        assertEquals(CuBlas.library().version(), blas.version());
        assertTrue(blas.version().major() >= 12);
    }
}
