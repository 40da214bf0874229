package dev.elbo.simulator.blas;

import dev.elbo.simulator.driver.Driver;
import dev.elbo.simulator.driver.Work;
import dev.elbo.simulator.library.NumberType;
import dev.elbo.simulator.shim.Exported;
import dev.elbo.simulator.shim.Host;
import java.util.function.DoubleSupplier;

/// Matrix products of cuBLAS.
///
/// ```
/// C = alpha · op(A) · op(B) + beta · C        op(A) (m, k), op(B) (k, n), C (m, n), column by column
/// ```
///
/// With beta = 0, C is not read.
final class GemmCalls {
    private static final int R_32F = 0;
    private static final int R_64F = 1;
    private static final int COMPUTE_32F = 68;
    private static final int COMPUTE_64F = 70;

    private final Driver driver;
    private final BlasCalls blas;

    GemmCalls(Driver driver, BlasCalls blas) {
        this.driver = driver;
        this.blas = blas;
    }

    /// A matrix argument as it was passed.
    private record Argument(long address, int type, long leading, long stride) {}

    // cublasStatus_t cublasSgemm_v2(handle, transa, transb, int m, int n, int k, const float* alpha, const float* A,
    //     int lda, const float* B, int ldb, const float* beta, float* C, int ldc)
    @Exported
    void cublasSgemm_v2(
            long handle,
            int ta,
            int tb,
            int m,
            int n,
            int k,
            long alpha,
            long a,
            int lda,
            long b,
            int ldb,
            long beta,
            long c,
            int ldc) {
        cublasGemmEx(
                handle, ta, tb, m, n, k, alpha, a, R_32F, lda, b, R_32F, ldb, beta, c, R_32F, ldc, COMPUTE_32F, -1);
    }

    // cublasStatus_t cublasDgemm_v2(...), as cublasSgemm_v2 with double
    @Exported
    void cublasDgemm_v2(
            long handle,
            int ta,
            int tb,
            int m,
            int n,
            int k,
            long alpha,
            long a,
            int lda,
            long b,
            int ldb,
            long beta,
            long c,
            int ldc) {
        cublasGemmEx(
                handle, ta, tb, m, n, k, alpha, a, R_64F, lda, b, R_64F, ldb, beta, c, R_64F, ldc, COMPUTE_64F, -1);
    }

    // cublasStatus_t cublasSgemmStridedBatched(handle, transa, transb, m, n, k, alpha, A, lda, long long strideA, B,
    // ldb,
    //     long long strideB, beta, C, ldc, long long strideC, int batchCount)
    @Exported
    void cublasSgemmStridedBatched(
            long handle,
            int ta,
            int tb,
            int m,
            int n,
            int k,
            long alpha,
            long a,
            int lda,
            long strideA,
            long b,
            int ldb,
            long strideB,
            long beta,
            long c,
            int ldc,
            long strideC,
            int batch) {
        cublasGemmStridedBatchedEx(
                handle,
                ta,
                tb,
                m,
                n,
                k,
                alpha,
                a,
                R_32F,
                lda,
                strideA,
                b,
                R_32F,
                ldb,
                strideB,
                beta,
                c,
                R_32F,
                ldc,
                strideC,
                batch,
                COMPUTE_32F,
                -1);
    }

    // cublasStatus_t cublasGemmEx(handle, transa, transb, int m, int n, int k, const void* alpha, const void* A, Atype,
    //     int lda, const void* B, Btype, int ldb, const void* beta, void* C, Ctype, int ldc, computeType, algo)
    @Exported
    void cublasGemmEx(
            long handle,
            int ta,
            int tb,
            int m,
            int n,
            int k,
            long alpha,
            long a,
            int aType,
            int lda,
            long b,
            int bType,
            int ldb,
            long beta,
            long c,
            int cType,
            int ldc,
            int compute,
            int algorithm) {
        cublasGemmStridedBatchedEx(
                handle, ta, tb, m, n, k, alpha, a, aType, lda, 0, b, bType, ldb, 0, beta, c, cType, ldc, 0, 1, compute,
                algorithm);
    }

    // cublasStatus_t cublasGemmStridedBatchedEx(handle, transa, transb, m, n, k, alpha, A, Atype, lda, strideA, B,
    // Btype,
    //     ldb, strideB, beta, C, Ctype, ldc, strideC, int batchCount, computeType, algo)
    @Exported
    void cublasGemmStridedBatchedEx(
            long handle,
            int ta,
            int tb,
            int m,
            int n,
            int k,
            long alpha,
            long a,
            int aType,
            int lda,
            long strideA,
            long b,
            int bType,
            int ldb,
            long strideB,
            long beta,
            long c,
            int cType,
            int ldc,
            long strideC,
            int batch,
            int compute,
            int algorithm) {
        CublasHandle found = blas.handle(handle);
        if (m < 0 || n < 0 || k < 0 || batch < 0) {
            throw BlasStatus.INVALID_VALUE.because(
                    "negative extent; m=" + m + ", n=" + n + ", k=" + k + ", batch=" + batch);
        }
        if (alpha == 0 || beta == 0) throw BlasStatus.INVALID_VALUE.because("alpha or beta is null");
        Product product = Product.of(compute, found.mathMode == CublasHandle.TF32_MATH);
        if (product == null) throw BlasStatus.NOT_SUPPORTED.because("compute type=" + compute);
        boolean aTurned = turned(ta, "transa");
        boolean bTurned = turned(tb, "transb");
        Operand left = operand("A", new Argument(a, aType, lda, strideA), aTurned ? k : m, aTurned ? m : k);
        Operand right = operand("B", new Argument(b, bType, ldb, strideB), bTurned ? n : k, bTurned ? k : n);
        Operand out = operand("C", new Argument(c, cType, ldc, strideC), m, n);
        refuseTypes(product, left.type(), right.type(), out.type());
        NumberType scale = product == Product.F64 ? NumberType.F64 : NumberType.F32;
        DoubleSupplier readAlpha = scalar(found, alpha, scale);
        DoubleSupplier readBeta = scalar(found, beta, scale);
        String name = driver.call();
        found.checkWorkspace(driver);
        driver.launch(found.stream(), Work.of(Work.Kind.KERNEL, name, () -> {
            found.checkWorkspace(driver);
            for (int i = 0; i < batch; i++) {
                Operand ci = out.plus(i * strideC);
                double[] ab =
                        multiply(product, left.plus(i * strideA), aTurned, right.plus(i * strideB), bTurned, name);
                accumulate(ab, readAlpha.getAsDouble(), readBeta.getAsDouble(), ci, product, name);
            }
        }));
    }

    private static boolean turned(int operation, String what) {
        if (operation < 0 || operation > 2) throw BlasStatus.INVALID_VALUE.because(what + "=" + operation);
        return operation != 0;
    }

    private static Operand operand(String name, Argument argument, int rows, int columns) {
        NumberType type = type(argument.type);
        if (argument.leading < Math.max(1, rows)) {
            throw BlasStatus.INVALID_VALUE.because("leading dimension of " + name + " is less than its rows; ld="
                    + argument.leading + ", rows=" + rows);
        }
        return new Operand(argument.address, type, rows, columns, argument.leading, false);
    }

    /// A `cudaDataType_t`.
    static NumberType type(int number) {
        return switch (number) {
            case R_32F -> NumberType.F32;
            case R_64F -> NumberType.F64;
            case 2 -> NumberType.F16;
            case 14 -> NumberType.BF16;
            default -> throw BlasStatus.NOT_SUPPORTED.because("data type=" + number);
        };
    }

    private static void refuseTypes(Product product, NumberType a, NumberType b, NumberType c) {
        boolean wide = product == Product.F64;
        boolean fits = a == b
                && (wide ? a == NumberType.F64 && c == a : a != NumberType.F64)
                && (c == a || c == NumberType.F32 && !wide)
                && (product == Product.F32 || wide || a == NumberType.F32);
        if (!fits) {
            throw BlasStatus.NOT_SUPPORTED.because(
                    "types do not go together; A=" + a + ", B=" + b + ", C=" + c + ", product=" + product);
        }
    }

    /// alpha or beta: read now from the host, or by the product from the device.
    private DoubleSupplier scalar(CublasHandle handle, long address, NumberType type) {
        if (handle.pointerMode == CublasHandle.HOST_POINTERS) {
            double value = type.get(Host.at(address, type.bytes()), 0);
            driver.checkHostValue(Host.getInt(address), "scalar of " + driver.call());
            return () -> value;
        }
        String what = "scalar of " + driver.call();
        return () -> type.get(driver.bytes().readable(address, type.bytes(), what), 0);
    }

    private double[] multiply(Product product, Operand a, boolean aTurned, Operand b, boolean bTurned, String name) {
        double[] left = a.read(driver.bytes(), "operand A of " + name);
        double[] right = b.read(driver.bytes(), "operand B of " + name);
        if (aTurned) left = Product.transpose(left, a.rows(), a.columns());
        if (bTurned) right = Product.transpose(right, b.rows(), b.columns());
        int m = aTurned ? a.columns() : a.rows();
        int k = aTurned ? a.rows() : a.columns();
        int n = bTurned ? b.rows() : b.columns();
        return product.multiply(left, right, m, n, k);
    }

    private void accumulate(double[] ab, double alpha, double beta, Operand c, Product product, String name) {
        double[] old = beta == 0 ? null : c.read(driver.bytes(), "operand C of " + name);
        for (int i = 0; i < ab.length; i++) ab[i] = scaled(alpha, ab[i], beta, old == null ? 0 : old[i], product);
        c.write(driver.bytes(), ab, "result of " + name);
    }

    static double scaled(double alpha, double ab, double beta, double old, Product product) {
        if (product == Product.F64) return beta == 0 ? alpha * ab : Math.fma(beta, old, alpha * ab);
        float value = (float) alpha * (float) ab;
        return beta == 0 ? value : Math.fma((float) beta, (float) old, value);
    }
}
