package dev.elbo.runtime.kernels;

import dev.elbo.kernels.ComputeCapability;
import dev.elbo.kernels.KernelEntry;
import dev.elbo.kernels.Kernels;
import dev.elbo.kernels.Launch.Dim;
import dev.elbo.simulator.Dim3;
import dev.elbo.simulator.machine.DeviceLimits;
import dev.elbo.simulator.machine.Launch;
import dev.elbo.simulator.machine.LaunchOptions;
import dev.elbo.simulator.machine.LoadedModule;
import dev.elbo.simulator.machine.Machine;
import dev.elbo.simulator.machine.PtxModule;
import dev.elbo.simulator.memory.DeviceMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// The simulator's machine, without a driver, with every check on.
///
/// @param order in which warps and lanes run is drawn from it; 0 for their natural order
record SimulatedChip(DeviceMemory memory, Machine machine, long order) implements Chip {
    private static final int CAPABILITY = 75;
    private static final Map<String, PtxModule> MODULES = new ConcurrentHashMap<>();

    static SimulatedChip of(long order) {
        DeviceMemory memory = new DeviceMemory(1L << 30);
        return new SimulatedChip(memory, new Machine(memory, DeviceLimits.of(CAPABILITY)), order);
    }

    @Override
    public long allocate(long bytes, Arena owner) {
        return memory.allocate(bytes, "twin").address();
    }

    @Override
    public void copyIn(MemorySegment host, long address) {
        memory.copyIn(host, address, host.byteSize());
    }

    @Override
    public void copyOut(long address, MemorySegment host) {
        memory.copyOut(address, host, host.byteSize());
    }

    @Override
    public void run(KernelEntry entry, Dim grid, MemorySegment arguments) {
        LoadedModule module = module(entry).load(memory);
        machine.run(
                new Launch(module, entry.name(), dim(grid), dim(entry.launch().block()), 0, arguments),
                LaunchOptions.CHECKED.withDeterministic(true).withSeed(order));
        module.unload();
    }

    private static PtxModule module(KernelEntry entry) {
        return MODULES.computeIfAbsent(
                entry.family(),
                family -> PtxModule.parse(Kernels.family(family)
                        .ptx(ComputeCapability.of(CAPABILITY))
                        .text()));
    }

    private static Dim3 dim(Dim dim) {
        return new Dim3((int) dim.x(), (int) dim.y(), (int) dim.z());
    }
}
