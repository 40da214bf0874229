package dev.elbo.runtime;

import dev.elbo.ffi.NativeException;
import java.util.List;

/// A launch on a [CudaDevice]: a kernel or a library's product, its arguments settled.
final class CudaLaunch implements Launch {
    /// Who does the work.
    enum Worker {
        /// A kernel of Elbo's.
        KERNEL,
        /// A library that has a handle for each branch.
        PRODUCT,
        /// A library or kernel of somebody else's, which knows the device's own stream alone.
        OTHER
    }

    private final CudaDevice cuda;
    private final String operation;
    private final Worker worker;
    private final List<Tensor> buffers;
    private final List<Tensor> written;
    private final Runnable submit;

    /// @param buffers every tensor whose address the launch has copied
    /// @param written those of them that it stores to
    /// @param submit  gives the work to the stream that the device has at that moment
    CudaLaunch(
            CudaDevice cuda,
            String operation,
            Worker worker,
            List<Tensor> buffers,
            List<Tensor> written,
            Runnable submit) {
        this.cuda = cuda;
        this.operation = operation;
        this.worker = worker;
        this.buffers = buffers;
        this.written = written;
        this.submit = submit;
    }

    @Override
    public String operation() {
        return operation;
    }

    Worker worker() {
        return worker;
    }

    List<Tensor> buffers() {
        return buffers;
    }

    List<Tensor> written() {
        return written;
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
