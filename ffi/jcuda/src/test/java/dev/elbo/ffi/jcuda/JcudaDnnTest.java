package dev.elbo.ffi.jcuda;

import dev.elbo.ffi.CudaBinding;

class JcudaDnnTest extends DnnContract {
    private static final CudaBinding BINDING = new JcudaBinding();

    @Override
    CudaBinding binding() {
        return BINDING;
    }
}
