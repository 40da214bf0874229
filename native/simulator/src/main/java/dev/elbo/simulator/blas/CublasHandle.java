package dev.elbo.simulator.blas;

import dev.elbo.simulator.driver.Context;
import dev.elbo.simulator.driver.Driver;
import dev.elbo.simulator.driver.Stream;

/// What `cublasCreate_v2` makes: where products run, and how.
final class CublasHandle {
    static final int HOST_POINTERS = 0;
    static final int DEFAULT_MATH = 0;
    static final int PEDANTIC_MATH = 2;
    static final int TF32_MATH = 3;

    final Context context;
    private Stream stream;
    private long workspace;
    private long workspaceBytes;
    int mathMode = DEFAULT_MATH;
    int atomicsMode;
    int pointerMode = HOST_POINTERS;

    CublasHandle(Context context, Stream stream) {
        this.context = context;
        this.stream = stream;
    }

    Stream stream() {
        return stream;
    }

    /// Also goes back to the library's own workspace, as the real one does.
    void stream(Stream next) {
        stream = next;
        workspace = 0;
        workspaceBytes = 0;
    }

    void workspace(long address, long bytes) {
        workspace = address;
        workspaceBytes = bytes;
    }

    /// @throws dev.elbo.simulator.SimulatorFault if the workspace that was given is gone
    void checkWorkspace(Driver driver) {
        if (workspace != 0) driver.bytes().live(workspace, workspaceBytes, "workspace of " + driver.call());
    }
}
