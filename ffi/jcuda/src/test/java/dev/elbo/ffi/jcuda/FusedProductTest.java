package dev.elbo.ffi.jcuda;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.elbo.ffi.CuBlasLt;
import dev.elbo.ffi.DevicePointer;
import dev.elbo.ffi.FusedProduct;
import dev.elbo.ffi.NativeException;
import dev.elbo.ffi.Precision;
import dev.elbo.ffi.ProductEpilogue;
import dev.elbo.ffi.ProductLayout;
import dev.elbo.simulator.SimulatedGpu;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// cuBLASLt is Panama's alone.
@Tag("device")
class FusedProductTest {
    private static final int ROWS = 5;
    private static final int COLS = 7;
    private static final int INNER = 9;
    /// Of the auxiliary matrix, in bits or in numbers as the epilogue has it.
    private static final int AUX_LEADING = 128;

    private Gpu gpu;
    private MemorySegment handle;
    private MemorySegment workspace;

    @BeforeEach
    void open() {
        gpu = Gpu.open();
        assumeTrue(
                Gpu.SIMULATED || CuBlasLt.library().present(),
                () -> CuBlasLt.library().toString());
        handle = CuBlasLt.create(gpu.arena());
        workspace = gpu.workspace();
    }

    @AfterEach
    void close() {
        gpu.close();
    }

    @ParameterizedTest
    @EnumSource
    void everyAlgorithmComputesProductAndEpilogue(ProductEpilogue epilogue) {
        for (int transposes = 0; transposes < 4; transposes++) {
            ProductLayout product = ProductLayout.of(ROWS, COLS, INNER)
                    .in(Precision.TF32)
                    .transposed((transposes & 1) != 0, (transposes & 2) != 0);
            for (float beta : new float[] {0, 0.5f}) {
                check(epilogue, product, beta);
            }
        }
    }

    private void check(ProductEpilogue epilogue, ProductLayout product, float beta) {
        Fused expected = new Fused(epilogue, product, beta);
        MemorySegment a = gpu.upload(expected.a);
        MemorySegment b = gpu.upload(expected.b);
        MemorySegment bias = gpu.upload(expected.bias);
        MemorySegment aux = gpu.stream().allocate(expected.aux.length, gpu.arena());
        FusedProduct fused = FusedProduct.of(handle, product, epilogue, bias, aux, AUX_LEADING, gpu.arena());
        List<FusedProduct.Algorithm> algorithms = fused.algorithms(a, b, a, Gpu.WORKSPACE, 8);
        assumeFalse(!Gpu.SIMULATED && algorithms.isEmpty(), "this GPU has no " + epilogue);
        assertTrue(!Gpu.SIMULATED || algorithms.size() > 1);
        expected.compute();
        for (FusedProduct.Algorithm algorithm : algorithms) {
            MemorySegment c = gpu.upload(expected.old);
            gpu.stream().upload(gpu.arena().allocateFrom(JAVA_BYTE, expected.aux), aux);
            fused.run(algorithm, 2, a, b, beta, c, workspace, gpu.stream().handle());
            assertAllClose(expected.c, gpu.download(c, expected.c.length), epilogue + ", c");
            assertAllClose(expected.newBias, gpu.download(bias, expected.bias.length), epilogue + ", bias");
            byte[] bits = new byte[expected.aux.length];
            MemorySegment host = gpu.arena().allocate(bits.length);
            gpu.stream().download(aux, host);
            gpu.stream().synchronize();
            expected.requireAux(host.toArray(JAVA_BYTE));
            gpu.stream().upload(gpu.arena().allocateFrom(JAVA_FLOAT, expected.bias), bias);
        }
    }

    private static void assertAllClose(float[] expected, float[] actual, String what) {
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], actual[i], 1e-4 * Math.max(1, Math.abs(expected[i])), what + ", element " + i);
        }
    }

    /// The definition of [ProductEpilogue], in plain loops.
    private static final class Fused {
        final ProductEpilogue epilogue;
        final ProductLayout product;
        final float beta;
        final float[] a = Gpu.eighths(1, ROWS * INNER);
        final float[] b = Gpu.eighths(2, INNER * COLS);
        final float[] old = Gpu.eighths(3, ROWS * COLS);
        final float[] bias = Gpu.eighths(4, COLS);
        final byte[] aux = new byte[ROWS * AUX_LEADING * 4];
        final float[] c = new float[ROWS * COLS];
        final float[] newBias = bias.clone();
        final double[] before = new double[ROWS * COLS];

        Fused(ProductEpilogue epilogue, ProductLayout product, float beta) {
            this.epilogue = epilogue;
            this.product = product;
            this.beta = beta;
            new Random(5).nextBytes(aux);
        }

        float opA(int i, int k) {
            return product.transposedA() ? a[k * ROWS + i] : a[i * INNER + k];
        }

        float opB(int k, int j) {
            return product.transposedB() ? b[j * INNER + k] : b[k * COLS + j];
        }

        boolean bit(byte[] bits, int i, int j) {
            return (bits[(i * AUX_LEADING + j) / 8] >> (j % 8) & 1) != 0;
        }

        void compute() {
            String name = epilogue.name();
            for (int i = 0; i < ROWS; i++) {
                for (int j = 0; j < COLS; j++) {
                    double t = beta * old[i * COLS + j];
                    for (int k = 0; k < INNER; k++) {
                        t += 2.0 * opA(i, k) * opB(k, j);
                    }
                    if (name.endsWith("BIAS")) {
                        t += bias[j];
                    }
                    before[i * COLS + j] = t;
                    c[i * COLS + j] = (float) stored(name, t, i, j);
                }
            }
            if (name.endsWith("BGRAD")) {
                for (int j = 0; j < COLS; j++) {
                    newBias[j] = 0;
                    for (int i = 0; i < ROWS; i++) {
                        newBias[j] += c[i * COLS + j];
                    }
                }
            }
            if (epilogue == ProductEpilogue.BGRAD_B) {
                for (int j = 0; j < COLS; j++) {
                    newBias[j] = 0;
                    for (int k = 0; k < INNER; k++) {
                        newBias[j] += opB(k, j);
                    }
                }
            }
            if (epilogue == ProductEpilogue.BGRAD_A) {
                for (int i = 0; i < ROWS; i++) {
                    newBias[i] = 0;
                    for (int k = 0; k < INNER; k++) {
                        newBias[i] += opA(i, k);
                    }
                }
            }
        }

        private double stored(String name, double t, int i, int j) {
            if (name.startsWith("DRELU")) {
                return bit(aux, i, j) ? t : 0;
            }
            return name.startsWith("RELU") ? Math.max(t, 0) : t;
        }

        void requireAux(byte[] now) {
            for (int i = 0; i < ROWS; i++) {
                for (int j = 0; j < COLS; j++) {
                    double t = before[i * COLS + j];
                    // Of a zero nobody says which bit it leaves.
                    if (epilogue.name().startsWith("RELU_AUX") && t != 0) {
                        assertEquals(t > 0, bit(now, i, j), epilogue + ", bit of row " + i + ", col " + j);
                    }
                }
            }
        }
    }

    @Test
    void aBatchOfProducts() {
        ProductLayout product = ProductLayout.of(2, 3, 4).batched(3, 8, 0, 6);
        float[] a = Gpu.eighths(1, 24);
        float[] b = Gpu.eighths(2, 12);
        MemorySegment am = gpu.upload(a);
        MemorySegment bm = gpu.upload(b);
        MemorySegment c = gpu.notANumber(18);
        FusedProduct fused = plain(product, MemorySegment.NULL);
        FusedProduct.Algorithm favourite =
                fused.algorithms(am, bm, c, Gpu.WORKSPACE, 1).getFirst();
        fused.run(favourite, 1, am, bm, 0, c, workspace, gpu.stream().handle());
        float[] actual = gpu.download(c, 18);
        for (int q = 0; q < 3; q++) {
            for (int i = 0; i < 2; i++) {
                for (int j = 0; j < 3; j++) {
                    float sum = 0;
                    for (int k = 0; k < 4; k++) {
                        sum += a[q * 8 + i * 4 + k] * b[k * 3 + j];
                    }
                    assertEquals(sum, actual[q * 6 + i * 3 + j]);
                }
            }
        }
    }

    private FusedProduct plain(ProductLayout product, MemorySegment any) {
        return FusedProduct.of(handle, product, ProductEpilogue.NONE, any, any, 0, gpu.arena());
    }

    /// On the simulator: what keeps a mask is made for tensor cores alone.
    @Test
    @Tag("simulated")
    void whatTheLibraryDoesNotHaveIsAnEmptyList() {
        MemorySegment x = gpu.upload(new float[64]);
        FusedProduct fused = FusedProduct.of(
                handle, ProductLayout.of(1, 1, 1), ProductEpilogue.RELU_AUX, x, x, AUX_LEADING, gpu.arena());
        assertEquals(List.of(), fused.algorithms(x, x, x, Gpu.WORKSPACE, 8));
        Gpu.forgiveReports();
    }

    /// On the simulator: of four algorithms one sums in place, which is no fixed order, one needs a workspace, one
    /// aligned pointers.
    @Test
    @Tag("simulated")
    void algorithmsAreDeterministicAndKeepWithinWorkspaceAndAlignment() {
        MemorySegment x = gpu.upload(new float[64]);
        FusedProduct fused = plain(ProductLayout.of(2, 2, 16), x);
        assertEquals(3, fused.algorithms(x, x, x, Gpu.WORKSPACE, 8).size());
        assertEquals(
                List.of(0L, 0L),
                fused.algorithms(x, x, x, 16, 8).stream()
                        .map(FusedProduct.Algorithm::workspaceBytes)
                        .toList());
        MemorySegment skewed = DevicePointer.at(x, 4);
        assertEquals(1, fused.algorithms(x, skewed, x, Gpu.WORKSPACE, 8).size());
        assertEquals(1, fused.algorithms(skewed, x, x, Gpu.WORKSPACE, 8).size());
        assertEquals(1, fused.algorithms(x, x, skewed, Gpu.WORKSPACE, 8).size());
    }

    @Test
    void aStatusNamesFunctionAndArguments() {
        MemorySegment x = gpu.upload(1);
        FusedProduct fused = plain(ProductLayout.of(1, 1, 1), x);
        FusedProduct.Algorithm unknown = new FusedProduct.Algorithm("00".repeat(64), 12);
        NativeException refused = assertThrows(
                NativeException.class,
                () -> fused.run(unknown, 1, x, x, 0, x, workspace, gpu.stream().handle()));
        // A real library may find another word for it.
        String wanted = Gpu.SIMULATED ? "INVALID_VALUE \\(7\\)" : "\\w+ \\(\\d+\\)";
        assertTrue(
                refused.getMessage().matches("cublasLtMatmul: CUBLAS_STATUS_" + wanted + "; workspaceSizeInBytes=12"),
                refused.getMessage());
        Gpu.forgiveReports();
    }

    /// Nothing leaks and nothing else is touched: the simulator would say so when the test ends.
    @Test
    @Tag("simulated")
    void everyCallMayFailOnce() {
        MemorySegment x = gpu.upload(new float[64]);
        MemorySegment c = gpu.upload(new float[64]);
        Map<String, Integer> calls = new LinkedHashMap<>();
        calls.put("cublasLtCreate", 1);
        calls.put("cublasLtMatmulDescCreate", 1);
        calls.put("cublasLtMatmulDescSetAttribute", 4);
        calls.put("cublasLtMatrixLayoutCreate", 3);
        calls.put("cublasLtMatrixLayoutSetAttribute", 6);
        calls.put("cublasLtMatmulPreferenceCreate", 1);
        calls.put("cublasLtMatmulPreferenceSetAttribute", 6);
        calls.put("cublasLtMatmulAlgoGetHeuristic", 1);
        calls.put("cublasLtMatmul", 1);
        calls.forEach((function, count) -> {
            for (int n = 1; n <= count; n++) {
                SimulatedGpu.installed().faults().failCall(function, n, 14);
                NativeException failed = assertThrows(NativeException.class, () -> fromOpenToRun(x, c), function);
                assertEquals(function, failed.function());
                assertEquals("CUBLAS_STATUS_INTERNAL_ERROR", failed.statusName());
                assertTrue(SimulatedGpu.installed().faults().allHappened());
                fromOpenToRun(x, c);
            }
        });
    }

    private void fromOpenToRun(MemorySegment x, MemorySegment c) {
        try (Arena owner = Arena.ofShared()) {
            ProductLayout batch = ProductLayout.of(2, 3, 4).batched(2, 8, 12, 6);
            FusedProduct fused = FusedProduct.of(
                    CuBlasLt.create(owner), batch, ProductEpilogue.BIAS, x, MemorySegment.NULL, 0, owner);
            FusedProduct.Algorithm first =
                    fused.algorithms(x, x, c, Gpu.WORKSPACE, 1).getFirst();
            fused.run(first, 1, x, x, 0, c, workspace, gpu.stream().handle());
        }
    }

    /// Such as a checkpoint that was cut short.
    @Test
    void whatIsNoAlgorithmIsMisuse() {
        MemorySegment x = gpu.upload(1);
        FusedProduct fused = plain(ProductLayout.of(1, 1, 1), x);
        for (String bits : List.of("", "00".repeat(63), "0".repeat(129), "zz".repeat(64))) {
            IllegalArgumentException refused = assertThrows(
                    IllegalArgumentException.class,
                    () -> fused.run(
                            new FusedProduct.Algorithm(bits, 0),
                            1,
                            x,
                            x,
                            0,
                            x,
                            workspace,
                            gpu.stream().handle()));
            assertEquals("product: not an algorithm of cuBLASLt; bits=" + bits, refused.getMessage());
        }
    }

    @Test
    void aMissingOrSkewedWorkspaceIsMisuse() {
        MemorySegment x = gpu.upload(1);
        FusedProduct fused = plain(ProductLayout.of(1, 1, 1), x);
        FusedProduct.Algorithm wants = new FusedProduct.Algorithm("00".repeat(64), 512);
        for (MemorySegment wrong : List.of(MemorySegment.NULL, DevicePointer.at(workspace, 16))) {
            IllegalArgumentException refused = assertThrows(
                    IllegalArgumentException.class,
                    () -> fused.run(wants, 1, x, x, 0, x, wrong, gpu.stream().handle()));
            assertEquals(
                    "product: workspace missing or not aligned; address=0x" + Long.toHexString(wrong.address())
                            + ", alignment=256, bytes=512",
                    refused.getMessage());
        }
    }

    @Test
    void aClosedBiasIsRefused() {
        MemorySegment x = gpu.upload(new float[64]);
        FusedProduct.Algorithm any = new FusedProduct.Algorithm("00".repeat(64), 0);
        MemorySegment closed;
        FusedProduct outlived;
        try (Arena brief = Arena.ofShared()) {
            closed = gpu.stream().allocate(16, brief);
            outlived = biased(closed);
        }
        assertThrows(IllegalStateException.class, () -> biased(closed));
        assertThrows(
                IllegalStateException.class,
                () -> outlived.run(any, 1, x, x, 0, x, workspace, gpu.stream().handle()));
    }

    private FusedProduct biased(MemorySegment bias) {
        return FusedProduct.of(
                handle, ProductLayout.of(1, 1, 1), ProductEpilogue.BIAS, bias, MemorySegment.NULL, 0, gpu.arena());
    }
}
