package dev.elbo.bench;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Device;
import java.util.List;

/// The devices that benchmarks name: `cpu` and `cuda`.
final class Devices {
    private Devices() {}

    /// Those that are here.
    static List<String> here() {
        return CudaDevice.missing(0).isPresent() ? List.of("cpu") : List.of("cpu", "cuda");
    }

    /// Opens one.
    static Device open(String name) {
        return switch (name) {
            case "cpu" -> CpuDevice.open();
            case "cuda" -> CudaDevice.open(0);
            default -> throw new IllegalArgumentException("device: cpu or cuda; device=" + name);
        };
    }
}
