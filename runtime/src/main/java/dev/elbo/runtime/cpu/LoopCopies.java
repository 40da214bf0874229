package dev.elbo.runtime.cpu;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.util.EnumMap;
import java.util.Map;

/// One copy of a loop class per function that it loops over.
///
/// A loop that calls its function through an interface compiles well only while it sees one function; with the
/// second it calls, and a vector that crosses a call is boxed. So a loop is written once, as a class that holds its
/// function in a static final field, and is defined anew (a hidden class) for each function: every copy has its own
/// profile and its own constant, and compiles as if it had been written out by hand.
final class LoopCopies {
    private LoopCopies() {}

    /// A copy of `template` for every constant of `functions`.
    ///
    /// @param template its static initialiser asks [#function] for its own constant; it has a constructor without
    /// arguments
    static <F extends Enum<F>, L> Map<F, L> of(Class<F> functions, Class<? extends L> template, Class<L> type) {
        byte[] code = code(template);
        Map<F, L> copies = new EnumMap<>(functions);
        for (F function : functions.getEnumConstants()) {
            try {
                Class<?> copy = MethodHandles.lookup()
                        .defineHiddenClassWithClassData(code, function, false)
                        .lookupClass();
                copies.put(function, type.cast(copy.getDeclaredConstructor().newInstance()));
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(
                        "cannot copy a loop: " + e.getMessage() + "; loop=" + template.getName() + ", function="
                                + function,
                        e);
            }
        }
        return copies;
    }

    /// The function of the copy that asks.
    ///
    /// @param copy the lookup of the copy itself
    static <F> F function(MethodHandles.Lookup copy, Class<F> type) {
        try {
            return MethodHandles.classData(copy, "_", type);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException("a loop may ask for its own function only: " + e.getMessage(), e);
        }
    }

    private static byte[] code(Class<?> template) {
        try (InputStream in = template.getResourceAsStream(template.getSimpleName() + ".class")) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the code of " + template.getName(), e);
        }
    }
}
