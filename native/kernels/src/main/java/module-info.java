/// CUDA kernels as PTX, and the catalogue that says what each one computes and expects.
module dev.elbo.kernels {
    exports dev.elbo.kernels;
}
