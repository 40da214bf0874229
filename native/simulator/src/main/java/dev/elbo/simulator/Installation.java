package dev.elbo.simulator;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.elbo.simulator.blas.BlasLibrary;
import dev.elbo.simulator.dnn.DnnLibrary;
import dev.elbo.simulator.driver.CudaLibrary;
import dev.elbo.simulator.driver.Driver;
import dev.elbo.simulator.driver.Gate;
import dev.elbo.simulator.shim.CLibrary;
import dev.elbo.simulator.shim.Shim;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;

/// The shared objects of a configuration, loaded and made known as `-Delbo.library.<name>`.
final class Installation {
    private Installation() {}

    static void install(Configuration configuration, Driver driver, Gate gate) {
        for (CLibrary library : libraries(configuration, driver)) {
            String property = "elbo.library." + library.name();
            if (configuration.missingLibraries().contains(library.name())) {
                System.setProperty(property, "/absent/" + library.soname());
                continue;
            }
            Shim shim = Shim.load(library.without(configuration.missingSymbols()), gate);
            System.setProperty(property, shim.file().toString());
            if (library.name().equals("cuda")) driver.connect(shim::thread, shim::address);
        }
    }

    private static List<CLibrary> libraries(Configuration configuration, Driver driver) {
        int major = configuration.driverVersion() / 1000;
        return List.of(
                new CLibrary("cuda", "libcuda.so.1", "", CudaLibrary.functions(driver), others("cuda"), 801, 999, 999),
                new CLibrary(
                        "cublas",
                        "libcublas.so." + major,
                        "libcublas.so." + major,
                        BlasLibrary.cublas(driver),
                        others("cublas"),
                        15,
                        13,
                        14),
                new CLibrary(
                        "cublasLt",
                        "libcublasLt.so." + major,
                        "libcublasLt.so." + major,
                        BlasLibrary.cublasLt(driver),
                        others("cublasLt"),
                        15,
                        13,
                        14),
                new CLibrary(
                        "cudnn",
                        "libcudnn.so.9",
                        "libcudnn.so.9",
                        DnnLibrary.functions(driver),
                        others("cudnn"),
                        3000,
                        5000,
                        4000));
    }

    /// What other people's binaries want to link against, one name a line.
    private static List<String> others(String library) {
        try (InputStream names = Installation.class.getResourceAsStream(library + ".others")) {
            if (names == null) return List.of();
            return new String(names.readAllBytes(), UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Whether two configurations can be served by the same shared objects.
    static boolean sameLibraries(Configuration one, Configuration other) {
        return one.driverVersion() / 1000 == other.driverVersion() / 1000
                && one.missingLibraries().equals(other.missingLibraries())
                && one.missingSymbols().equals(other.missingSymbols());
    }
}
