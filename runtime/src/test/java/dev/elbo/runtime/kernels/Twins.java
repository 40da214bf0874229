package dev.elbo.runtime.kernels;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.elbo.kernels.KernelEntry;
import dev.elbo.kernels.Kernels;
import dev.elbo.kernels.Launch.Dim;
import dev.elbo.kernels.Parameter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/// Memory that lies on the host and on a device with the same bytes, and kernels that run on the second.
///
/// What a test has not filled is unwritten on the device, so that a kernel which reads what it should overwrite is
/// caught.
final class Twins implements AutoCloseable {
    private static final List<Float> OUTLIERS = List.of(
            0.0f,
            -0.0f,
            100.0f,
            -100.0f,
            1e-40f,
            -3e38f,
            Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY,
            Float.NaN,
            17.5f);

    private final Arena arena = Arena.ofConfined();
    private final Chip chip;
    private final Set<String> launched = new TreeSet<>();
    private final long order;
    private final RandomGenerator random;

    /// @param chip  runs the kernels; borrowed
    /// @param seed  of the numbers
    /// @param order other than 0: numbers are not aligned as an allocation is
    Twins(Chip chip, long seed, long order) {
        this.chip = chip;
        this.order = order;
        random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    }

    /// The kernels that ran so far.
    Set<String> launched() {
        return launched;
    }

    /// One buffer in two places.
    record Twin(MemorySegment host, long device) {
        int size() {
            return (int) (host.byteSize() / Float.BYTES);
        }

        float at(int i) {
            return host.getAtIndex(JAVA_FLOAT, i);
        }

        /// The numbers [from, from + n).
        Twin part(int from, int n) {
            return new Twin(host.asSlice(4L * from, 4L * n), device + 4L * from);
        }
    }

    /// Memory that nobody has written, aligned as an allocation is.
    Twin empty(long bytes) {
        return new Twin(arena.allocate(Math.max(bytes, 1), 64), allocate(bytes, 0));
    }

    /// Numbers that nobody has written. Where the order is not the natural one they begin 4 bytes past an aligned
    /// address, as a slice of a tensor may.
    Twin floats(int n) {
        return new Twin(arena.allocate(Math.max(4L * n, 1), 64), allocate(4L * n, order == 0 ? 0 : Float.BYTES));
    }

    private long allocate(long bytes, long past) {
        return chip.allocate(Math.max(bytes, 1) + past, arena) + past;
    }

    /// Standard normals.
    Twin normals(int n) {
        return normals(n, 1);
    }

    Twin normals(int n, double scale) {
        Twin twin = floats(n);
        for (int i = 0; i < n; i++) {
            twin.host.setAtIndex(JAVA_FLOAT, i, (float) (scale * random.nextGaussian()));
        }
        return written(twin);
    }

    /// Standard normals, with the values among them that break things.
    Twin outliers(int n) {
        Twin twin = normals(n);
        for (int i = 0; i < n; i += 7) {
            twin.host.setAtIndex(JAVA_FLOAT, i, OUTLIERS.get(i / 7 % OUTLIERS.size()));
        }
        return written(twin);
    }

    Twin of(float... values) {
        return copied(MemorySegment.ofArray(values));
    }

    Twin of(int... values) {
        return copied(MemorySegment.ofArray(values));
    }

    Twin of(byte... values) {
        return copied(MemorySegment.ofArray(values));
    }

    private Twin copied(MemorySegment values) {
        Twin twin = empty(values.byteSize());
        twin.host.copyFrom(values);
        return written(twin);
    }

    /// The words of a noise.
    Twin noise(long seed, long step) {
        return of((int) seed, (int) (seed >>> 32), (int) step, (int) (step >>> 32));
    }

    /// Brings the device up to what the host holds.
    Twin written(Twin twin) {
        chip.copyIn(twin.host, twin.device);
        return twin;
    }

    /// Runs a kernel on the device: a twin or null for a pointer, a number for a number.
    void launch(String kernel, Object... arguments) {
        KernelEntry entry = Kernels.entry(kernel);
        assertEquals(entry.parameters().size(), arguments.length, kernel + " takes " + entry.parameters());
        MemorySegment block = arena.allocate(entry.parameterBytes(), Long.BYTES);
        for (int i = 0; i < arguments.length; i++) {
            put(block.asSlice(entry.offsets().get(i)), entry.parameters().get(i), arguments[i]);
        }
        Dim grid = entry.launch().grid(name -> ((Number) arguments[entry.indexOf(name)]).longValue());
        chip.run(entry, grid, block);
        launched.add(kernel);
    }

    /// The same numbers on both sides, a NaN as good as any other.
    void assertSame(String what, Twin twin) {
        MemorySegment device = device(twin);
        for (int i = 0; i < twin.size(); i++) {
            float expected = twin.at(i);
            float actual = device.getAtIndex(JAVA_FLOAT, i);
            if (Float.floatToIntBits(expected) != Float.floatToIntBits(actual)) {
                fail(what + ": element " + i + " of " + twin.size() + " is " + actual + " on the device, " + expected
                        + " on the CPU");
            }
        }
    }

    void assertSameDoubles(String what, Twin twin) {
        MemorySegment device = device(twin);
        for (int i = 0; i < twin.host.byteSize() / Double.BYTES; i++) {
            assertEquals(twin.host.getAtIndex(JAVA_DOUBLE, i), device.getAtIndex(JAVA_DOUBLE, i), what + " " + i);
        }
    }

    /// What the device holds.
    MemorySegment device(Twin twin) {
        MemorySegment copy = arena.allocate(twin.host.byteSize(), 8);
        chip.copyOut(twin.device, copy);
        return copy;
    }

    @Override
    public void close() {
        arena.close();
    }

    private static void put(MemorySegment to, Parameter parameter, Object argument) {
        if (parameter.pointer()) {
            to.set(JAVA_LONG, 0, argument == null ? 0 : ((Twin) argument).device);
            return;
        }
        Number number = argument instanceof Boolean first ? (first ? 1 : 0) : (Number) argument;
        switch (parameter.element()) {
            case INT, UNSIGNED -> to.set(JAVA_INT, 0, number.intValue());
            case LONG -> to.set(JAVA_LONG, 0, number.longValue());
            case FLOAT -> to.set(JAVA_FLOAT, 0, number.floatValue());
            case DOUBLE, BYTE -> throw new IllegalArgumentException("no kernel takes one: " + parameter);
        }
    }
}
