package dev.elbo.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.cpu.Unary;
import java.lang.foreign.Arena;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class CpuDeviceTest {
    @Test
    void everyItemIsDoneOnceHoweverManyThreads() {
        for (int threads = 1; threads <= 4; threads++) {
            try (CpuDevice cpu = CpuDevice.open(threads)) {
                for (int count : new int[] {0, 1, 2, 63, 64, 65, 4097, 100_000}) {
                    AtomicIntegerArray seen = new AtomicIntegerArray(count);
                    cpu.bind("count", count, 5_000, (from, to) -> {
                        for (long i = from; i < to; i++) {
                            seen.incrementAndGet((int) i);
                        }
                    });
                    for (int i = 0; i < count; i++) {
                        assertEquals(1, seen.get(i), "item " + i + " of " + count + ", threads " + threads);
                    }
                }
            }
        }
    }

    @Test
    void thousandsOfLaunchesFollowEachOtherWithoutLosingABlock() {
        try (CpuDevice cpu = CpuDevice.open(3)) {
            long[] sums = new long[8];
            for (int run = 1; run <= 20_000; run++) {
                cpu.bind("add", 8, 40_000, (from, to) -> {
                    for (long i = from; i < to; i++) {
                        sums[(int) i]++;
                    }
                });
                for (long sum : sums) {
                    assertEquals(run, sum);
                }
            }
        }
    }

    @Test
    void smallLaunchesStayOnTheCallersThread() {
        try (CpuDevice cpu = CpuDevice.open(4)) {
            Thread caller = Thread.currentThread();
            cpu.bind("small", 1000, 1, (_, _) -> assertSame(caller, Thread.currentThread()));
        }
    }

    @Test
    void parkedWorkersWakeUp() throws InterruptedException {
        try (CpuDevice cpu = CpuDevice.open(2)) {
            for (int i = 0; i < 5; i++) {
                Thread.sleep(5);
                AtomicIntegerArray done = new AtomicIntegerArray(1);
                cpu.bind("wake", 16, 100_000, (from, to) -> done.addAndGet(0, (int) (to - from)));
                assertEquals(16, done.get(0));
            }
        }
    }

    @Test
    void failureOfABlockReachesTheCallerAndTheDeviceGoesOn() {
        try (CpuDevice cpu = CpuDevice.open(3)) {
            for (int i = 0; i < 10; i++) {
                assertThrows(
                        ArithmeticException.class,
                        () -> cpu.bind("fail", 100, 100_000, (_, _) -> {
                            throw new ArithmeticException("planted");
                        }));
                cpu.bind("fine", 100, 100_000, (_, _) -> {});
            }
        }
    }

    @Test
    void anotherThreadIsRefused() throws InterruptedException {
        try (CpuDevice cpu = CpuDevice.open(1)) {
            AtomicReference<Throwable> seen = new AtomicReference<>();
            Thread other = Thread.ofPlatform().name("other").start(() -> {
                try {
                    cpu.bind("nothing", 1, 1, (_, _) -> {});
                } catch (IllegalStateException e) {
                    seen.set(e);
                }
            });
            other.join();
            assertTrue(
                    seen.get()
                            .getMessage()
                            .startsWith("thread: a device belongs to the thread that opened it; device=cpu"),
                    seen.get().getMessage());
        }
    }

    /// Primitives are prepared by the owner alone: who is refused has not touched where they are kept.
    @Test
    void strangersThatAskForProductsDisturbNobody() throws InterruptedException {
        try (CpuDevice cpu = CpuDevice.open(1);
                Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(cpu, "test", owner);
            Tensor ones = Ops.plain(memory).constant(Shape.of(300), 1);
            Tensor sums = memory.empty(Shape.of(300));
            Set<String> refusals = ConcurrentHashMap.newKeySet();
            AtomicBoolean done = new AtomicBoolean();
            Thread stranger = Thread.ofPlatform().start(() -> {
                for (int n = 1; !done.get(); n = n % 299 + 1) {
                    try {
                        product(cpu, n, ones, sums);
                        refusals.add("not refused");
                    } catch (RuntimeException e) {
                        refusals.add(e.getMessage().split(";")[0]);
                    }
                }
            });
            for (int n = 300; n > 100; n--) { // more shapes than are kept
                product(cpu, n, ones, sums);
                assertEquals(1, cpu.floats(sums)[n - 1], "n=" + n);
            }
            done.set(true);
            stranger.join();
            assertEquals(Set.of("thread: a device belongs to the thread that opened it"), refusals);
        }
    }

    /// sums[0…n) = ones (n, 1) · ones (1, 1).
    private static void product(CpuDevice cpu, int n, Tensor ones, Tensor sums) {
        ProductShape shape = new ProductShape(n, 1, 1, false, false, false);
        cpu.bindProduct("product", shape, ones, ones, null, sums, Unary.IDENTITY, 0);
    }

    @Test
    void confinedArenaIsRefused() {
        try (CpuDevice cpu = CpuDevice.open(1);
                Arena confined = Arena.ofConfined()) {
            Memory memory = Memory.of(cpu, "test", confined);
            String message = assertThrows(IllegalArgumentException.class, () -> memory.empty(Shape.of(4)))
                    .getMessage();
            assertTrue(message.contains("needs a shared arena"), message);
        }
    }

    @Test
    void closedDeviceIsRefused() {
        CpuDevice cpu = CpuDevice.open(2);
        cpu.close();
        assertEquals(
                "closed: the device is closed; device=cpu",
                assertThrows(IllegalStateException.class, () -> cpu.bind("late", 1, 1, (_, _) -> {}))
                        .getMessage());
    }
}
