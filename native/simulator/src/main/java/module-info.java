/// A GPU in software: executes PTX, checks every memory access, and fails on request. For tests.
module dev.elbo.simulator {
    requires static transitive org.junit.jupiter.api;
    requires static transitive org.junit.platform.launcher;

    exports dev.elbo.simulator;
    exports dev.elbo.simulator.junit;
    exports dev.elbo.simulator.machine;
    exports dev.elbo.simulator.memory;
    exports dev.elbo.simulator.ptx;
}
