package dev.elbo.simulator.driver;

import dev.elbo.simulator.machine.Launch;
import dev.elbo.simulator.machine.LaunchOptions;

/// Runs kernels.
@FunctionalInterface
interface Kernels {
    void run(Launch launch, LaunchOptions options);
}
