package dev.elbo.ffi.jcuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.elbo.ffi.Borrowed;
import dev.elbo.ffi.DevicePointer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jcuda.Pointer;

/// The factors of a library call, in native memory: JCuda neither copies nor pins an array for them.
///
/// They live as long as the handle they are used with. JCuda's own objects do not know when they have ended; asking for
/// a factor does, so a call on a closed handle is refused here instead of reaching freed memory.
///
/// @param words    1, 0, alpha, beta
/// @param borrowed what else the handle relies on
record JcudaScalars(MemorySegment words, Borrowed borrowed) {
    /// @param owner of the handle
    /// @param held  what the handle holds by address
    static JcudaScalars of(Arena owner, MemorySegment... held) {
        return new JcudaScalars(owner.allocateFrom(JAVA_FLOAT, 1, 0, 0, 0), Borrowed.of(held));
    }

    /// Refuses what [#one] refuses, where no factor is asked for.
    void requireOpen() {
        borrowed.require();
        DevicePointer.address(words);
    }

    /// @throws IllegalStateException if the owner of the handle, or of what it holds, has closed
    /// @throws WrongThreadException  on another thread than the one that opened the handle
    Pointer one() {
        requireOpen();
        return JcudaPointers.of(words);
    }

    Pointer zero() {
        return one().withByteOffset(4);
    }

    /// A pointer to `value`, good for one call: the library reads it before it returns.
    Pointer alpha(float value) {
        words.setAtIndex(JAVA_FLOAT, 2, value);
        return one().withByteOffset(8);
    }

    /// Likewise.
    Pointer beta(float value) {
        words.setAtIndex(JAVA_FLOAT, 3, value);
        return one().withByteOffset(12);
    }
}
