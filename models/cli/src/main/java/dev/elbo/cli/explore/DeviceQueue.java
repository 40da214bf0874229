package dev.elbo.cli.explore;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;

/// Work on its way to the thread that opened a device, which alone may do it.
final class DeviceQueue {
    private static final FutureTask<?> END = new FutureTask<>(() -> null);

    private final BlockingQueue<FutureTask<?>> waiting = new LinkedBlockingQueue<>();
    private boolean ended;

    /// Has `work` done and waits for its result.
    ///
    /// @throws CancellationException when the queue has ended
    <T> T ask(Callable<T> work) throws InterruptedException {
        FutureTask<T> task = new FutureTask<>(work);
        synchronized (this) {
            if (ended) {
                throw new CancellationException("the queue has ended");
            }
            waiting.add(task);
        }
        try {
            return task.get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException problem -> throw problem;
                case Error problem -> throw problem;
                default -> throw new IllegalStateException(e.getCause());
            }
        }
    }

    /// Does the work of the others, in their order, until somebody ends it or interrupts this thread.
    void serve() {
        try {
            for (FutureTask<?> next = waiting.take(); next != END; next = waiting.take()) {
                next.run();
            }
        } catch (InterruptedException _) {
            end();
        }
        waiting.forEach(task -> task.cancel(false));
    }

    /// Ends [#serve] after the work at hand. May be called by any thread, and more than once.
    synchronized void end() {
        ended = true;
        waiting.add(END);
    }
}
