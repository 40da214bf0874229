package dev.elbo.simulator.machine;

import dev.elbo.simulator.Dim3;
import dev.elbo.simulator.memory.Allocation;
import dev.elbo.simulator.memory.DeviceMemory;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/// A device to try kernels on: one memory, one module, arguments as Java values.
final class TestGpu {
    final DeviceMemory memory = new DeviceMemory(1L << 28);
    private final LoadedModule module;
    private final Machine machine;
    LaunchOptions options = LaunchOptions.CHECKED;

    TestGpu(String ptx) {
        this(ptx, 75);
    }

    TestGpu(String ptx, int capability) {
        module = PtxModule.parse(ptx).load(memory);
        machine = new Machine(memory, DeviceLimits.of(capability));
    }

    /// The module in a test resource, `name` without `.ptx`.
    static TestGpu resource(String name) {
        return new TestGpu(text(name));
    }

    static String text(String name) {
        try (InputStream in = TestGpu.class.getResourceAsStream(name + ".ptx")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// A kernel named `k` around hand-written statements.
    ///
    /// @param parameters declarations, as in `.param .u64 x, .param .u32 n`
    static TestGpu kernel(String parameters, String body) {
        return new TestGpu(".version 7.0\n.target sm_75\n.address_size 64\n.visible .entry k(" + parameters + ")\n{\n"
                + ".reg .pred %p<20>;\n.reg .b16 %h<20>;\n.reg .b32 %r<60>;\n.reg .f32 %f<40>;\n"
                + ".reg .b64 %d<40>;\n.reg .f64 %e<40>;\n" + body + "\n}\n");
    }

    LoadedModule module() {
        return module;
    }

    Kernel kernel(String name) {
        return module.kernel(name);
    }

    LaunchStatistics run(String kernel, Dim3 grid, Dim3 block, Object... arguments) {
        return runWithShared(0, kernel, grid, block, arguments);
    }

    LaunchStatistics runWithShared(int dynamicShared, String kernel, Dim3 grid, Dim3 block, Object... arguments) {
        try (Arena arena = Arena.ofConfined()) {
            return machine.run(
                    new Launch(module, kernel, grid, block, dynamicShared, block(arena, arguments)), options);
        }
    }

    /// Integers, longs, floats, doubles and allocations, aligned one after another.
    private static MemorySegment block(Arena arena, Object... arguments) {
        MemorySegment block = arena.allocate(8L * arguments.length + 8, 16);
        long end = 0;
        for (Object argument : arguments) {
            int size = argument instanceof Integer || argument instanceof Float ? 4 : 8;
            long at = (end + size - 1) & -size;
            switch (argument) {
                case Integer i -> block.set(ValueLayout.JAVA_INT, at, i);
                case Float f -> block.set(ValueLayout.JAVA_FLOAT, at, f);
                case Long l -> block.set(ValueLayout.JAVA_LONG, at, l);
                case Double d -> block.set(ValueLayout.JAVA_DOUBLE, at, d);
                case Allocation a -> block.set(ValueLayout.JAVA_LONG, at, a.address());
                default -> throw new IllegalArgumentException("no kernel argument: " + argument);
            }
            end = at + size;
        }
        return block.asSlice(0, end);
    }

    Allocation floats(String label, float... values) {
        return upload(label, MemorySegment.ofArray(values));
    }

    Allocation ints(String label, int... values) {
        return upload(label, MemorySegment.ofArray(values));
    }

    Allocation longs(String label, long... values) {
        return upload(label, MemorySegment.ofArray(values));
    }

    private Allocation upload(String label, MemorySegment host) {
        Allocation owner = memory.allocate(host.byteSize(), label);
        memory.copyIn(host, owner.address(), host.byteSize());
        return owner;
    }

    /// Memory nobody has written.
    Allocation empty(String label, long bytes) {
        return memory.allocate(bytes, label);
    }

    float[] floats(Allocation owner) {
        return memory.readable(owner.address(), owner.size(), "test").toArray(ValueLayout.JAVA_FLOAT);
    }

    int[] ints(Allocation owner) {
        return memory.readable(owner.address(), owner.size(), "test").toArray(ValueLayout.JAVA_INT);
    }

    long[] longs(Allocation owner) {
        return memory.readable(owner.address(), owner.size(), "test").toArray(ValueLayout.JAVA_LONG);
    }
}
