package dev.elbo.ffi.jcuda;

import dev.elbo.ffi.DevicePointer;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import jcuda.Pointer;
import jcuda.runtime.cudaStream_t;

/// Elbo's pointers as JCuda wants them.
final class JcudaPointers {
    private static final MethodHandle STREAM = stream();

    private JcudaPointers() {}

    /// A pointer to the memory of `segment`, device or host.
    ///
    /// @throws IllegalStateException if the owner of the memory has closed
    static Pointer of(MemorySegment segment) {
        return new Pointer().withByteOffset(DevicePointer.address(segment));
    }

    /// A `CUstream` and a `cudaStream_t` are the same handle.
    ///
    /// @throws IllegalStateException if the owner of the stream has closed
    static cudaStream_t stream(MemorySegment stream) {
        long address = DevicePointer.address(stream);
        try {
            return (cudaStream_t) STREAM.invokeExact(address);
        } catch (Throwable t) {
            throw new AssertionError("the constructor only stores", t);
        }
    }

    /// JCuda makes streams from addresses for itself only; its jars are automatic modules and thereby open.
    private static MethodHandle stream() {
        try {
            return MethodHandles.privateLookupIn(cudaStream_t.class, MethodHandles.lookup())
                    .findConstructor(cudaStream_t.class, MethodType.methodType(void.class, long.class));
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
