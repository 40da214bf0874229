package dev.elbo.ffi.jcuda;

import dev.elbo.ffi.Blas;
import dev.elbo.ffi.CuBlas;
import dev.elbo.ffi.CuDnn;
import dev.elbo.ffi.CudaBinding;
import dev.elbo.ffi.Dnn;
import dev.elbo.ffi.NativeLibrary;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import jcuda.jcublas.JCublas2;
import jcuda.jcudnn.JCudnn;

/// cuBLAS 12 and cuDNN 9 through JCuda 12.6.0.
///
/// JCuda's native code names `libcublas.so.12` and `libcudnn.so.9` and finds the ones that Elbo has loaded before, so
/// both bindings of a process share one library.
public final class JcudaBinding implements CudaBinding {
    private static final int CUDA_MAJOR = 12;

    private final Support blas;
    private final Support dnn;

    /// For [java.util.ServiceLoader].
    public JcudaBinding() {
        NativeLibrary cublas = CuBlas.library();
        blas = cublas.present() && cublas.version().major() != CUDA_MAJOR
                ? new Support(false, "JCublas 12.6.0 needs cuBLAS 12; found=" + cublas.version())
                : support("JCublas 12.6.0 with cuBLAS", cublas, JcudaNatives.JCUBLAS, JCublas2::initialize);
        dnn = support("JCudnn 12.6.0 with cuDNN", CuDnn.library(), JcudaNatives.JCUDNN, JCudnn::initialize);
    }

    @Override
    public String name() {
        return "jcuda";
    }

    @Override
    public Support blas() {
        return blas;
    }

    @Override
    public Support dnn() {
        return dnn;
    }

    /// @param initialize has JCuda load its native code
    private static Support support(String title, NativeLibrary library, JcudaNatives natives, Runnable initialize) {
        if (!library.present()) {
            return new Support(false, title + ": " + library.shortReason());
        }
        try {
            Path file = natives.ready();
            // JCuda answers a failure to link by loading a copy from the temporary folder, so it may not fail there.
            NativeLibrary linked = NativeLibrary.at(natives.file(), "java.library.path", file);
            if (!linked.present()) {
                return new Support(false, title + ": " + linked.reason());
            }
            initialize.run();
            return new Support(true, title + " " + library.version() + " at " + library.file());
        } catch (IOException | LinkageError e) {
            return new Support(false, title + ": " + e.getMessage());
        }
    }

    @Override
    public Blas blas(MemorySegment stream, MemorySegment workspace, long workspaceBytes, Arena owner) {
        return new JcudaBlas(stream, workspace, workspaceBytes, owner);
    }

    @Override
    public Dnn dnn(MemorySegment stream, Arena owner) {
        return new JcudaDnn(stream, owner);
    }
}
