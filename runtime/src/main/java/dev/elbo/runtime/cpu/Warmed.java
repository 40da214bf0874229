package dev.elbo.runtime.cpu;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// A loop that runs in plain Java until its vector twin is compiled.
///
/// A vector loop that is not compiled yet makes an object of every vector and costs a hundred times what the plain
/// loop does, for seconds where the compilers are busy; and the two have the same bits. So the first call has the
/// twin exercised on a thread of its own, and the twin takes over once it makes no more objects. One that a compiler
/// gave up on never does, and never runs.
///
/// Whoever has many elements waits for the twin, since plain loops that run meanwhile would be compiled first, take
/// the compiler longer than their twins, and be thrown away.
final class Warmed<L> {
    /// A vector loop that is called for fewer elements gains nothing. It would be called once or twice a step, fall
    /// back to the interpreter where they are another way through it than the exercise, and stay there for
    /// thousands of steps, an object for every vector.
    private static final int FEW = 128;

    /// What a call counts for that does not say how many elements it is about: a row of them.
    private static final int ROW = 256;

    /// From so many elements on, of all calls so far, a loop waits for its twin.
    private static final long MANY = 1 << 16;

    private static final long LONGEST_WAIT = TimeUnit.SECONDS.toNanos(5);

    private static final int IN_A_ROW = 3;
    private static final int ROUNDS = 10;

    /// Of a hundred vectors one is an object: ways through a loop that hardly anybody takes are not worth a wait.
    private static final long HARDLY_ANY_BYTES = 8 << 10;

    private static final long TURN = TimeUnit.MILLISECONDS.toNanos(20);
    private static final int TURNS = 1_500;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static final ThreadPoolExecutor WARMING =
            new ThreadPoolExecutor(1, 1, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), work -> {
                Thread thread = new Thread(work, "elbo-warming");
                thread.setDaemon(true);
                return thread;
            });

    static {
        WARMING.allowCoreThreadTimeOut(true);
    }

    /// Somebody has waited for nothing: this JVM has no compiler for vectors, or other work for it.
    static volatile boolean waitedInVain;

    private final Supplier<L> plainMaker;
    private final Supplier<L> twinMaker;
    private final Consumer<L> exercise;
    private final CountDownLatch over = new CountDownLatch(1);
    private boolean asked;
    private long elements;
    private volatile boolean hasWaited;
    private volatile L plain;
    private volatile L settled;

    private Warmed(Supplier<L> plain, Supplier<L> twin, Consumer<L> exercise) {
        this.plainMaker = plain;
        this.twinMaker = twin;
        this.exercise = exercise;
    }

    /// A loop that needs no warming.
    ///
    /// @param loop makes it when it is first asked for
    static <L> Warmed<L> always(Supplier<L> loop) {
        return new Warmed<>(loop, null, null);
    }

    /// @param plain    makes the loop when it is first asked for
    /// @param twin     makes its twin, then
    /// @param exercise calls every method of a loop on a few hundred elements of its own, and makes no objects
    static <L> Warmed<L> of(Supplier<L> plain, Supplier<L> twin, Consumer<L> exercise) {
        return new Warmed<>(plain, twin, exercise);
    }

    /// The loop to run now for a row of elements.
    L get() {
        L loop = settled;
        return loop != null ? loop : unsettled(ROW);
    }

    /// The loop to run now for so many elements in all.
    L get(long elements) {
        if (elements < FEW) {
            return plain();
        }
        L loop = settled;
        return loop != null ? loop : unsettled(elements);
    }

    private L plain() {
        L loop = plain;
        return loop != null ? loop : makePlain();
    }

    private synchronized L makePlain() {
        if (plain == null) {
            plain = plainMaker.get();
        }
        return plain;
    }

    private L unsettled(long more) {
        if (twinMaker == null) {
            settled = plain();
        } else if (!hasWaited && areMany(more)) {
            await();
            hasWaited = true;
        }
        L loop = settled;
        return loop != null ? loop : plain();
    }

    /// Counts the elements of a call, the first of which asks for the twin.
    private synchronized boolean areMany(long more) {
        if (!asked) {
            asked = true;
            L twin = twinMaker.get();
            WARMING.execute(() -> warm(twin, TURNS));
        }
        elements += more;
        return elements >= MANY;
    }

    private void await() {
        try {
            if (!waitedInVain && !over.await(LONGEST_WAIT, TimeUnit.NANOSECONDS)) {
                waitedInVain = true;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// One turn; then it is the others' until its next, so that the compilers have work of all of them.
    private void warm(L twin, int turns) {
        boolean isCompiled = false;
        boolean isOver = true;
        try {
            isCompiled = turn(twin);
            isOver = isCompiled || turns == 1;
        } finally {
            if (isOver) {
                settled = isCompiled ? twin : plain();
                over.countDown();
            }
        }
        if (!isOver) {
            WARMING.execute(() -> warm(twin, turns - 1));
        }
    }

    /// Whether the twin makes no more objects.
    private boolean turn(L twin) {
        long end = System.nanoTime() + TURN;
        int calm = 0;
        while (calm < IN_A_ROW && System.nanoTime() - end < 0) {
            calm = bytes(twin) < HARDLY_ANY_BYTES ? calm + 1 : 0;
        }
        return calm == IN_A_ROW;
    }

    /// What the twin's exercise takes of the heap.
    private long bytes(L twin) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        for (int round = 0; round < ROUNDS; round++) {
            exercise.accept(twin);
        }
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }
}
