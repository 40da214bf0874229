package dev.elbo.ffi;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A header of a library, and a C++ compiler that is asked whether Java believes what it says.
///
/// @param folders where includes are looked for
record CHeader(String name, List<Path> folders) {
    /// The header in a toolkit of this machine; without one the test aborts and says so.
    static CHeader find(String name) {
        List<Path> folders = Stream.of(System.getenv("CUDA_HOME"), "/usr/local/cuda", "/usr")
                .filter(folder -> folder != null)
                .map(folder -> Path.of(folder, "include"))
                .toList();
        assumeTrue(
                folders.stream().anyMatch(folder -> Files.exists(folder.resolve(name))),
                "no " + name + "; looked in " + folders);
        return new CHeader(name, folders.stream().filter(Files::isDirectory).toList());
    }

    /// Claims that each function has the parameters that the handles of these classes have.
    static List<String> functions(List<Class<?>> bindings) throws IllegalAccessException {
        List<String> claims = new ArrayList<>();
        for (Class<?> binding : bindings) {
            for (Field field : binding.getDeclaredFields()) {
                if (field.getType() == MethodHandle.class) {
                    field.setAccessible(true);
                    claims.add(function(field.getName(), ((MethodHandle) field.get(null)).type()));
                }
            }
        }
        return claims;
    }

    /// `same<4, 8, 4>(cuFunction)`: the size of what is returned, then of each parameter.
    private static String function(String symbol, MethodType type) {
        String parameters =
                type.parameterList().stream().map(p -> ", " + size(p)).collect(Collectors.joining());
        return "static_assert(same<" + size(type.returnType()) + parameters + ">(" + symbol + "), \"" + symbol + "\");";
    }

    private static int size(Class<?> type) {
        if (type == void.class) {
            return 0;
        }
        if (type == MemorySegment.class || type == long.class || type == double.class) {
            return 8;
        }
        return type == byte.class ? 1 : 4;
    }

    /// Claims that an enumerator has a value.
    static String equal(String enumerator, long value) {
        return "static_assert(" + enumerator + " == " + value + ", \"" + enumerator + "\");";
    }

    /// What the compiler has to say about `claims`; nothing if it agrees.
    String objections(Path scratch, List<String> claims) throws IOException, InterruptedException {
        Path file = Files.writeString(scratch.resolve("abi.cpp"), """
                #include <cstddef>
                #include <%s>
                template <class T> constexpr unsigned size_of() { return sizeof(T); }
                template <> constexpr unsigned size_of<void>() { return 0; }
                template <unsigned... Sizes, class R, class... Args> constexpr bool same(R (*)(Args...)) {
                    constexpr unsigned expected[] = {Sizes...};
                    constexpr unsigned actual[] = {size_of<R>(), sizeof(Args)...};
                    if (sizeof expected != sizeof actual) return false;
                    for (unsigned i = 0; i < sizeof expected / sizeof *expected; i++) {
                        if (expected[i] != actual[i]) return false;
                    }
                    return true;
                }
                %s
                """.formatted(name, String.join("\n", claims)));
        List<String> command = new ArrayList<>(
                List.of(CSource.compiler("c++", "g++", "clang++"), "-std=c++17", "-fsyntax-only", "-w"));
        folders.forEach(folder -> command.addAll(List.of("-isystem", folder.toString())));
        command.add(file.toString());
        return CSource.run(command);
    }
}
