package dev.elbo.ffi;

import static java.lang.foreign.FunctionDescriptor.of;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/// The CUDA libraries of this process, all of one CUDA major.
///
/// A cuDNN built for CUDA 13 calls `libcublasLt.so.13` on its own; beside a cuBLAS of CUDA 12 one process would hold
/// both. So the majors are settled once, from the bottom up: the driver says which it can run, cuDNN, of which a
/// process can hold but one, picks among them, and cuBLAS, cuBLASLt and NVRTC follow. What does not fit is absent,
/// with the reason.
///
/// @param driver   `libcuda.so.1`
/// @param cudnn    `libcudnn.so.9`
/// @param cublas   `libcublas.so.13` or `.12`
/// @param cublasLt `libcublasLt` of the same major
/// @param nvrtc    `libnvrtc` of the same major
public record CudaLibraries(
        NativeLibrary driver, NativeLibrary cudnn, NativeLibrary cublas, NativeLibrary cublasLt, NativeLibrary nvrtc) {
    /// The oldest CUDA whose driver Elbo runs on.
    static final Version OLDEST_DRIVER = new Version(12, 0, 0);

    static final Version OLDEST_CUDNN = new Version(9, 0, 0);

    /// CUDA majors Elbo knows, the newest first.
    static final List<Integer> MAJORS = List.of(13, 12);

    private static final class OfProcess {
        static final CudaLibraries LIBRARIES = find(driverOfProcess(), Places.ofProcess());
    }

    private static final class DriverOfProcess {
        static final NativeLibrary DRIVER = driver(Places.ofProcess());
    }

    /// What this process uses; looked for at the first call.
    public static CudaLibraries ofProcess() {
        return OfProcess.LIBRARIES;
    }

    /// The driver alone: whoever launches Elbo's own kernels needs no other library and should not wait for one.
    static NativeLibrary driverOfProcess() {
        return DriverOfProcess.DRIVER;
    }

    static CudaLibraries find(Places places) {
        return find(driver(places), places);
    }

    private static CudaLibraries find(NativeLibrary driver, Places places) {
        List<Integer> majors = driver.present()
                ? MAJORS.stream()
                        .filter(major -> major <= driver.version().major())
                        .toList()
                : MAJORS;
        NativeLibrary cudnn = cudnn(places, majors);
        if (cudnn.present() && cudartMajor(cudnn) != 0) {
            majors = List.of(cudartMajor(cudnn));
        }
        NativeLibrary cublas = fitting(cublas(places, majors), majors);
        if (cublas.present()) {
            majors = List.of(cublas.version().major());
        }
        NativeLibrary cublasLt = fitting(cublasLt(places, majors), majors);
        NativeLibrary nvrtc = fitting(nvrtc(places, majors), majors);
        return new CudaLibraries(driver, cudnn, cublas, cublasLt, nvrtc);
    }

    /// The CUDA major all of these are of, or the newest the driver runs, or the newest Elbo knows.
    public int major() {
        if (cublas.present()) {
            return cublas.version().major();
        }
        int cudart = cudnn.present() ? cudartMajor(cudnn) : 0;
        if (cudart != 0) {
            return cudart;
        }
        return driver.present() ? Math.min(driver.version().major(), MAJORS.getFirst()) : MAJORS.getFirst();
    }

    /// The lines of these libraries in the report, with the commands that install what is missing.
    List<Report.Library> report() {
        int major = major();
        return List.of(
                new Report.Library(
                        "CUDA driver",
                        driver,
                        "everything runs on the CPU",
                        "NVIDIA's driver 525 or newer from the distribution; a container needs `--gpus all`"),
                new Report.Library(
                        "cuBLAS", cublas, "Elbo's own kernels multiply matrices", pip("nvidia-cublas", major)),
                new Report.Library(
                        "cuBLASLt",
                        cublasLt,
                        "bias and activation follow a product as kernels of their own",
                        pip("nvidia-cublas", major)),
                new Report.Library(
                        "cuDNN",
                        cudnn,
                        "convolutions lose their fastest kernels",
                        "pip install nvidia-cudnn-cu" + major),
                new Report.Library(
                        "NVRTC",
                        nvrtc,
                        "cuDNN lacks the engines that it compiles when they are needed",
                        pip("nvidia-cuda-nvrtc", major)));
    }

    /// The wheels of CUDA 12 carry its number in their names, later ones (but cuDNN's) in their versions.
    private static String pip(String wheel, int major) {
        return "pip install " + (major == 12 ? wheel + "-cu12" : "'" + wheel + "==" + major + ".*'");
    }

    private static NativeLibrary driver(Places places) {
        NativeLibrary found = NativeLibrary.find("cuda", places, List.of("libcuda.so.1"));
        loadCompilerOf(found);
        NativeLibrary driver = stated(found, "a CUDA driver", "cuDriverGetVersion", CudaLibraries::driverVersion);
        return !driver.present() || driver.version().compareTo(OLDEST_DRIVER) >= 0
                ? driver
                : driver.refused("driver too old; runs CUDA=" + driver.version() + ", needed=" + OLDEST_DRIVER
                        + ", file=" + driver.file());
    }

    /// The driver asks the loader for its compiler of PTX, by name. Where the loader did not find the driver, it would
    /// not find that either, which lies beside it; what is loaded already it need not find.
    private static void loadCompilerOf(NativeLibrary driver) {
        if (!driver.present() || driver.attempts().getLast().place().equals(NativeLibrary.Attempt.LOADER)) {
            return;
        }
        Path compiler = Path.of(driver.file()).resolveSibling("libnvidia-ptxjitcompiler.so.1");
        if (Files.exists(compiler)) {
            NativeLibrary.at("ptxjitcompiler", "beside the driver", compiler);
        }
    }

    private static NativeLibrary cudnn(Places places, List<Integer> majors) {
        NativeLibrary cudnn = stated(
                NativeLibrary.find("cudnn", places, List.of("libcudnn.so.9")),
                "cuDNN",
                "cudnnGetVersion",
                library -> Version.ofLibrary(sizeBy(library, "cudnnGetVersion")));
        if (!cudnn.present()) {
            return cudnn;
        }
        if (cudnn.version().compareTo(OLDEST_CUDNN) < 0) {
            return cudnn.refused("cuDNN too old; version=" + cudnn.version() + ", needed=" + OLDEST_CUDNN + ", file="
                    + cudnn.file());
        }
        int major = cudartMajor(cudnn);
        return major == 0 || majors.contains(major) ? cudnn : mixed(cudnn, major, majors);
    }

    /// The CUDA major a cuDNN was built for; 0 when it does not say.
    private static int cudartMajor(NativeLibrary cudnn) {
        return cudnn.has("cudnnGetCudartVersion")
                ? Version.ofCuda(sizeBy(cudnn, "cudnnGetCudartVersion")).major()
                : 0;
    }

    private static NativeLibrary cublas(Places places, List<Integer> majors) {
        return stated(
                NativeLibrary.find("cublas", places, sonames("libcublas", majors)),
                "cuBLAS",
                "cublasGetProperty",
                CudaLibraries::cublasVersion);
    }

    private static NativeLibrary cublasLt(Places places, List<Integer> majors) {
        return stated(
                NativeLibrary.find("cublasLt", places, sonames("libcublasLt", majors)),
                "cuBLASLt",
                "cublasLtGetVersion",
                library -> Version.ofLibrary(sizeBy(library, "cublasLtGetVersion")));
    }

    private static NativeLibrary nvrtc(Places places, List<Integer> majors) {
        return stated(
                NativeLibrary.find("nvrtc", places, sonames("libnvrtc", majors)),
                "NVRTC",
                "nvrtcVersion",
                CudaLibraries::nvrtcVersion);
    }

    /// A library with the version it states, or refused if it is another that only has the name.
    ///
    /// @param symbol what `version` calls
    private static NativeLibrary stated(
            NativeLibrary found, String title, String symbol, Function<NativeLibrary, Version> version) {
        if (!found.present()) {
            return found;
        }
        return found.has(symbol)
                ? found.version(version.apply(found))
                : found.refused("not " + title + ": symbol missing; symbol=" + symbol + ", file=" + found.file());
    }

    private static List<String> sonames(String stem, List<Integer> majors) {
        return majors.stream().map(major -> stem + ".so." + major).toList();
    }

    private static NativeLibrary fitting(NativeLibrary library, List<Integer> majors) {
        int major = library.version().major();
        return !library.present() || majors.contains(major) ? library : mixed(library, major, majors);
    }

    private static NativeLibrary mixed(NativeLibrary library, int major, List<Integer> majors) {
        return library.refused("CUDA majors must not mix; built for CUDA=" + major + ", usable=" + majors + ", file="
                + library.file());
    }

    // size_t cudnnGetVersion(void), size_t cudnnGetCudartVersion(void), size_t cublasLtGetVersion(void)
    private static long sizeBy(NativeLibrary library, String function) {
        MethodHandle get = library.bind(function, of(JAVA_LONG));
        try {
            return (long) get.invokeExact();
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
    }

    // CUresult cuDriverGetVersion(int* version)
    private static Version driverVersion(NativeLibrary library) {
        MethodHandle cuDriverGetVersion = library.bind("cuDriverGetVersion", of(JAVA_INT, ADDRESS));
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment version = frame.allocate(JAVA_INT);
            int status;
            try {
                status = (int) cuDriverGetVersion.invokeExact(version);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            return status == 0 ? Version.ofCuda(version.get(JAVA_INT, 0)) : Version.UNKNOWN;
        }
    }

    // nvrtcResult nvrtcVersion(int* major, int* minor)
    private static Version nvrtcVersion(NativeLibrary library) {
        MethodHandle nvrtcVersion = library.bind("nvrtcVersion", of(JAVA_INT, ADDRESS, ADDRESS));
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment major = frame.allocate(JAVA_INT);
            MemorySegment minor = frame.allocate(JAVA_INT);
            int status;
            try {
                status = (int) nvrtcVersion.invokeExact(major, minor);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            return status == 0 ? new Version(major.get(JAVA_INT, 0), minor.get(JAVA_INT, 0), 0) : Version.UNKNOWN;
        }
    }

    // cublasStatus_t cublasGetProperty(libraryPropertyType type, int* value); MAJOR 0, MINOR 1, PATCH 2; no handle
    private static Version cublasVersion(NativeLibrary library) {
        MethodHandle cublasGetProperty = library.bind("cublasGetProperty", of(JAVA_INT, JAVA_INT, ADDRESS));
        int[] parts = new int[3];
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment value = frame.allocate(JAVA_INT);
            for (int part = 0; part < parts.length; part++) {
                int status;
                try {
                    status = (int) cublasGetProperty.invokeExact(part, value);
                } catch (Throwable t) {
                    throw NativeException.rethrow(t);
                }
                if (status != 0) {
                    return Version.UNKNOWN;
                }
                parts[part] = value.get(JAVA_INT, 0);
            }
        }
        return new Version(parts[0], parts[1], parts[2]);
    }
}
