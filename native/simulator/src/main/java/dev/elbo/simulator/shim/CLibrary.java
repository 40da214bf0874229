package dev.elbo.simulator.shim;

import java.util.Collection;
import java.util.List;

/// A shared object as the loader and a linker see it.
///
/// @param name        what Elbo calls it, `cuda`
/// @param soname      what the loader calls it, `libcuda.so.1`
/// @param version     the version node of its symbols, empty where the real one has none
/// @param functions   what it answers
/// @param others      further symbols that other people's binaries link against; calling one is reported by name
/// @param unsupported the status of a function that is not there
/// @param failed      the status of a function that the driver below refused something
/// @param broken      the status of a function whose simulation failed
public record CLibrary(
        String name,
        String soname,
        String version,
        List<CFunction> functions,
        List<String> others,
        int unsupported,
        int failed,
        int broken) {
    /// The symbol that takes the resolver, a `void *(*)(int slot)`.
    static final String CONNECT = "elbo_simulator_connect";

    /// The symbol that numbers the operating system's threads, a `long long (*)(void)`.
    static final String THREAD = "elbo_simulator_thread";

    /// The same library without some of its symbols.
    public CLibrary without(Collection<String> symbols) {
        return new CLibrary(
                name,
                soname,
                version,
                functions.stream().filter(f -> !symbols.contains(f.name())).toList(),
                others.stream().filter(other -> !symbols.contains(other)).toList(),
                unsupported,
                failed,
                broken);
    }

    /// The name of what stands in a slot: the functions first, then the others.
    String symbol(int slot) {
        return slot < functions.size() ? functions.get(slot).name() : others.get(slot - functions.size());
    }

    /// The C source of the library.
    ///
    /// A slot is filled at its first call, by Java: making an upcall stub takes long, and a test uses few.
    String source() {
        int slots = functions.size() + others.size();
        StringBuilder c = new StringBuilder("""
                // %s, simulated. Generated; every function forwards to Java.
                #define EXPORT __attribute__((visibility("default")))

                static void *slots[%d];
                static void *(*resolve)(int);

                EXPORT void %s(void *resolver) {
                    resolve = resolver;
                }

                EXPORT long long %s(void) {
                    static long long threads;
                    static __thread long long thread;
                    return thread ? thread : (thread = __atomic_add_fetch(&threads, 1, __ATOMIC_RELAXED));
                }

                static void *function(int slot) {
                    void *f = __atomic_load_n(&slots[slot], __ATOMIC_ACQUIRE);
                    if (!f && resolve) {
                        f = resolve(slot);
                        __atomic_store_n(&slots[slot], f, __ATOMIC_RELEASE);
                    }
                    return f;
                }

                """.formatted(soname, slots, CONNECT, THREAD));
        for (int slot = 0; slot < functions.size(); slot++) {
            c.append(functions.get(slot).source(slot, unsupported));
        }
        for (int slot = functions.size(); slot < slots; slot++) {
            c.append("EXPORT int %s(void) { function(%d); return %d; }\n".formatted(symbol(slot), slot, unsupported));
        }
        return c.toString();
    }

    /// The linker's version script.
    String versions() {
        return version.isEmpty() ? "{ global: *; };\n" : version + " { global: *; };\n";
    }
}
