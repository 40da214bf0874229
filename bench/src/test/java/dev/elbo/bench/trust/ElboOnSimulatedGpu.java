package dev.elbo.bench.trust;

import dev.elbo.cli.Elbo;
import dev.elbo.simulator.SimulatedGpu;

/// `elbo` in a process that sees the simulated GPU.
public final class ElboOnSimulatedGpu {
    private ElboOnSimulatedGpu() {}

    /// @param arguments of the command
    public static void main(String[] arguments) {
        SimulatedGpu.install();
        Elbo.main(arguments);
    }
}
