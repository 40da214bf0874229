package dev.elbo.simulator.junit;

import dev.elbo.simulator.SimulatedGpu;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/// Installs the simulated GPU before the first test class is looked at, where tests run with
/// `-Delbo.test.device=simulated`.
///
/// JUnit finds it on the class path; without the property it does nothing.
public final class SimulatedGpuSession implements LauncherSessionListener {
    /// For the service loader.
    public SimulatedGpuSession() {}

    /// Whether this run's tests ask for the simulator.
    static boolean wanted() {
        return "simulated".equals(System.getProperty("elbo.test.device"));
    }

    @Override
    public void launcherSessionOpened(LauncherSession session) {
        if (wanted()) SimulatedGpu.install();
    }
}
