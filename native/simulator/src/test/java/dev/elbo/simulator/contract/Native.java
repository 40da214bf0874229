package dev.elbo.simulator.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Calls into a shared object as any program would: found by its property, bound by name, typed by the arguments.
final class Native {
    private final SymbolLookup symbols;
    private final Map<String, MethodHandle> handles = new ConcurrentHashMap<>();

    /// @param library as in `-Delbo.library.<name>`
    Native(String library) {
        symbols = SymbolLookup.libraryLookup(Path.of(System.getProperty("elbo.library." + library)), Arena.global());
    }

    /// Whether the library exports a symbol.
    boolean has(String function) {
        return symbols.find(function).isPresent();
    }

    /// Calls a function that returns an `int`.
    ///
    /// @param arguments each an `Integer`, `Long`, `Float`, `Double` or `MemorySegment`
    int call(String function, Object... arguments) {
        try {
            return (int) handle(function, ValueLayout.JAVA_INT, arguments).invokeExact(arguments);
        } catch (Throwable t) {
            throw new IllegalStateException(function, t);
        }
    }

    /// Calls a function that returns a pointer or a `size_t`.
    long callLong(String function, Object... arguments) {
        try {
            return (long) handle(function, ValueLayout.JAVA_LONG, arguments).invokeExact(arguments);
        } catch (Throwable t) {
            throw new IllegalStateException(function, t);
        }
    }

    /// Calls a function that must succeed.
    void ok(String function, Object... arguments) {
        assertEquals(0, call(function, arguments), function);
    }

    /// Calls a function that must succeed and writes a handle or an address through its first argument.
    long make(String function, Object... arguments) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.JAVA_LONG);
            Object[] all = new Object[arguments.length + 1];
            all[0] = out;
            System.arraycopy(arguments, 0, all, 1, arguments.length);
            ok(function, all);
            return out.get(ValueLayout.JAVA_LONG, 0);
        }
    }

    private MethodHandle handle(String function, ValueLayout result, Object[] arguments) {
        MemoryLayout[] layouts = Arrays.stream(arguments).map(Native::layout).toArray(MemoryLayout[]::new);
        FunctionDescriptor type = FunctionDescriptor.of(result, layouts);
        return handles.computeIfAbsent(
                function + type,
                _ -> Linker.nativeLinker()
                        .downcallHandle(symbols.findOrThrow(function), type)
                        .asType(MethodType.genericMethodType(layouts.length).changeReturnType(result.carrier()))
                        .asSpreader(Object[].class, layouts.length));
    }

    private static MemoryLayout layout(Object argument) {
        return switch (argument) {
            case Integer _ -> ValueLayout.JAVA_INT;
            case Long _ -> ValueLayout.JAVA_LONG;
            case Float _ -> ValueLayout.JAVA_FLOAT;
            case Double _ -> ValueLayout.JAVA_DOUBLE;
            case MemorySegment _ -> ValueLayout.ADDRESS;
            default -> throw new IllegalArgumentException("no C type for " + argument.getClass());
        };
    }
}
