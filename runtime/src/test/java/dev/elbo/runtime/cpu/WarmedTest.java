package dev.elbo.runtime.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WarmedTest {
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(60);
    private static final long MANY = 1 << 16;

    @BeforeEach
    void waitAgain() {
        Warmed.waitedInVain = false;
    }

    @Test
    void theVectorTwinTakesOverAndNoBitShowsWhen() throws InterruptedException {
        LoopedMath best = LoopedMath.Best.INSTANCE;
        UnaryLoop vector = LoopedMath.Vectors.INSTANCE.loop(Unary.SIGMOID, 0, MANY);
        int n = 1003;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment x = arena.allocate(JAVA_FLOAT, n);
            MemorySegment y = arena.allocate(JAVA_FLOAT, n);
            CpuMath.plain().normals(x, 0, n, 1, 2, 3);
            CpuMath.plain().unary(Unary.SIGMOID, 0, x, y, 0, n);
            long hash = Fingerprints.hash(y, n);
            long end = System.nanoTime() + PATIENCE;
            while (best.loop(Unary.SIGMOID, 0, n) != vector && System.nanoTime() < end) {
                best.unary(Unary.SIGMOID, 0, x, y, 0, n);
                assertEquals(hash, Fingerprints.hash(y, n));
                Thread.sleep(1);
            }
            assertSame(vector, best.loop(Unary.SIGMOID, 0, MANY));
            best.unary(Unary.SIGMOID, 0, x, y, 0, n);
            assertEquals(hash, Fingerprints.hash(y, n));
        }
    }

    @Test
    void aFewElementsAreNotWorthAVector() {
        Warmed<String> loop = Warmed.always(() -> "vector");
        assertEquals("vector", loop.get(1));
        Warmed<String> both = Warmed.of(() -> "plain", () -> "vector", _ -> {});
        both.get(MANY); // waits for the twin
        assertEquals("vector", both.get(1_000));
        assertEquals("plain", both.get(32));
    }

    @Test
    void whoHasManyElementsWaitsForTheTwin() {
        CountDownLatch mayEnd = new CountDownLatch(1);
        AtomicInteger made = new AtomicInteger();
        Warmed<String> loop = Warmed.of(() -> "plain", () -> "vector " + made.incrementAndGet(), _ -> {
            try {
                mayEnd.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        assertEquals("plain", loop.get(MANY / 2));
        mayEnd.countDown();
        assertEquals("vector 1", loop.get(MANY / 2));
        assertEquals("vector 1", loop.get());
    }

    @Test
    void aTwinThatGoesOnMakingObjectsNeverRuns() throws InterruptedException {
        AtomicReference<float[]> last = new AtomicReference<>();
        AtomicInteger exercised = new AtomicInteger();
        Warmed<String> loop = Warmed.of(() -> "plain", () -> "boxed", _ -> {
            last.set(new float[1_000]);
            exercised.incrementAndGet();
        });
        assertEquals("plain", loop.get());
        while (exercised.get() < 1_000) {
            Thread.sleep(1);
        }
        assertEquals("plain", loop.get());
    }

    @Test
    void whatCannotBeExercisedStaysPlain() {
        Warmed<String> loop = Warmed.of(() -> "plain", () -> "vector", _ -> {
            throw new IllegalStateException("on purpose");
        });
        long begun = System.nanoTime();
        assertEquals("plain", loop.get(MANY));
        assertTrue(System.nanoTime() - begun < TimeUnit.SECONDS.toNanos(4), "nobody waits for it");
    }

    @Test
    void nothingIsMadeBeforeItIsAskedFor() {
        Warmed<String> loop = Warmed.of(
                () -> "plain",
                () -> {
                    throw new AssertionError("made");
                },
                _ -> {});
        assertEquals("plain", loop.get(1));
    }
}
