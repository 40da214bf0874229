package dev.elbo.runtime;

import dev.elbo.ffi.NativeException;
import java.util.List;

/// A launch on a [CudaDevice]: a kernel or a library's product, its arguments settled.
final class CudaLaunch implements Launch {
    private final CudaDevice cuda;
    private final String operation;
    private final List<Tensor> buffers;
    private final Runnable submit;

    /// @param buffers every tensor whose address the launch has copied
    /// @param submit  gives the work to the stream
    CudaLaunch(CudaDevice cuda, String operation, List<Tensor> buffers, Runnable submit) {
        this.cuda = cuda;
        this.operation = operation;
        this.buffers = buffers;
        this.submit = submit;
    }

    @Override
    public String operation() {
        return operation;
    }

    List<Tensor> buffers() {
        return buffers;
    }

    @Override
    public void run() {
        cuda.latest(operation);
        try {
            submit.run();
            cuda.afterLaunch();
        } catch (NativeException e) {
            throw CudaDevice.told(e, "operation=" + operation);
        }
    }
}
