package dev.elbo.ffi.onednn;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;

/// What the tests of primitives share: buffers, threads, tolerances.
abstract class OneDnnTests {
    /// Of one f32 sum of products: `SLACK · ε · Σ|a·b|`, whatever its order.
    private static final double SLACK = 8 * 0x1p-24;

    final Arena arena = Arena.ofShared();

    @BeforeAll
    static void needsOneDnn() {
        assumeTrue(OneDnn.library().present(), OneDnn.library().toString());
    }

    @AfterEach
    void close() {
        arena.close();
    }

    /// Normals, one in 64 of them a hundred times larger.
    static float[] values(long seed, long count) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] x = new float[Math.toIntExact(count)];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) random.nextGaussian() * (random.nextInt(64) == 0 ? 100 : 1);
        }
        return x;
    }

    MemorySegment upload(float[] x) {
        MemorySegment data = buffer(x.length);
        MemorySegment.copy(x, 0, data, JAVA_FLOAT, 0, x.length);
        return data;
    }

    /// Memory full of NaN, so that what is read before it is written shows.
    MemorySegment buffer(long count) {
        MemorySegment data = arena.allocate(Math.max(1, count) * Float.BYTES, 64);
        return data.fill((byte) 0xFF);
    }

    MemorySegment workspace(long bytes) {
        return bytes == 0 ? MemorySegment.NULL : buffer(bytes / Float.BYTES);
    }

    static float[] download(MemorySegment data) {
        return data.toArray(JAVA_FLOAT);
    }

    /// Runs stages as a device does: blocks of one stage on several threads, in whatever order they come.
    static void run(List<Stage> stages, int threads) {
        for (Stage stage : stages) {
            AtomicInteger next = new AtomicInteger();
            List<FutureTask<Void>> tasks = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                FutureTask<Void> task = new FutureTask<>(
                        () -> {
                            for (int i = next.getAndIncrement(); i < stage.blocks(); i = next.getAndIncrement()) {
                                stage.run(i, i + 1);
                            }
                        },
                        null);
                tasks.add(task);
                Thread.ofPlatform().start(task);
            }
            for (FutureTask<Void> task : tasks) {
                try {
                    task.get();
                } catch (InterruptedException | ExecutionException e) {
                    throw new AssertionError(e);
                }
            }
        }
    }

    static void runHere(List<Stage> stages) {
        stages.forEach(stage -> stage.run(0, stage.blocks()));
    }

    /// @param magnitude Σ|a·b| of the sum that made `expected`
    static void assertSum(double expected, float actual, double magnitude, long terms, String what) {
        double tolerance = SLACK * magnitude * Math.sqrt(terms + 4.0) + Float.MIN_NORMAL;
        assertTrue(
                Math.abs(expected - actual) <= tolerance,
                () -> what + ": expected " + expected + ", was " + actual + ", tolerance " + tolerance);
    }

    static void assertSameBits(float[] expected, float[] actual, String what) {
        assertEquals(expected.length, actual.length, what);
        for (int i = 0; i < expected.length; i++) {
            if (Float.floatToRawIntBits(expected[i]) != Float.floatToRawIntBits(actual[i])) {
                throw new AssertionError(
                        what + ": element " + i + " of " + expected.length + ": " + expected[i] + " and " + actual[i]);
            }
        }
    }
}
