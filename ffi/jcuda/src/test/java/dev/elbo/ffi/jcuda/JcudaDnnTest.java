package dev.elbo.ffi.jcuda;

import dev.elbo.ffi.CudaBinding;

class JcudaDnnTest extends DnnContract {
    @Override
    CudaBinding binding() {
        return new JcudaBinding();
    }
}
