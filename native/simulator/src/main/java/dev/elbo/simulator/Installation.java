package dev.elbo.simulator;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.elbo.simulator.blas.BlasLibrary;
import dev.elbo.simulator.dnn.DnnLibrary;
import dev.elbo.simulator.driver.CudaLibrary;
import dev.elbo.simulator.driver.Driver;
import dev.elbo.simulator.driver.Gate;
import dev.elbo.simulator.shim.CFunction;
import dev.elbo.simulator.shim.CLibrary;
import dev.elbo.simulator.shim.Shim;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

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
        String major = ".so." + configuration.librariesMajor();
        return List.of(
                library("cuda", "libcuda.so.1", "", CudaLibrary.functions(driver), 801, 999, 999),
                versioned("cublas", "libcublas" + major, BlasLibrary.cublas(driver), 15, 13, 14),
                versioned("cublasLt", "libcublasLt" + major, BlasLibrary.cublasLt(driver), 15, 13, 14),
                versioned("cudnn", "libcudnn.so.9", DnnLibrary.functions(driver), 3000, 5000, 4000));
    }

    /// A library whose symbols carry its name as their version, as all but the driver's do.
    private static CLibrary versioned(
            String name, String soname, List<CFunction> functions, int unsupported, int failed, int broken) {
        return library(name, soname, soname, functions, unsupported, failed, broken);
    }

    private static CLibrary library(
            String name,
            String soname,
            String version,
            List<CFunction> functions,
            int unsupported,
            int failed,
            int broken) {
        return new CLibrary(name, soname, version, functions, others(name, functions), unsupported, failed, broken);
    }

    /// What other people's binaries link against, beside the functions that are simulated.
    private static List<String> others(String library, List<CFunction> functions) {
        Set<String> simulated = functions.stream().map(CFunction::name).collect(Collectors.toSet());
        try (InputStream symbols = Installation.class.getResourceAsStream(library + ".symbols")) {
            if (symbols == null) return List.of();
            return new String(symbols.readAllBytes(), UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .flatMap(line -> Arrays.stream(line.split(" ")))
                    .filter(symbol -> !simulated.contains(symbol))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Whether two configurations can be served by the same shared objects.
    static boolean sameLibraries(Configuration one, Configuration other) {
        return one.driverVersion() / 1000 == other.driverVersion() / 1000
                && one.librariesMajor() == other.librariesMajor()
                && one.missingLibraries().equals(other.missingLibraries())
                && one.missingSymbols().equals(other.missingSymbols());
    }
}
