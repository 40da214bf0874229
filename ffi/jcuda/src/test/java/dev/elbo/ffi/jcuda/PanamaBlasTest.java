package dev.elbo.ffi.jcuda;

import dev.elbo.ffi.CudaBinding;

class PanamaBlasTest extends BlasContract {
    @Override
    CudaBinding binding() {
        return CudaBinding.panama();
    }
}
