package dev.elbo.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;

class LedgerTest {
    @Test
    void countsWhatLivesAndRemembersTheMost() {
        try (CpuDevice cpu = CpuDevice.open(1)) {
            try (Arena first = Arena.ofShared()) {
                Memory.of(cpu, "first", first).empty(Shape.of(100));
                try (Arena second = Arena.ofShared()) {
                    Memory.of(cpu, "second", second).empty(Shape.of(25));
                    assertEquals(500, cpu.ledger().liveBytes());
                }
                assertEquals(400, cpu.ledger().liveBytes());
                Memory.of(cpu, "first", first).empty(Shape.of(1));
            }
            assertEquals(0, cpu.ledger().liveBytes());
            assertEquals(500, cpu.ledger().highWaterBytes());
        }
    }

    @Test
    void namesOwnerAndCallerOfALeakWhenTheDeviceCloses() {
        Arena arena = Arena.ofShared();
        CpuDevice cpu = CpuDevice.open(1);
        Memory.of(cpu, "forgotten", arena).empty(Shape.of(3, 5));
        String message = assertThrows(IllegalStateException.class, cpu::close).getMessage();
        assertTrue(message.startsWith("close: memory is still alive; live=60, high water=60 bytes"), message);
        assertTrue(message.contains("60 bytes in 1 by forgotten, from dev.elbo.runtime.LedgerTest.names"), message);
        arena.close();
        cpu.close();
    }
}
