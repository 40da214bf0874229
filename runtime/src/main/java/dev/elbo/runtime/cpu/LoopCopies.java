package dev.elbo.runtime.cpu;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.invoke.MethodHandles;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Supplier;

/// One copy of a loop class per function that it loops over, with the function written into the loop.
///
/// A loop that calls its function through an interface compiles well only while it sees one function; and even one
/// is not inlined once it was compiled by itself into more than a little code. Either way a vector that crosses the
/// call is boxed, at ten times the cost. So a loop is written once, as a template that holds its function in a
/// static final field, and is defined anew (a hidden class) for each function, the bytecode of the function and of
/// what it calls put in place of the calls ([Inlining]): every copy compiles as if it had been written out by hand.
/// All of them would take a second to make, so each is made when it is first asked for.
final class LoopCopies {
    private final Class<?>[] inlined;

    /// @param inlined classes whose static methods are written into the loops, as those of the template itself are
    LoopCopies(Class<?>... inlined) {
        this.inlined = inlined;
    }

    /// What makes a copy of `template` for every constant of `names`.
    ///
    /// @param functions has a constant of each name, which is what the copy's [#function] is
    /// @param template  its static initialiser asks [#function]; it has a constructor without arguments
    <N extends Enum<N>, F extends Enum<F>, L> Map<N, Supplier<L>> of(
            Class<N> names, Class<F> functions, Class<? extends L> template, Class<L> type) {
        Map<N, Supplier<L>> copies = new EnumMap<>(names);
        for (N name : names.getEnumConstants()) {
            F function = Enum.valueOf(functions, name.name());
            copies.put(
                    name,
                    () -> type.cast(copy(template, new Inlining(template, functions, function, inlined), function)));
        }
        return copies;
    }

    /// What makes the one copy of a loop without a function.
    <L> Supplier<L> of(Class<? extends L> template, Class<L> type) {
        return () -> type.cast(copy(template, new Inlining(template, inlined), LoopCopies.class));
    }

    private static Object copy(Class<?> template, Inlining inlining, Object function) {
        byte[] code = ClassFile.of().transformClass(model(template), inlining);
        try {
            return MethodHandles.lookup()
                    .defineHiddenClassWithClassData(code, function, false)
                    .lookupClass()
                    .getDeclaredConstructor()
                    .newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(
                    "cannot copy a loop: " + e.getMessage() + "; loop=" + template.getName() + ", function=" + function,
                    e);
        }
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

    /// The class file of a class of this module.
    static ClassModel model(Class<?> type) {
        String file = type.getName().substring(type.getPackageName().length() + 1) + ".class";
        try (InputStream in = type.getResourceAsStream(file)) {
            return ClassFile.of().parse(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the code of " + type.getName(), e);
        }
    }
}
