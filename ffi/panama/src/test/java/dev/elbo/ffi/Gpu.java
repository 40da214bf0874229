package dev.elbo.ffi;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.elbo.simulator.Configuration;
import dev.elbo.simulator.SimulatedGpu;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;

/// The device that a run of the tests was asked to use, `-Delbo.test.device=simulated|cuda`.
final class Gpu {
    static final boolean SIMULATED = !"cuda".equals(System.getProperty("elbo.test.device"));

    /// A share in the real device's context that no test gives back: a driver takes longer to make a context anew than
    /// most tests do.
    private static CudaContext kept;

    private Gpu() {}

    /// The device, as if the process had just begun where that can be had, and its context.
    static CudaContext open(Arena owner) {
        if (SIMULATED) {
            SimulatedGpu.install(Configuration.standard());
        }
        assumeTrue(Cuda.library().present(), () -> "asked for a GPU: " + Cuda.library());
        if (!SIMULATED && kept == null) {
            kept = CudaContext.open(0, Arena.ofShared());
        }
        return CudaContext.open(0, owner);
    }

    /// Fails if the test left anything on the device, by the simulator's account; a real one gives none.
    static void expectNothingLeft() {
        if (SIMULATED) {
            SimulatedGpu.installed().close();
        }
    }

    /// Forgets what the simulator noticed of mistakes that were made on purpose.
    static void forgiveReports() {
        SimulatedGpu simulated = SimulatedGpu.installed(); // it may pose as a real one
        if (simulated != null) {
            simulated.takeReports();
        }
    }

    /// The kernels of `contract.cu`.
    static byte[] ptx() {
        try (InputStream ptx = Gpu.class.getResourceAsStream("contract.ptx")) {
            return ptx.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
