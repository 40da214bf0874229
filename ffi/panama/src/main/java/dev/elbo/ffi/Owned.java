package dev.elbo.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// Native things that an [Arena] gives back.
///
/// A thing is a segment of length 0 in its owner's scope: the JDK refuses host reads through it and any use after the
/// owner has closed. While the closing thread has a stream capture open nothing is given back, for a free would become
/// a node of the graph or break the capture; it happens when the capture ends.
final class Owned {
    private static final ThreadLocal<List<Runnable>> HELD = new ThreadLocal<>();

    private Owned() {}

    /// Hands `thing` to `owner`. If `owner` will not have it (closed, or another thread's), gives it back at once.
    ///
    /// @param release gives the thing back; must not use segments of `owner`, which is closed by then
    static MemorySegment by(Arena owner, MemorySegment thing, Consumer<MemorySegment> release) {
        try {
            return thing.reinterpret(0, owner, segment -> giveBack(() -> release.accept(segment)));
        } catch (RuntimeException refused) {
            try {
                giveBack(() -> release.accept(thing));
            } catch (RuntimeException e) {
                refused.addSuppressed(e);
            }
            throw refused;
        }
    }

    private static void giveBack(Runnable release) {
        List<Runnable> held = HELD.get();
        if (held == null) {
            release.run();
        } else {
            held.add(release);
        }
    }

    /// From now on this thread gives nothing back, until [#resume].
    ///
    /// @throws IllegalStateException when it holds already: a thread has one capture open at a time
    static void hold() {
        if (HELD.get() != null) {
            throw new IllegalStateException("capture refused: this thread has one open already");
        }
        HELD.set(new ArrayList<>());
    }

    /// Refuses to make what would belong to an open capture of this thread, and not to its owner.
    ///
    /// @throws IllegalStateException while a capture is open
    static void refuseWhileCapturing(String what, long bytes) {
        if (HELD.get() != null) {
            throw new IllegalStateException(what + " refused: this thread captures a stream; bytes=" + bytes);
        }
    }

    /// Gives back what was held; a failure does not keep the rest.
    static void resume() {
        List<Runnable> held = HELD.get();
        HELD.remove();
        RuntimeException first = null;
        for (Runnable release : held) {
            try {
                release.run();
            } catch (RuntimeException e) {
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
