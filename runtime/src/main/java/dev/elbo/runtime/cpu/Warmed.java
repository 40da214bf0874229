package dev.elbo.runtime.cpu;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// A loop that runs in plain Java until its vector twin is compiled.
///
/// A vector loop that is not compiled yet makes an object of every vector and costs a hundred times what the plain
/// loop does, for seconds where the compilers are busy; and the two have the same bits. So the first call has the
/// twin exercised on a thread of its own, and the twin takes over once it has caught up. One that never does,
/// because a compiler gave up on it, never runs.
final class Warmed<L> {
    /// A compiled vector loop is nowhere slower than this times the plain one, one that is not by far.
    private static final double CAUGHT_UP = 1.5;

    /// A vector loop that is called for fewer elements gains nothing. It would be called once or twice a step, fall
    /// back to the interpreter where they are another way through it than the exercise, and stay there for
    /// thousands of steps, an object for every vector.
    private static final int FEW = 128;

    private static final int IN_A_ROW = 3;
    private static final long TURN = TimeUnit.SECONDS.toNanos(2);
    private static final int TURNS = 15;

    private static final ThreadPoolExecutor WARMING =
            new ThreadPoolExecutor(1, 1, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), work -> {
                Thread thread = new Thread(work, "elbo-warming");
                thread.setDaemon(true);
                return thread;
            });

    static {
        WARMING.allowCoreThreadTimeOut(true);
    }

    private final L plain;
    private final L vector;
    private final Consumer<L> exercise;
    private boolean asked;
    private volatile L now;

    private Warmed(L plain, L vector, Consumer<L> exercise) {
        this.plain = plain;
        this.vector = vector;
        this.exercise = exercise;
        this.now = plain;
        this.asked = plain == vector;
    }

    /// A loop that needs no warming.
    static <L> Warmed<L> always(L loop) {
        return new Warmed<>(loop, loop, null);
    }

    /// @param exercise calls every method of a loop on a few hundred elements of its own
    static <L> Warmed<L> of(L plain, L vector, Consumer<L> exercise) {
        return new Warmed<>(plain, vector, exercise);
    }

    /// The loop to run now.
    L get() {
        if (!asked) {
            ask();
        }
        return now;
    }

    /// The loop to run now for so many elements in all.
    L get(long elements) {
        return elements < FEW ? plain : get();
    }

    private synchronized void ask() {
        if (!asked) {
            asked = true;
            WARMING.execute(() -> warm(TURNS));
        }
    }

    /// One turn; then it is the others' until its next.
    private void warm(int turns) {
        long end = System.nanoTime() + TURN;
        int caughtUp = 0;
        while (caughtUp < IN_A_ROW && System.nanoTime() - end < 0) {
            caughtUp = time(vector) < CAUGHT_UP * time(plain) ? caughtUp + 1 : 0;
        }
        if (caughtUp == IN_A_ROW) {
            now = vector;
        } else if (turns > 1) {
            WARMING.execute(() -> warm(turns - 1));
        }
    }

    /// Nanoseconds of the fastest of a few rounds.
    private long time(L loop) {
        long best = Long.MAX_VALUE;
        for (int round = 0; round < 5; round++) {
            long start = System.nanoTime();
            for (int i = 0; i < 10; i++) {
                exercise.accept(loop);
            }
            best = Math.min(best, System.nanoTime() - start);
        }
        return best;
    }
}
