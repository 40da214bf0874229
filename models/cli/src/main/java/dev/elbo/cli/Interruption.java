package dev.elbo.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Ctrl-C while something is open that must be put away first: the JVM is kept until it has been.
final class Interruption implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 30;

    private final CountDownLatch away = new CountDownLatch(1);
    private final Thread hook;

    /// @param heard called on another thread when the person wants to stop
    Interruption(Runnable heard) {
        hook = new Thread(() -> {
            heard.run();
            try {
                away.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /// Everything has been put away.
    @Override
    public void close() {
        away.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException _) {
            // The JVM is on its way out: the hook has been waiting for this.
        }
    }
}
