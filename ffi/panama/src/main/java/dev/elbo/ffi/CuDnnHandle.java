package dev.elbo.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A handle of cuDNN on its stream.
record CuDnnHandle(MemorySegment pointer, Borrowed borrowed) {
    /// @param stream borrowed
    /// @param owner  destroys the handle when it closes
    static CuDnnHandle open(MemorySegment stream, Arena owner) {
        MemorySegment pointer = CuDnn.create(owner);
        CuDnn.setStream(pointer, stream);
        return new CuDnnHandle(pointer, Borrowed.of(stream));
    }

    /// The handle, for one call.
    ///
    /// @throws WrongThreadException  on another thread than the one that opened it
    /// @throws IllegalStateException when the stream's owner has closed; the JDK looks at the handle's own
    MemorySegment use() {
        borrowed.require();
        return pointer;
    }
}
