package dev.elbo.simulator.shim;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Path;

/// A shared object that is loaded and answered by Java.
public final class Shim {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle CALL =
            own("call", MethodType.methodType(Object.class, CFunction.class, MethodHandle.class, Object[].class));
    private static final MethodHandle RESOLVE = own("resolve", MethodType.methodType(long.class, int.class));

    private final CLibrary library;
    private final Calls calls;
    private final Path file;
    private final SymbolLookup symbols;
    private final MethodHandle thread;

    private Shim(CLibrary library, Calls calls, Path file) {
        this.library = library;
        this.calls = calls;
        this.file = file;
        symbols = SymbolLookup.libraryLookup(file, Arena.global());
        thread = downcall(CLibrary.THREAD, FunctionDescriptor.of(ValueLayout.JAVA_LONG));
    }

    private MethodHandle downcall(String symbol, FunctionDescriptor type) {
        return LINKER.downcallHandle(symbols.findOrThrow(symbol), type);
    }

    /// Compiles, loads and connects a library. It stays loaded until the JVM ends, as a driver does.
    ///
    /// @throws IllegalStateException if there is no C compiler
    public static Shim load(CLibrary library, Calls calls) {
        try {
            Shim shim = new Shim(library, calls, CCompiler.compile(library));
            shim.connect();
            return shim;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Where the shared object lies.
    public Path file() {
        return file;
    }

    /// The address of an exported symbol, 0 if there is none.
    public long address(String symbol) {
        return symbols.find(symbol).map(MemorySegment::address).orElse(0L);
    }

    /// A number for the thread of the operating system that runs now. A virtual thread has that of its carrier.
    public long thread() {
        try {
            return (long) thread.invokeExact();
        } catch (Throwable t) {
            throw new IllegalStateException("simulated GPU: cannot number the thread", t);
        }
    }

    private void connect() {
        MethodHandle connect = downcall(CLibrary.CONNECT, FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));
        MemorySegment resolver = LINKER.upcallStub(
                RESOLVE.bindTo(this),
                FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT),
                Arena.global());
        try {
            connect.invokeExact(resolver);
        } catch (Throwable t) {
            throw new IllegalStateException("simulated GPU: cannot connect " + file, t);
        }
    }

    private long resolve(int slot) {
        if (slot >= library.functions().size()) {
            calls.unsupported(library, library.symbol(slot));
            return 0;
        }
        CFunction function = library.functions().get(slot);
        MethodHandle call = MethodHandles.insertArguments(CALL.bindTo(this), 0, function, function.target())
                .asCollector(Object[].class, function.type().parameterCount())
                .asType(function.type());
        return LINKER.upcallStub(call, function.descriptor(), Arena.global()).address();
    }

    private Object call(CFunction function, MethodHandle target, Object[] arguments) {
        int status = library.broken();
        try {
            status = calls.enter(library, function);
            if (status == 0) {
                Object result = target.invokeExact(arguments);
                if (result != null) return result;
            }
        } catch (Failure failure) {
            status = failure.library().equals(library.name()) ? failure.status() : library.failed();
            calls.failed(function, arguments, failure);
        } catch (Throwable t) {
            status = library.broken();
            calls.broken(function, arguments, t);
        } finally {
            calls.leave();
        }
        return function.type().returnType() == int.class ? (Object) status : (Object) 0L;
    }

    private static MethodHandle own(String name, MethodType type) {
        try {
            return MethodHandles.lookup().findVirtual(Shim.class, name, type);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
