package dev.elbo.simulator.junit;

import dev.elbo.simulator.SimulatedGpu;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Fails a test for what the simulated GPU noticed during it, and the program was perhaps not told.
///
/// Put `@ExtendWith(SimulatedGpuExtension.class)` on a test class, or run JUnit with
/// `junit.jupiter.extensions.autodetection.enabled=true`. Where no simulator is installed it does nothing.
public final class SimulatedGpuExtension implements AfterEachCallback, AfterAllCallback {
    /// For JUnit.
    public SimulatedGpuExtension() {}

    @Override
    public void afterEach(ExtensionContext context) {
        rethrow();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        rethrow();
    }

    private static void rethrow() {
        SimulatedGpu gpu = SimulatedGpu.installed();
        if (gpu != null) gpu.rethrow();
    }
}
