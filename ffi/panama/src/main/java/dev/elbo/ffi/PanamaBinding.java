package dev.elbo.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// cuBLAS 12 and 13 and cuDNN 9 through `java.lang.foreign`.
record PanamaBinding() implements CudaBinding {
    @Override
    public String name() {
        return "panama";
    }

    @Override
    public Support blas() {
        return support("cuBLAS", CuBlas.library());
    }

    @Override
    public Support dnn() {
        return support("cuDNN", CuDnn.library());
    }

    private static Support support(String title, NativeLibrary library) {
        return library.present()
                ? new Support(true, title + " " + library.version() + " at " + library.file())
                : new Support(false, title + ": " + library.shortReason());
    }

    @Override
    public Blas blas(MemorySegment stream, MemorySegment workspace, long workspaceBytes, Arena owner) {
        return new PanamaBlas(stream, workspace, workspaceBytes, owner);
    }

    @Override
    public Dnn dnn(MemorySegment stream, Arena owner) {
        return new PanamaDnn(stream, owner);
    }
}
