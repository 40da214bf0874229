package dev.elbo.ffi.jcuda;

import dev.elbo.ffi.CudaBinding;

class JcudaBlasTest extends BlasContract {
    private static final CudaBinding BINDING = new JcudaBinding();

    @Override
    CudaBinding binding() {
        return BINDING;
    }
}
