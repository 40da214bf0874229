package dev.elbo.ffi;

import static java.lang.foreign.FunctionDescriptor.of;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/// What the system's loader says about a library that [java.lang.foreign.SymbolLookup] could not open.
///
/// The JDK reports that a library "cannot be opened" and drops the reason. The reason is what a user needs: no such
/// file, not an ELF file, or a dependency that is missing in its turn.
final class Loader {
    private static final int RTLD_NOW = 2;
    private static final int RTLD_NOLOAD = 4;
    private static final int RTLD_DI_LINKMAP = 2;

    // void* dlopen(const char* file, int mode)
    private static final Optional<MethodHandle> dlopen = bind("dlopen", of(ADDRESS, ADDRESS, JAVA_INT));

    // char* dlerror(void)
    private static final Optional<MethodHandle> dlerror = bind("dlerror", of(ADDRESS));

    // int dlinfo(void* handle, int request, void* info), glibc
    private static final Optional<MethodHandle> dlinfo = bind("dlinfo", of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS));

    // struct link_map { Elf_Addr l_addr; char* l_name; … }
    private static final long L_NAME = ADDRESS.byteSize();

    private Loader() {}

    private static Optional<MethodHandle> bind(String symbol, FunctionDescriptor signature) {
        Linker linker = Linker.nativeLinker();
        return linker.defaultLookup().find(symbol).map(address -> linker.downcallHandle(address, signature));
    }

    /// Opens `file` once more to hear why it cannot be opened.
    static String whyNot(String file) {
        if (dlopen.isEmpty() || dlerror.isEmpty()) {
            return "cannot be opened";
        }
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment handle;
            MemorySegment message;
            try {
                handle = (MemorySegment) dlopen.get().invokeExact(frame.allocateFrom(file), RTLD_NOW);
                message = (MemorySegment) dlerror.get().invokeExact();
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            if (handle.address() != 0 || message.address() == 0) {
                return "cannot be opened";
            }
            // "libcuda.so.1: cannot open shared object file": the name stands before it already.
            String reason = message.reinterpret(Long.MAX_VALUE).getString(0);
            return reason.startsWith(file + ": ") ? reason.substring(file.length() + 2) : reason;
        }
    }

    /// The full path of a library that is loaded already, if the loader can tell.
    static Optional<String> pathOf(String file) {
        if (dlopen.isEmpty() || dlinfo.isEmpty()) {
            return Optional.empty();
        }
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment map = frame.allocate(ADDRESS);
            MemorySegment handle;
            int status;
            try {
                handle = (MemorySegment) dlopen.get().invokeExact(frame.allocateFrom(file), RTLD_NOW | RTLD_NOLOAD);
                status = handle.address() == 0 ? -1 : (int) dlinfo.get().invokeExact(handle, RTLD_DI_LINKMAP, map);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            if (status != 0) {
                return Optional.empty();
            }
            MemorySegment name =
                    map.get(ADDRESS, 0).reinterpret(2 * ADDRESS.byteSize()).get(ADDRESS, L_NAME);
            return Optional.of(name.reinterpret(Long.MAX_VALUE).getString(0));
        }
    }
}
