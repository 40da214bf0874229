/// The native boundary: CUDA, cuBLAS, cuDNN and oneDNN as checked Java methods.
///
/// The only module that may call restricted methods outside of tests.
module dev.elbo.ffi {
    exports dev.elbo.ffi;
    exports dev.elbo.ffi.onednn;

    uses dev.elbo.ffi.CudaBinding;
}
