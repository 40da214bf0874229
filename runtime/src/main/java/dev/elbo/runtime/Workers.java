package dev.elbo.runtime;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/// The threads of a [CpuDevice]: they share out the blocks of one launch at a time with the thread that asks.
///
/// A block is claimed by raising a ticket, (launch number, blocks, next block) in one word, by compare-and-set. Whoever
/// holds a claim holds up the end of that launch, so the launch it reads after claiming is the right one; a thread that
/// wakes late finds nothing to claim, and nobody waits for it. Which thread runs a block is chance; what a block
/// computes is not.
///
/// An idle worker spins for a while, since the launches of a step follow each other within microseconds, and then
/// parks. Nothing here allocates.
final class Workers implements AutoCloseable {
    /// The most blocks of one launch.
    static final int MAX_BLOCKS = 0xFFFF;

    private static final int LOOKS_PER_CLOCK = 64;
    private static final int LOOKS_PER_YIELD = 4096;
    private static final long SPIN_NANOS = 50_000;
    private static final long ONE_LAUNCH = 1L << 32;
    private static final VarHandle TICKET;

    static {
        try {
            TICKET = MethodHandles.lookup().findVarHandle(Workers.class, "ticket", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Thread[] threads;
    private final AtomicInteger parked = new AtomicInteger();
    private final AtomicInteger done = new AtomicInteger();

    private CpuLaunch launch;
    private volatile Throwable failure;
    private volatile boolean closed;

    /// From high to low: 32 bits number of the launch, 16 bits its blocks, 16 bits the next block nobody has claimed.
    private volatile long ticket;

    /// @param helpers how many threads beside the caller's
    Workers(int helpers) {
        threads = new Thread[helpers];
        for (int i = 0; i < helpers; i++) {
            threads[i] =
                    Thread.ofPlatform().name("elbo-cpu-" + (i + 1)).daemon().start(this::serve);
        }
    }

    /// Runs all blocks of a launch, on this thread and the workers, and returns when the last is done.
    void run(CpuLaunch work) {
        int blocks = work.blocks();
        if (blocks == 1 || threads.length == 0) {
            for (int block = 0; block < blocks; block++) {
                work.runBlock(block);
            }
            return;
        }
        launch = work;
        done.set(0);
        long now = (ticket & -ONE_LAUNCH) + ONE_LAUNCH | (long) blocks << 16;
        ticket = now;
        if (parked.get() > 0) {
            wake();
        }
        claimAll();
        for (int looks = 1; done.get() < blocks; looks++) {
            // A worker that lost its core to another process may need this one to finish.
            if (looks % LOOKS_PER_YIELD == 0) {
                Thread.yield();
            } else {
                Thread.onSpinWait();
            }
        }
        if (failure != null) {
            rethrow();
        }
    }

    @Override
    public void close() {
        closed = true;
        wake();
        boolean interrupted = false;
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException _) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void serve() {
        while (!closed) {
            claimAll();
            idle();
        }
    }

    private void claimAll() {
        for (long now = ticket; hasBlocks(now); now = ticket) {
            if (TICKET.compareAndSet(this, now, now + 1)) {
                try {
                    launch.runBlock((int) now & MAX_BLOCKS);
                } catch (Throwable t) {
                    failure = t;
                } finally {
                    done.incrementAndGet();
                }
            }
        }
    }

    private static boolean hasBlocks(long ticket) {
        return ((int) ticket & MAX_BLOCKS) < ((int) ticket >>> 16);
    }

    private void idle() {
        long start = System.nanoTime();
        for (int looks = 1; !hasBlocks(ticket) && !closed; looks++) {
            if (looks % LOOKS_PER_CLOCK != 0 || System.nanoTime() - start < SPIN_NANOS) {
                Thread.onSpinWait();
                continue;
            }
            // Counted before the last look: whoever publishes a ticket after that look sees the count and wakes us.
            parked.incrementAndGet();
            if (!hasBlocks(ticket) && !closed) {
                LockSupport.park(this);
            }
            parked.decrementAndGet();
            start = System.nanoTime();
        }
    }

    private void wake() {
        for (Thread thread : threads) {
            LockSupport.unpark(thread);
        }
    }

    private void rethrow() {
        Throwable first = failure;
        failure = null;
        switch (first) {
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException("worker: " + first, first);
        }
    }
}
