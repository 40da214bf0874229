package dev.elbo.ffi.jcuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.elbo.ffi.DevicePointer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jcuda.Pointer;

/// The factors of a library call, in native memory: JCuda neither copies nor pins an array for them.
///
/// They live as long as the handle they are used with. JCuda's own objects do not know when they have ended; asking for
/// a factor does, so a call on a closed handle is refused here instead of reaching freed memory.
///
/// @param words 1, 0, alpha, beta
record JcudaScalars(MemorySegment words) {
    /// @param owner of the handle
    static JcudaScalars of(Arena owner) {
        return new JcudaScalars(owner.allocateFrom(JAVA_FLOAT, 1, 0, 0, 0));
    }

    /// Refuses a closed handle where no factor is asked for.
    ///
    /// @throws IllegalStateException if the handle's owner has closed
    void requireOpen() {
        DevicePointer.address(words);
    }

    Pointer one() {
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
