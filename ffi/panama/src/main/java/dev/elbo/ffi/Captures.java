package dev.elbo.ffi;

import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/// The captures that threads of this process have open. To wait for a whole context is to wait for streams that
/// somebody else captures, which breaks their captures: who waits so does it between captures.
final class Captures {
    /// Read by those who capture, any number of them; written by who waits for all of a context.
    private static final ReentrantReadWriteLock OPEN = new ReentrantReadWriteLock();

    private Captures() {}

    /// What `capture` makes, which begins a capture and ends it.
    static <T> T during(Supplier<T> capture) {
        OPEN.readLock().lock();
        try {
            return capture.get();
        } finally {
            OPEN.readLock().unlock();
        }
    }

    /// Waits until all work of the current context is done, once no other thread has a capture open. Inside a capture
    /// of the calling thread's own the driver refuses.
    static void waitForContext() {
        if (OPEN.getReadHoldCount() > 0) {
            CudaContexts.ctxSynchronize();
            return;
        }
        OPEN.writeLock().lock();
        try {
            CudaContexts.ctxSynchronize();
        } finally {
            OPEN.writeLock().unlock();
        }
    }
}
