package dev.elbo.simulator.machine;

import dev.elbo.simulator.Dim3;
import dev.elbo.simulator.memory.Allocation;
import dev.elbo.simulator.memory.DeviceMemory;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// What all blocks of a launch share.
final class Grid {
    private final Launch launch;
    private final LaunchOptions options;
    private final DeviceLimits limits;
    private final Program program;
    private final Program.Constants constants;
    private final AddressSpace global;
    private final VariableSpace parameters;

    Grid(Launch launch, LaunchOptions options, DeviceLimits limits, DeviceMemory memory) {
        this.launch = launch;
        this.options = options;
        this.limits = limits;
        Kernel kernel = launch.module().kernel(launch.kernel());
        program = kernel.program();
        constants = program.constants(launch.module());
        global = new GlobalSpace(memory);
        long size = Math.max(1, launch.parameters().byteSize());
        parameters = new VariableSpace(List.of(new Layout.Range("block", 0, size)), "parameter ");
        Allocation block = parameters.variable(0);
        MemorySegment.copy(
                launch.parameters(), 0, block.bytes(), 0, launch.parameters().byteSize());
        block.written().set(0, size);
    }

    private record GlobalSpace(DeviceMemory memory) implements AddressSpace {
        @Override
        public Allocation find(long address, int bytes) {
            Allocation owner = memory.find(address);
            return owner != null && owner.contains(address, bytes) ? owner : null;
        }

        @Override
        public String describe(long address) {
            return memory.describe(address);
        }
    }

    /// Blocks of a cluster along each axis: as launched, or else as compiled.
    static Dim3 cluster(Launch launch) {
        Dim3 compiled =
                launch.module().kernel(launch.kernel()).function().limits().cluster();
        Dim3 asked = launch.cluster() == null ? compiled : launch.cluster();
        return asked == null ? new Dim3(1, 1, 1) : asked;
    }

    Dim3 cluster() {
        return cluster(launch);
    }

    /// Clusters of the grid along each axis.
    Dim3 clusters() {
        Dim3 cluster = cluster();
        Dim3 grid = launch.grid();
        return new Dim3(grid.x() / cluster.x(), grid.y() / cluster.y(), grid.z() / cluster.z());
    }

    Launch launch() {
        return launch;
    }

    LaunchOptions options() {
        return options;
    }

    DeviceLimits limits() {
        return limits;
    }

    Program program() {
        return program;
    }

    Program.Constants constants() {
        return constants;
    }

    AddressSpace global() {
        return global;
    }

    VariableSpace parameters() {
        return parameters;
    }
}
