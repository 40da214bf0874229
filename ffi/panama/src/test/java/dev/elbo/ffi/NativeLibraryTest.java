package dev.elbo.ffi;

import static java.lang.foreign.FunctionDescriptor.of;
import static java.lang.foreign.FunctionDescriptor.ofVoid;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibraryTest {
    private static final FunctionDescriptor INT_OF_LONG = of(JAVA_INT, JAVA_LONG);

    private static Places places(Map<String, String> properties, Map<String, String> variables) {
        return new Places(properties::get, variables::get, true, List.of());
    }

    private static NativeLibrary nowhere() {
        return NativeLibrary.find("nowhere", places(Map.of(), Map.of()), List.of("libnowhere.so.1", "libnowhere.so"));
    }

    @Test
    void absenceIsAValueWithAReason() {
        NativeLibrary library = nowhere();
        assertFalse(library.present());
        assertFalse(library.has("anything"));
        assertEquals("", library.file());
        assertEquals(
                List.of("libnowhere.so.1", "libnowhere.so"),
                library.attempts().stream()
                        .map(NativeLibrary.Attempt::file)
                        .filter(file -> !file.isEmpty())
                        .toList());
        assertTrue(
                library.reason()
                        .contains("loader libnowhere.so.1: cannot open shared object file: No such file or directory"),
                library.reason());
    }

    @Test
    void missingSymbolHasTheRightTypeAndThrowsWhenCalled() throws Throwable {
        for (FunctionDescriptor signature :
                List.of(INT_OF_LONG, ofVoid(ADDRESS), of(JAVA_DOUBLE), of(ADDRESS, ADDRESS, JAVA_INT))) {
            MethodHandle handle = nowhere().bind("f", signature);
            assertEquals(signature.toMethodType(), handle.type());
        }
        MethodHandle handle = nowhere().bind("absentFunction", INT_OF_LONG);
        NativeException first = assertThrows(NativeException.class, () -> ignore((int) handle.invokeExact(1L)));
        NativeException second = assertThrows(NativeException.class, () -> ignore((int) handle.invokeExact(1L)));
        assertNotSame(first, second, "each failure has the stack trace of its own call");
        assertEquals("absentFunction", first.function());
        assertEquals(NativeException.MISSING, first.status());
        assertTrue(
                first.getMessage().startsWith("absentFunction: library missing; library=nowhere, reason=tried [loader"),
                first.getMessage());
    }

    @Test
    void fileNamedByHandIsUsedOrNothingIs() {
        Places byProperty = places(Map.of("elbo.library.c", "/no/such/file.so"), Map.of());
        NativeLibrary library = NativeLibrary.find("c", byProperty, List.of("libc.so.6"));
        assertFalse(library.present(), "the loader would have found libc.so.6");
        assertEquals("property elbo.library.c", library.attempts().getFirst().place());

        Places byVariable = places(Map.of(), Map.of("ELBO_LIBRARY_C", "/no/such/file.so"));
        assertFalse(NativeLibrary.find("c", byVariable, List.of("libc.so.6")).present());

        Places both = places(Map.of("elbo.library.c", "libc.so.6"), Map.of("ELBO_LIBRARY_C", "/no/such/file.so"));
        assertTrue(NativeLibrary.find("c", both, List.of()).present(), "the property comes before the environment");
    }

    @Test
    void foldersAreTriedAfterTheLoaderInTheirOrder(@TempDir Path folder) {
        Places places = places(Map.of(), Map.of()).with("conda", folder).with("wheel", folder.resolve("nvidia"));
        NativeLibrary library = NativeLibrary.find("x", places, List.of("libx.so"));
        assertEquals(
                List.of("property elbo.library.x", "environment ELBO_LIBRARY_X", "loader", "conda", "wheel"),
                library.attempts().stream().map(NativeLibrary.Attempt::place).toList());
        assertEquals(
                List.of("no such file", "no such folder: " + folder.resolve("nvidia")),
                library.attempts().stream()
                        .skip(3)
                        .map(NativeLibrary.Attempt::outcome)
                        .toList());
    }

    @Test
    void fileThatIsNoLibraryIsNamedWithTheLoadersReason(@TempDir Path folder) throws IOException {
        Path text = Files.writeString(folder.resolve("libtext.so"), "text ".repeat(100));
        NativeLibrary library = NativeLibrary.at("text", "test", text);
        assertFalse(library.present());
        assertEquals("invalid ELF header", library.attempts().getFirst().outcome());
    }

    @Test
    void refusedLibraryIsAbsentForTheReasonGiven() {
        NativeLibrary c = NativeLibrary.find("c", places(Map.of(), Map.of()), List.of("libc.so.6"));
        assertTrue(c.has("abs"));
        NativeLibrary refused = c.refused("too old; version=5");
        assertFalse(refused.has("abs"));
        assertEquals("too old; version=5", refused.reason());
        assertEquals(c.attempts(), refused.attempts());
    }

    @Test
    void olderNameIsBoundWhenTheNewOneIsMissing() throws Throwable {
        NativeLibrary c = NativeLibrary.find("c", places(Map.of(), Map.of()), List.of("libc.so.6"));
        FunctionDescriptor intOfInt = of(JAVA_INT, JAVA_INT);
        MethodHandle abs = c.bind("abs_v2", "abs", intOfInt);
        assertEquals(3, (int) abs.invokeExact(-3));
        MethodHandle neither = c.bind("f_v2", "f", intOfInt);
        NativeException e = assertThrows(NativeException.class, () -> ignore((int) neither.invokeExact(1)));
        assertTrue(e.getMessage().startsWith("f_v2: symbol missing; library=c, file="), e.getMessage());
        assertTrue(e.getMessage().endsWith("/libc.so.6"), e.getMessage());
    }

    @Test
    void exceptionNamesFunctionStatusAndArguments() {
        NativeException e = new NativeException("cuMemAllocAsync", 2, "CUDA_ERROR_OUT_OF_MEMORY", "bytes=5000000");
        assertEquals("cuMemAllocAsync: CUDA_ERROR_OUT_OF_MEMORY (2); bytes=5000000", e.getMessage());
        assertEquals("f: NAME (1)", new NativeException("f", 1, "NAME", "").getMessage());
    }

    @Test
    void rethrowNeverWraps() {
        IllegalStateException closed = new IllegalStateException("Already closed");
        assertEquals(closed, NativeException.rethrow(closed));
        assertThrows(StackOverflowError.class, () -> NativeException.rethrow(new StackOverflowError()));
        assertThrows(AssertionError.class, () -> NativeException.rethrow(new IOException()));
    }

    private static void ignore(Object result) {
        assertTrue(result instanceof Integer || result instanceof MemorySegment);
    }
}
