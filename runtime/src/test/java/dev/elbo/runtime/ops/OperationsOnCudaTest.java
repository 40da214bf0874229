package dev.elbo.runtime.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CpuOptions;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.CudaOptions;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Gpu;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Tape;
import dev.elbo.runtime.Tensor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every operation on the GPU of this run, the simulated one or a real one, against the CPU; see [OpRows].
@Tag("device")
class OperationsOnCudaTest {
    private static final int[] SIZES = {1, 33, 129, 1000};

    /// A kernel's instructions are interpreted: larger arguments would take seconds.
    private static final long MOST_ELEMENTS = 20_000;

    private static CpuDevice cpu;
    private static CudaDevice gpu;
    private static CudaDevice libraries;

    /// What a library computes where it is found.
    private static final Set<Class<?>> BY_LIBRARIES =
            Set.of(MatrixProduct.class, Linear.class, Convolution.class, TransposedConvolution.class);

    static List<OpRow> rows() {
        return OpRows.all();
    }

    @BeforeAll
    static void open() {
        cpu = CpuDevice.open(CpuOptions.best().threads(1).fixedOrder());
        gpu = Gpu.open(CudaOptions.best().inFixedOrder());
        libraries = CudaDevice.open(0);
    }

    @AfterAll
    static void close() {
        cpu.close();
        libraries.close();
        gpu.close();
        Gpu.expectNothingLeft();
    }

    /// Forward and pullback, into untouched gradients and on top of what they held: the same bits.
    @ParameterizedTest
    @MethodSource("rows")
    void gpuMatchesCpu(OpRow row) {
        for (int size : sizes(row)) {
            List<float[]> expected = results(cpu, row, size);
            List<float[]> actual = results(gpu, row, size);
            for (int part = 0; part < expected.size(); part++) {
                assertSame(expected.get(part), actual.get(part), row + ", size " + size + ", part " + part);
            }
        }
    }

    static List<OpRow> rowsOfLibraries() {
        return OpRows.all().stream()
                .filter(row -> row.op() != null && BY_LIBRARIES.contains(row.op()))
                .toList();
    }

    /// The same where cuBLAS multiplies and cuDNN convolves: close, for sums have another order.
    @ParameterizedTest
    @MethodSource("rowsOfLibraries")
    void librariesMatchCpu(OpRow row) {
        for (int size : sizes(row)) {
            List<float[]> expected = results(cpu, row, size);
            List<float[]> actual = results(libraries, row, size);
            for (int part = 0; part < expected.size(); part++) {
                for (int e = 0; e < expected.get(part).length; e++) {
                    Bench.close(
                            1e-4,
                            expected.get(part)[e],
                            actual.get(part)[e],
                            row + ", size " + size + ", part " + part + ", element " + e);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("rows")
    void lawHolds(OpRow row) {
        try (Arena owner = Arena.ofShared()) {
            row.law().accept(new Bench(Memory.of(gpu, "test", owner)));
        }
    }

    @ParameterizedTest
    @MethodSource("rows")
    void edgeIsAsDocumented(OpRow row) {
        try (Arena owner = Arena.ofShared()) {
            row.edge().accept(new Bench(Memory.of(gpu, "test", owner)));
        }
    }

    private static int[] sizes(OpRow row) {
        return IntStream.of(SIZES)
                .filter(size -> row.arguments().apply(size).stream()
                                .mapToLong(each -> each.shape().size())
                                .sum()
                        <= MOST_ELEMENTS)
                .toArray();
    }

    /// The value, and the gradient of each argument that has one, once overwritten and once added to.
    private static List<float[]> results(Device device, OpRow row, int size) {
        List<float[]> results = new ArrayList<>();
        try (Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(device, "test", owner);
            List<Values> arguments = row.arguments().apply(size);
            List<Tensor> x = new ArrayList<>();
            for (int i = 0; i < arguments.size(); i++) {
                x.add(arguments.get(i).tensor(arguments.get(i).draw(100L * size + i), memory));
            }
            Tensor y = row.call().apply(Ops.plain(memory), x);
            results.add(device.floats(y));
            List<Tensor> dx = new ArrayList<>();
            for (int i = 0; i < x.size(); i++) {
                dx.add(arguments.get(i).differentiable() ? memory.empty(x.get(i).shape()) : null);
            }
            for (boolean add : new boolean[] {false, true}) {
                pullback(memory, row, x, dx, add);
                dx.stream().filter(each -> each != null).map(device::floats).forEach(results::add);
            }
        }
        return results;
    }

    private static void pullback(Memory memory, OpRow row, List<Tensor> x, List<Tensor> dx, boolean add) {
        Tape tape = new Tape(memory);
        for (int i = 0; i < x.size(); i++) {
            if (dx.get(i) == null) {
                continue;
            }
            if (add) {
                tape.accumulate(x.get(i), dx.get(i));
            } else {
                tape.watch(x.get(i), dx.get(i));
            }
        }
        Tensor y = row.call().apply(Ops.taped(memory, tape), x);
        if (!tape.follows(y)) {
            return;
        }
        Gradient dy = tape.gradient(y);
        double[] covector = new Values(y.shape(), Values.Kind.TAME, 0).draw(17);
        memory.device().write(Values.floats(covector), dy.into());
        dy.first();
        tape.pullback();
    }

    /// Equal bits; a NaN is as good as any other.
    private static void assertSame(float[] expected, float[] actual, String where) {
        assertEquals(expected.length, actual.length, where);
        for (int e = 0; e < expected.length; e++) {
            assertEquals(
                    Float.floatToIntBits(expected[e]),
                    Float.floatToIntBits(actual[e]),
                    where + ", element " + e + ": " + expected[e] + " on the CPU, " + actual[e] + " on the GPU");
        }
    }
}
