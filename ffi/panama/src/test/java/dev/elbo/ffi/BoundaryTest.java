package dev.elbo.ffi;

import static java.lang.foreign.FunctionDescriptor.of;
import static java.lang.foreign.FunctionDescriptor.ofVoid;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// What the boundary does with a real C library and with what goes wrong before the call.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BoundaryTest {
    private static final String SOURCE = """
            #include <string.h>
            int first_word(const int* p) { return *p; }

            /* What cuLaunchKernel does with `extra`: {1, arguments, 2, &size, 0}. */
            long unpack(void** extra, void* to) {
                if (extra[0] != (void*) 1 || extra[2] != (void*) 2 || extra[4] != (void*) 0) return -1;
                long size = *(long*) extra[3];
                memcpy(to, extra[1], size);
                return size;
            }

            struct mixed { float a; void* b; int c; long long d; float e; int f; int g; void* h; };
            long pack(struct mixed* s, void* b, void* h) {
                memset(s, 0, sizeof *s);
                s->a = 1.5f; s->b = b; s->c = -3; s->d = 1LL << 40; s->e = -0.0f; s->f = 7; s->g = 8; s->h = h;
                return sizeof *s;
            }
            """;

    private NativeLibrary library;

    @BeforeAll
    void compile(@TempDir Path folder) throws IOException, InterruptedException {
        library = NativeLibrary.at("test", "test", CSource.library(folder.resolve("libboundary.so"), SOURCE));
        assertTrue(library.present(), library.reason());
    }

    private int firstWord(MemorySegment pointer) {
        MethodHandle first_word = library.bind("first_word", of(JAVA_INT, ADDRESS));
        try {
            return (int) first_word.invokeExact(pointer);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
    }

    @Test
    void boundFunctionIsCalled() {
        try (Arena frame = Arena.ofConfined()) {
            assertEquals(42, firstWord(frame.allocateFrom(JAVA_INT, 42)));
        }
    }

    @Test
    void closedArenaArrivesUnwrapped() {
        Arena closed = Arena.ofShared();
        MemorySegment word = closed.allocateFrom(JAVA_INT, 42);
        closed.close();
        IllegalStateException e = assertThrows(IllegalStateException.class, () -> firstWord(word));
        assertEquals("Already closed", e.getMessage());
    }

    @Test
    void wrongThreadArrivesUnwrapped() throws InterruptedException {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment word = frame.allocateFrom(JAVA_INT, 42);
            assertTrue(inAnotherThread(() -> firstWord(word)) instanceof WrongThreadException);
        }
    }

    @Test
    void heapMemoryIsRefusedBeforeTheCall() {
        assertThrows(IllegalArgumentException.class, () -> firstWord(MemorySegment.ofArray(new int[] {1})));
    }

    @Test
    void missingSymbolOfAPresentLibraryNamesBoth() {
        MethodHandle absent = library.bind("no_such_function", ofVoid(JAVA_INT));
        NativeException e = assertThrows(NativeException.class, () -> {
            absent.invokeExact(1);
        });
        assertEquals("no_such_function: symbol missing; library=test, file=" + library.file(), e.getMessage());
    }

    /// The C compiler lays out a struct as it lays out a kernel's parameters: each member aligned to its own size.
    @Test
    void launchBlockIsLaidOutAsTheCompilerDoes() throws Throwable {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment b = frame.allocate(8);
            MemorySegment h = frame.allocate(8);
            MemorySegment expected = frame.allocate(64);
            long bytes = (long) library.bind("pack", of(JAVA_LONG, ADDRESS, ADDRESS, ADDRESS))
                    .invokeExact(expected, b, h);

            LaunchBlock block = LaunchBlock.of(frame);
            block.arg(1.5f)
                    .arg(b)
                    .arg(-3)
                    .arg(1L << 40)
                    .arg(-0.0f)
                    .arg(7)
                    .arg(8)
                    .arg(h);
            MemorySegment actual = frame.allocate(LaunchBlock.CAPACITY);
            long size = (long)
                    library.bind("unpack", of(JAVA_LONG, ADDRESS, ADDRESS)).invokeExact(block.extra(), actual);

            assertEquals(bytes, size);
            assertEquals(size, block.size());
            assertEquals(-1, expected.asSlice(0, bytes).mismatch(actual.asSlice(0, size)), "first differing byte");
            assertEquals(-1, block.bytes().mismatch(actual.asSlice(0, size)));
        }
    }

    @Test
    void launchBlockHasNoPaddingAtItsEnd() {
        try (Arena frame = Arena.ofConfined()) {
            LaunchBlock block = LaunchBlock.of(frame);
            assertEquals(12, block.arg(1L).arg(2).size());
            assertEquals(0, block.clear().size());
            assertEquals(4, block.arg(2f).size());
            assertEquals(2f, block.bytes().get(JAVA_FLOAT, 0));
        }
    }

    @Test
    void launchBlockRefusesMoreThanAKernelTakes() {
        try (Arena frame = Arena.ofConfined()) {
            LaunchBlock block = LaunchBlock.of(frame);
            for (int i = 0; i < LaunchBlock.CAPACITY / 8; i++) {
                block.arg((long) i);
            }
            IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> block.arg(1));
            assertEquals("too many kernel arguments: bytes=4100, capacity=4096", e.getMessage());
            assertEquals(4096, block.size(), "a refused argument leaves the block as it was");
        }
    }

    @Test
    void launchBlockRefusesPointersThatAreNotAlive() throws InterruptedException {
        try (Arena frame = Arena.ofConfined()) {
            LaunchBlock block = LaunchBlock.of(frame);
            Arena owner = Arena.ofShared();
            MemorySegment pointer = MemorySegment.ofAddress(0x1000).reinterpret(0, owner, null);
            block.arg(pointer);
            owner.close();
            IllegalStateException closed = assertThrows(IllegalStateException.class, () -> block.arg(pointer));
            assertEquals("owner has closed: address=0x1000", closed.getMessage());
            assertThrows(IllegalArgumentException.class, () -> block.arg(MemorySegment.ofArray(new float[] {1})));

            MemorySegment confined = MemorySegment.ofAddress(0x1000).reinterpret(0, frame, null);
            assertTrue(inAnotherThread(() -> DevicePointer.address(confined)) instanceof WrongThreadException);
        }
    }

    @Test
    void viewOfAPointerLivesAndDiesWithIt() {
        Arena owner = Arena.ofShared();
        MemorySegment base = MemorySegment.ofAddress(0x1000).reinterpret(0, owner, null);
        MemorySegment view = DevicePointer.at(base, 24);
        assertEquals(0x1018, DevicePointer.address(view));
        assertEquals(0, view.byteSize());
        assertEquals(base.scope(), view.scope());
        assertThrows(IndexOutOfBoundsException.class, () -> view.get(JAVA_INT, 0), "the host must not read it");
        assertThrows(IllegalArgumentException.class, () -> DevicePointer.at(base, -8));
        owner.close();
        assertThrows(IllegalStateException.class, () -> DevicePointer.address(view));
    }

    static Throwable inAnotherThread(Runnable work) throws InterruptedException {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread thread = Thread.ofPlatform().start(() -> {
            try {
                work.run();
            } catch (Throwable t) {
                thrown.set(t);
            }
        });
        thread.join();
        return thrown.get();
    }
}
