package dev.elbo.ffi.onednn;

import static java.lang.foreign.FunctionDescriptor.of;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.elbo.ffi.NativeException;
import dev.elbo.ffi.NativeLibrary;
import dev.elbo.ffi.NativeLibrary.Attempt;
import dev.elbo.ffi.UnpackedLibrary;
import dev.elbo.ffi.Version;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/// Where oneDNN comes from: a file named by hand, the jar of the Bytedeco project, or the system.
///
/// The jar holds the library and the OpenMP runtime it was linked with, and finds the second beside the first. Its
/// contents are pinned by checksum, so another version of the jar is refused, not tried.
final class OneDnnLibrary {
    /// The version in the root pom, and what is in it.
    static final String JAR = "org.bytedeco:dnnl:3.11-1.5.13:linux-x86_64";

    static final UnpackedLibrary IN_JAR = new UnpackedLibrary(List.of(
            new UnpackedLibrary.Content(
                    "org/bytedeco/dnnl/linux-x86_64/libgomp.so.1",
                    298_776,
                    "115302e45583ad3e8df681c0a5af4c8273b7399f764965280d70d8780e5ee454"),
            new UnpackedLibrary.Content(
                    "org/bytedeco/dnnl/linux-x86_64/libdnnl.so.3",
                    89_662_848,
                    "a8948803c5718bac623b664be77fb47e24328e8693997e96e02c4308b0ee826f")));

    /// Below the cache; another version goes into another folder.
    static final String FOLDER = "dnnl-3.11-1.5.13";

    private static final String NAME = "dnnl";
    private static final String SONAME = "libdnnl.so.3";
    private static final String PLATFORM = "linux amd64";
    private static final int CPU_RUNTIME_OPENMP = 2;

    private OneDnnLibrary() {}

    /// What `dnnl_version` answers.
    private record Stated(Version version, int cpuRuntime) {}

    static NativeLibrary find() {
        return find(OneDnnLibrary.class.getClassLoader(), UnpackedLibrary.cacheOfUser());
    }

    /// @param jars  whose resources the jar's contents would be
    /// @param cache where they are unpacked
    static NativeLibrary find(ClassLoader jars, Path cache) {
        if (namedByHand()) {
            return checked(NativeLibrary.find(NAME, SONAME));
        }
        Attempt jar;
        if (!platform().equals(PLATFORM)) {
            jar = new Attempt("jar", JAR, "made for " + PLATFORM + ", this is " + platform());
        } else if (!IN_JAR.isIn(jars)) {
            jar = new Attempt("jar", JAR, "not on the class path");
        } else {
            try {
                Path file = IN_JAR.unpack(jars, cache.resolve(FOLDER)).resolve(SONAME);
                NativeLibrary library = NativeLibrary.at(NAME, "jar " + JAR, file);
                if (library.present()) {
                    return checked(library);
                }
                jar = library.attempts().getLast();
            } catch (IOException e) {
                jar = new Attempt("jar", JAR, e.getMessage());
            }
        }
        return checked(NativeLibrary.find(NAME, SONAME)).after(jar);
    }

    private static boolean namedByHand() {
        return System.getProperty("elbo.library." + NAME) != null || System.getenv("ELBO_LIBRARY_DNNL") != null;
    }

    private static String platform() {
        return System.getProperty("os.name").toLowerCase(Locale.ROOT) + " " + System.getProperty("os.arch");
    }

    /// Refuses what has another interface, or threads that cannot be held back.
    private static NativeLibrary checked(NativeLibrary library) {
        if (!library.present()) {
            return library;
        }
        if (!library.has("dnnl_version")) {
            return library.refused("not oneDNN: no symbol dnnl_version; file=" + library.file());
        }
        Stated stated = stated(library);
        if (stated.version.major() != 3) {
            return library.refused("Elbo binds oneDNN 3; version=" + stated.version + ", file=" + library.file());
        }
        boolean held = stated.cpuRuntime == CPU_RUNTIME_OPENMP && library.has("omp_set_num_threads");
        if (!held) {
            return library.refused("its threads are not OpenMP's, and Elbo could not tell it to use one; cpu_runtime="
                    + stated.cpuRuntime + ", file=" + library.file());
        }
        return library.version(stated.version);
    }

    private static Stated stated(NativeLibrary library) {
        MemorySegment version;
        try {
            // const dnnl_version_t* dnnl_version(void)
            version = (MemorySegment) library.bind("dnnl_version", of(ADDRESS)).invokeExact();
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        // dnnl_version_t {int major, minor, patch; const char* hash; unsigned cpu_runtime, gpu_runtime}
        MemorySegment fields = version.reinterpret(32);
        return new Stated(
                new Version(fields.get(JAVA_INT, 0), fields.get(JAVA_INT, 4), fields.get(JAVA_INT, 8)),
                fields.get(JAVA_INT, 24));
    }
}
