package dev.elbo.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A way from Java to cuBLAS and cuDNN. [Panama's][#panama] is always there; others are found by
/// [java.util.ServiceLoader] and chosen by [CudaBindings].
public interface CudaBinding {
    /// Whether an interface can be served here, as a value.
    ///
    /// @param available whether it can
    /// @param why       which library serves it, or what is missing
    record Support(boolean available, String why) {}

    /// What `-Delbo.cuda.binding` calls this binding.
    String name();

    /// Whether this binding can open a [Blas]. Loads the library, needs no GPU, never throws.
    Support blas();

    /// Whether this binding can open a [Dnn]. Loads the library, needs no GPU, never throws.
    Support dnn();

    /// Opens cuBLAS in the current CUDA context.
    ///
    /// @param stream         where the work runs, borrowed; [MemorySegment#NULL] is the default stream
    /// @param workspace      device memory for the library, aligned to 256 bytes, borrowed until `owner` closes
    /// @param workspaceBytes its size: 32 MiB suits Hopper, 4 MiB what came before
    /// @param owner          destroys the handle when it closes
    Blas blas(MemorySegment stream, MemorySegment workspace, long workspaceBytes, Arena owner);

    /// Opens cuDNN in the current CUDA context.
    ///
    /// @param stream where the work runs, borrowed; [MemorySegment#NULL] is the default stream
    /// @param owner  destroys the handle when it closes
    Dnn dnn(MemorySegment stream, Arena owner);

    /// The binding that needs nothing but the JDK.
    static CudaBinding panama() {
        return new PanamaBinding();
    }
}
