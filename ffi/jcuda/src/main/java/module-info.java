/// The second provider of the boundary's `Blas` and `Dnn`: JCublas and JCudnn.
///
/// JCuda's jars are automatic modules, named by their files; only this module may require such.
module dev.elbo.ffi.jcuda {
    requires transitive dev.elbo.ffi;
    requires jcublas;
    requires jcuda;
    requires jcudnn;

    exports dev.elbo.ffi.jcuda;

    provides dev.elbo.ffi.CudaBinding with
            dev.elbo.ffi.jcuda.JcudaBinding;
}
