package dev.elbo.runtime.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class WarmedTest {
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(60);

    @Test
    void theVectorTwinTakesOverAndNoBitShowsWhen() throws InterruptedException {
        LoopedMath best = LoopedMath.Best.INSTANCE;
        UnaryLoop vector = LoopedMath.Vectors.INSTANCE.loop(Unary.SIGMOID);
        int n = 1003;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment x = arena.allocate(JAVA_FLOAT, n);
            MemorySegment y = arena.allocate(JAVA_FLOAT, n);
            CpuMath.plain().normals(x, 0, n, 1, 2, 3);
            CpuMath.plain().unary(Unary.SIGMOID, 0, x, y, 0, n);
            long hash = Fingerprints.hash(y, n);
            long end = System.nanoTime() + PATIENCE;
            while (best.loop(Unary.SIGMOID) != vector && System.nanoTime() < end) {
                best.unary(Unary.SIGMOID, 0, x, y, 0, n);
                assertEquals(hash, Fingerprints.hash(y, n));
                Thread.sleep(1);
            }
            assertSame(vector, best.loop(Unary.SIGMOID));
            best.unary(Unary.SIGMOID, 0, x, y, 0, n);
            assertEquals(hash, Fingerprints.hash(y, n));
        }
    }

    @Test
    void aFewElementsAreNotWorthAVector() {
        Warmed<String> loop = Warmed.always("vector");
        assertEquals("vector", loop.get(1));
        Warmed<String> both = Warmed.of("plain", "vector", _ -> {});
        assertEquals("plain", both.get(32));
        both.get(1_000); // asks for the twin
        assertEquals("plain", both.get(32));
    }

    @Test
    void aTwinThatStaysSlowNeverRuns() throws InterruptedException {
        AtomicInteger exercised = new AtomicInteger();
        Warmed<String> loop = Warmed.of("plain", "slow", each -> {
            if (each.equals("slow")) {
                exercised.incrementAndGet();
                long end = System.nanoTime() + 100_000;
                while (System.nanoTime() < end) {
                    Thread.onSpinWait();
                }
            }
        });
        assertEquals("plain", loop.get());
        while (exercised.get() < 100) {
            Thread.sleep(1);
        }
        assertEquals("plain", loop.get());
    }
}
