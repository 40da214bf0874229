package dev.elbo.bench.gpu;

import dev.elbo.ffi.Cuda;
import dev.elbo.runtime.CudaDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// The measurements among the [Stages], each a process of its own.
///
/// ```
/// GpuBench device|probe|sampling|steps|chains|peers quick|full|rehearse BUNDLE OUT WORK
/// ```
public final class GpuBench {
    private GpuBench() {}

    /// What a measurement is given.
    ///
    /// @param gpu    borrowed
    /// @param bundle folder of `peers`
    record Site(CudaDevice gpu, GpuRun.Mode mode, Path bundle, Measured measured) {
        /// How often everything is timed.
        int samples() {
            return mode.rehearse() ? 1 : mode.full() ? 51 : 15;
        }

        /// Seconds in which peers are to be ready, so that some of the stage's time is left for the clock.
        int patience() {
            return Integer.parseInt(System.getenv().getOrDefault(Stage.SECONDS, "1000")) * 6 / 10;
        }
    }

    /// @param args as above
    public static void main(String[] args) throws IOException {
        Posed.install();
        Optional<String> missing = CudaDevice.missing(0);
        if (missing.isPresent()) {
            System.out.println(missing.get());
            System.exit(1);
        }
        Path bundle = Path.of(args[2]);
        boolean here = true;
        try (CudaDevice gpu = CudaDevice.open(0)) {
            Measured measured = new Measured(
                    Path.of(args[3]).resolve(Measured.NAME),
                    Path.of(args[4]).resolve(Measured.NAME),
                    where(gpu, args[1], bundle));
            Site site = new Site(gpu, GpuRun.Mode.of("--" + args[1]), bundle, measured);
            switch (args[0]) {
                case "device" -> device(site);
                case "probe" -> new MachineProbe(site).run();
                case "sampling" -> SamplingBench.run(site);
                case "steps" -> StepsBench.alone(site);
                case "peers" -> here = StepsBench.beside(site);
                case "chains" -> ChainsBench.run(site);
                default -> throw new IllegalArgumentException("no such measurement; name=" + args[0]);
            }
        }
        System.exit(here ? 0 : Stage.NOT_HERE);
    }

    private static Map<String, Object> where(CudaDevice gpu, String mode, Path bundle) throws IOException {
        Path commit = bundle.resolve("COMMIT");
        Map<String, Object> where = new LinkedHashMap<>();
        where.put("gpu", Cuda.deviceName(Cuda.device(0)));
        where.put("capability", gpu.computeCapability());
        where.put("driver", Cuda.driverVersion().toString());
        where.put("commit", Files.exists(commit) ? Files.readString(commit).strip() : "unknown");
        where.put("mode", mode);
        where.put("jdk", Runtime.version().toString());
        return where;
    }

    private static void device(Site site) {
        System.out.printf(
                "= %s, compute capability %d, CUDA %s, %d MiB; %s%n",
                Cuda.deviceName(Cuda.device(0)),
                site.gpu.computeCapability(),
                Cuda.driverVersion(),
                Cuda.deviceBytes(Cuda.device(0)) >> 20,
                site.gpu.products().replaceFirst(":.*", ""));
    }
}
