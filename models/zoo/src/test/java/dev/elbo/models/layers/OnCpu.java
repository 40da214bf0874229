package dev.elbo.models.layers;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/// A test on a CPU device of one thread, with memory of its own and operations that keep no tape.
@SuppressWarnings("exports") // of JUnit, by a module that is patched for its tests
public abstract class OnCpu {
    protected final CpuDevice cpu = CpuDevice.open(1);
    protected Arena arena;
    protected Memory memory;
    protected Ops f;

    protected OnCpu() {}

    @BeforeEach
    public void openDevice() {
        arena = Arena.ofShared();
        memory = Memory.of(cpu, "test", arena);
        f = Ops.plain(memory);
    }

    @AfterEach
    public void closeDevice() {
        arena.close();
        cpu.close();
    }
}
