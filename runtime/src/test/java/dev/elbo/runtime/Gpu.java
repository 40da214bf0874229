package dev.elbo.runtime;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.elbo.ffi.CudaContext;
import dev.elbo.simulator.Configuration;
import dev.elbo.simulator.SimulatedGpu;
import java.lang.foreign.Arena;

/// The device that a run of the tests was asked to use, `-Delbo.test.device=simulated|cuda`.
public final class Gpu {
    /// Whether it is the simulated one, which can be asked to fail and to count.
    public static final boolean SIMULATED = !"cuda".equals(System.getProperty("elbo.test.device"));

    /// A share in the real device's context that no test gives back: a driver takes longer to make a context anew than
    /// most tests do.
    private static CudaContext kept;

    private Gpu() {}

    /// The device, as if the process had just begun where that can be had.
    public static CudaDevice open(CudaOptions options) {
        if (SIMULATED) {
            SimulatedGpu.install(Configuration.standard());
        }
        require();
        return CudaDevice.open(0, options);
    }

    /// Goes on if there is a device.
    public static void require() {
        assumeTrue(
                CudaDevice.missing(0).isEmpty(),
                () -> "asked for a GPU: " + CudaDevice.missing(0).orElseThrow());
        if (!SIMULATED && kept == null) {
            kept = CudaContext.open(0, Arena.ofShared());
        }
    }

    /// Fails if the test left anything on the device, by the simulator's account; a real one gives none.
    public static void expectNothingLeft() {
        if (SIMULATED) {
            SimulatedGpu.installed().close();
        }
    }
}
