package dev.elbo.ffi.jcuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// cuBLAS and cuDNN on the host, compiled from `host_*.c` with the system's C compiler: real shared objects with
/// the real sonames and symbol versions, whose device memory is host memory.
///
/// They are another author's reading of the same headers than the simulated GPU's, and need no GPU at all.
final class HostLibraries {
    /// What a library is compiled to be.
    ///
    /// @param cuda    CUDA major of cuBLAS
    /// @param cudnn   what `cudnnGetVersion` says
    /// @param cudart  what `cudnnGetCudartVersion` says
    /// @param engines whether the graph interface has any
    /// @param without a function that no library exports; empty for none
    record Make(int cuda, int cudnn, int cudart, boolean engines, String without) {
        static final Make STANDARD = new Make(12, 91002, 12060, true, "");
    }

    private static Path standard;

    private HostLibraries() {}

    /// Makes this JVM find the standard libraries; call before anything of `dev.elbo.ffi` is touched.
    static synchronized void install() {
        if (standard == null) {
            standard = compile(Make.STANDARD);
            properties(standard, Make.STANDARD).forEach(System::setProperty);
        }
    }

    /// The properties by which a JVM finds the libraries in `folder`.
    static Map<String, String> properties(Path folder, Make make) {
        return Map.of(
                "elbo.library.cublas",
                        folder.resolve("libcublas.so." + make.cuda).toString(),
                "elbo.library.cublasLt",
                        folder.resolve("libcublasLt.so." + make.cuda).toString(),
                "elbo.library.cudnn", folder.resolve("libcudnn.so.9").toString());
    }

    /// @return the folder with the libraries
    static Path compile(Make make) {
        try {
            Path folder = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "host");
            for (String source : List.of("host.h", "host_cublas.c", "host_cudnn.c")) {
                try (InputStream in = HostLibraries.class.getResourceAsStream(source)) {
                    Files.copy(Objects.requireNonNull(in, source), folder.resolve(source));
                }
            }
            compile(folder, "host_cublas.c", "libcublas.so." + make.cuda, make, List.of("-DMAJOR=" + make.cuda));
            compile(folder, "host_cublas.c", "libcublasLt.so." + make.cuda, make, List.of("-DMAJOR=" + make.cuda));
            compile(
                    folder,
                    "host_cudnn.c",
                    "libcudnn.so.9",
                    make,
                    List.of(
                            "-DVERSION=" + make.cudnn,
                            "-DCUDART=" + make.cudart,
                            "-DGRAPH_ENGINES=" + (make.engines ? 1 : 0)));
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void compile(Path folder, String source, String soname, Make make, List<String> defines)
            throws IOException {
        String local = make.without.isEmpty() ? "" : " local: " + make.without + ";";
        Path versions = Files.writeString(folder.resolve(soname + ".map"), soname + " { global: *;" + local + " };\n");
        List<String> command = new ArrayList<>(List.of("cc", "-O1", "-shared", "-fPIC", "-fvisibility=hidden"));
        command.addAll(defines);
        command.addAll(
                List.of("-Wl,-soname," + soname, "-Wl,--version-script," + versions, "-o", soname, source, "-lm"));
        Process compiler = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(compiler.getInputStream().readAllBytes());
        try {
            if (compiler.waitFor() != 0) {
                throw new IOException("cc: the host library does not compile; source=" + source + "\n" + said);
            }
        } catch (InterruptedException e) {
            throw new IOException("cc: interrupted", e);
        }
    }
}
