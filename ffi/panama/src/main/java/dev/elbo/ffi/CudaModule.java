package dev.elbo.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Kernels and variables that were loaded onto a device.
public final class CudaModule {
    private final String name;
    private final MemorySegment handle;
    private final Arena owner;

    private CudaModule(String name, MemorySegment handle, Arena owner) {
        this.name = name;
        this.handle = handle;
        this.owner = owner;
    }

    /// Loads PTX, which the driver compiles for the device at hand, or machine code.
    ///
    /// @param name  for messages, such as `pointwise.ptx`
    /// @param image text or bytes; copied
    /// @param owner unloads the module when it closes
    /// @throws NativeException with the compiler's log, when it refuses the image
    public static CudaModule load(String name, byte[] image, Arena owner) {
        try (Arena frame = Arena.ofConfined()) {
            // PTX ends in a zero byte; machine code knows its own length and does not mind one.
            MemorySegment terminated = frame.allocate(image.length + 1L, 16);
            MemorySegment.copy(MemorySegment.ofArray(image), 0, terminated, 0, image.length);
            return new CudaModule(name, CudaModules.moduleLoadDataEx(terminated, name, owner), owner);
        }
    }

    /// The kernel of this name, valid as long as the module.
    ///
    /// @throws NativeException `CUDA_ERROR_NOT_FOUND`
    public CudaFunction function(String kernel) {
        MemorySegment function = CudaModules.moduleGetFunction(handle, kernel);
        return new CudaFunction(kernel, function.reinterpret(0, owner, null));
    }

    /// The device memory of a variable, valid as long as the module.
    ///
    /// @param bytes the size the caller expects
    /// @return device pointer of length 0
    /// @throws NativeException          `CUDA_ERROR_NOT_FOUND`
    /// @throws IllegalArgumentException when the module declares another size
    public MemorySegment global(String variable, long bytes) {
        MemorySegment global = CudaModules.moduleGetGlobal(handle, variable);
        if (global.byteSize() != bytes) {
            throw new IllegalArgumentException("size of variable differs: module=" + name + ", variable=" + variable
                    + ", expected=" + bytes + ", declared=" + global.byteSize());
        }
        return global.reinterpret(0, owner, null);
    }

    /// What the module was called when it was loaded.
    public String name() {
        return name;
    }
}
