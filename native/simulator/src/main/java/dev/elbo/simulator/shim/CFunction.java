package dev.elbo.simulator.shim;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// One exported function: its name, its C signature, and the Java method that answers it.
///
/// @param name     the symbol, which is also the name of the method
/// @param type     the C signature in Java types; a status is an `int`
/// @param receiver whose method it is
/// @param method   answers the call
public record CFunction(String name, MethodType type, Object receiver, Method method) {
    /// Every [Exported] method of the objects that a library of this version has, ordered by name.
    ///
    /// @param version as the library numbers itself
    public static List<CFunction> of(int version, Object... receivers) {
        List<CFunction> functions = new ArrayList<>();
        for (Object receiver : receivers) {
            for (Method method : receiver.getClass().getDeclaredMethods()) {
                Exported exported = method.getAnnotation(Exported.class);
                if (exported != null && exported.since() <= version) {
                    functions.add(new CFunction(method.getName(), type(method), receiver, method));
                }
            }
        }
        functions.sort(Comparator.comparing(CFunction::name));
        return functions;
    }

    private static MethodType type(Method method) {
        Class<?> result = method.getReturnType() == void.class ? int.class : method.getReturnType();
        return MethodType.methodType(result, method.getParameterTypes());
    }

    /// The method as a handle that takes the arguments as one `Object[]` and returns the result boxed, null for
    /// success.
    MethodHandle target() {
        try {
            MethodHandle bound = MethodHandles.privateLookupIn(receiver.getClass(), MethodHandles.lookup())
                    .unreflect(method)
                    .bindTo(receiver);
            return bound.asType(bound.type().generic()).asSpreader(Object[].class, type.parameterCount());
        } catch (IllegalAccessException e) {
            throw new IllegalStateException("not accessible: " + method, e);
        }
    }

    /// What `java.lang.foreign` calls the signature.
    public FunctionDescriptor descriptor() {
        MemoryLayout[] parameters =
                type.parameterList().stream().map(CFunction::layout).toArray(MemoryLayout[]::new);
        return FunctionDescriptor.of(layout(type.returnType()), parameters);
    }

    private static MemoryLayout layout(Class<?> type) {
        if (type == int.class) return ValueLayout.JAVA_INT;
        if (type == long.class) return ValueLayout.JAVA_LONG;
        if (type == float.class) return ValueLayout.JAVA_FLOAT;
        if (type == double.class) return ValueLayout.JAVA_DOUBLE;
        throw new IllegalArgumentException("no C type for " + type);
    }

    /// The C function that passes its arguments on to what stands in `slot`.
    ///
    /// @param unsupported what it returns while nothing stands there
    String source(int slot, int unsupported) {
        List<Class<?>> parameters = type.parameterList();
        String result = c(type.returnType());
        String types = parameters.stream().map(CFunction::c).collect(Collectors.joining(", "));
        String declared = IntStream.range(0, parameters.size())
                .mapToObj(i -> c(parameters.get(i)) + " a" + i)
                .collect(Collectors.joining(", "));
        String passed =
                IntStream.range(0, parameters.size()).mapToObj(i -> "a" + i).collect(Collectors.joining(", "));
        String none = type.returnType() == int.class ? Integer.toString(unsupported) : "0";
        return """
                EXPORT %s %s(%s) {
                    %s (*f)(%s) = function(%d);
                    return f ? f(%s) : %s;
                }
                """.formatted(result, name, orVoid(declared), result, orVoid(types), slot, passed, none);
    }

    private static String orVoid(String parameters) {
        return parameters.isEmpty() ? "void" : parameters;
    }

    private static String c(Class<?> type) {
        return type == long.class ? "long long" : type.getName();
    }
}
