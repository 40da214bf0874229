package dev.elbo.ffi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OwnedTest {
    private static final MemorySegment THING = MemorySegment.ofAddress(0x1000);

    private final List<Long> released = new ArrayList<>();

    private void release(MemorySegment thing) {
        released.add(thing.address());
    }

    @Test
    void thingIsGivenBackWhenItsOwnerCloses() {
        try (Arena owner = Arena.ofConfined()) {
            MemorySegment thing = Owned.by(owner, THING, this::release);
            assertEquals(0, thing.byteSize());
            assertEquals(owner.scope(), thing.scope());
            assertEquals(List.of(), released);
        }
        assertEquals(List.of(0x1000L), released);
    }

    @Test
    void thingThatNobodyTakesIsGivenBackAtOnce() throws InterruptedException {
        Arena closed = Arena.ofConfined();
        closed.close();
        assertThrows(IllegalStateException.class, () -> Owned.by(closed, THING, this::release));
        assertEquals(1, released.size());
        try (Arena owner = Arena.ofConfined()) {
            Throwable wrongThread = BoundaryTest.inAnotherThread(() -> Owned.by(owner, THING, this::release));
            assertTrue(wrongThread instanceof WrongThreadException);
        }
        assertEquals(2, released.size(), "and not once more when the owner closes");
    }

    @Test
    void nothingIsGivenBackWhileACaptureIsOpen() {
        Owned.hold();
        try (Arena owner = Arena.ofConfined()) {
            Owned.by(owner, THING, this::release);
        }
        assertEquals(List.of(), released);
        assertThrows(IllegalStateException.class, Owned::hold, "one capture a thread");
        Owned.resume();
        assertEquals(List.of(0x1000L), released);
    }

    @Test
    void aFailureToGiveBackIsHeardAndKeepsNothingElse() {
        NativeException failure = new NativeException("f", 1, "BAD", "");
        Owned.hold();
        try (Arena owner = Arena.ofConfined()) {
            Owned.by(owner, THING, this::release);
            Owned.by(owner, THING, _ -> {
                throw failure;
            });
            Owned.by(owner, THING, this::release);
        }
        assertSame(failure, assertThrows(NativeException.class, Owned::resume));
        assertEquals(2, released.size());
    }

    @Test
    void closingAnOwnerThrowsWhatFailedAfterGivingBackTheRest() {
        NativeException failure = new NativeException("f", 1, "BAD", "");
        Arena owner = Arena.ofConfined();
        Owned.by(owner, THING, this::release);
        Owned.by(owner, THING, _ -> {
            throw failure;
        });
        Owned.by(owner, THING, this::release);
        assertSame(failure, assertThrows(NativeException.class, owner::close));
        assertEquals(2, released.size());
    }
}
