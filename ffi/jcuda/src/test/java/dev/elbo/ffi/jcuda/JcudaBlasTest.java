package dev.elbo.ffi.jcuda;

import dev.elbo.ffi.CudaBinding;

class JcudaBlasTest extends BlasContract {
    @Override
    CudaBinding binding() {
        return new JcudaBinding();
    }
}
