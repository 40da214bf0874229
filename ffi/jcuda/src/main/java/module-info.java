/// The second provider of the boundary's `Blas` and `Dnn`: JCublas and JCudnn.
module dev.elbo.ffi.jcuda {
    requires dev.elbo.ffi;
}
