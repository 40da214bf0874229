package dev.elbo.simulator.junit;

import dev.elbo.simulator.SimulatedGpu;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/// Installs the simulated GPU before the first test class is looked at, where tests run with
/// `-Delbo.test.device=simulated`. With `-Delbo.test.device=cuda -Delbo.simulator.poses=true` it does so, too, and the
/// tests believe that it is real: the rehearsal of a run on a machine with a GPU.
///
/// JUnit finds it on the class path; without the properties it does nothing.
public final class SimulatedGpuSession implements LauncherSessionListener {
    /// For the service loader.
    public SimulatedGpuSession() {}

    /// Whether this run's tests ask for the simulator.
    static boolean wanted() {
        return "simulated".equals(System.getProperty("elbo.test.device")) || Boolean.getBoolean("elbo.simulator.poses");
    }

    @Override
    public void launcherSessionOpened(LauncherSession session) {
        if (wanted()) SimulatedGpu.install();
    }
}
