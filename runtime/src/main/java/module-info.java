/// Tensors, operations, devices, steps and checkpoints.
module dev.elbo.runtime {
    requires dev.elbo.ffi;
    requires dev.elbo.kernels;
    requires static jdk.incubator.vector;
    requires jdk.management;

    exports dev.elbo.runtime;
    exports dev.elbo.runtime.chain;
    exports dev.elbo.runtime.cpu;
    exports dev.elbo.runtime.file;
    exports dev.elbo.runtime.ops;
    exports dev.elbo.runtime.random;
}
