package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.ProductShape;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;

/// The launches of matrix products.
///
/// ```
/// c[i,j] = f((c[i,j] +) Σ_k op(a)[i,k] op(b)[k,j] + bias[j])      op(a) (rows, inner), op(b) (inner, cols)
/// ```
final class Products {
    private Products() {}

    /// Binds c (+)= op(a) · op(b).
    static void bind(String operation, ProductShape shape, Tensor a, Tensor b, Tensor c) {
        bind(operation, shape, a, b, null, c, Activation.NONE);
    }

    /// Binds `batch` such products, of matrices that follow each other.
    static void bind(String operation, int batch, ProductShape shape, Tensor a, Tensor b, Tensor c) {
        switch (c.device()) {
            case CpuDevice _ -> {
                Shape left = Shape.of(shape.rows(), shape.inner());
                Shape right = Shape.of(shape.inner(), shape.cols());
                Shape result = Shape.of(shape.rows(), shape.cols());
                for (int q = 0; q < batch; q++) {
                    Tensor one = a.part(q * left.size(), left);
                    Tensor other = b.part(q * right.size(), right);
                    bind(operation, shape, one, other, c.part(q * result.size(), result));
                }
            }
            case CudaDevice cuda -> cuda.bindProducts(operation, batch, shape, a, b, c);
        }
    }

    /// Binds c = f(op(a) · op(b) + bias).
    ///
    /// @param bias (cols), or null
    static void bind(
            String operation, ProductShape shape, Tensor a, Tensor b, Tensor bias, Tensor c, Activation activation) {
        switch (c.device()) {
            case CpuDevice cpu ->
                cpu.bindProduct(operation, shape, a, b, bias, c, activation.f().loop(), activation.parameter());
            case CudaDevice cuda ->
                cuda.bindProduct(operation, shape, a, b, bias, c, activation.f().loop(), activation.parameter());
        }
    }
}
