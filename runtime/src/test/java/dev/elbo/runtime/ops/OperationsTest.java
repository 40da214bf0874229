package dev.elbo.runtime.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CpuOptions;
import dev.elbo.runtime.GradientCheck;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.CpuMath;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every operation against its oracle, against differences, and against its law and edge; see [OpRows].
class OperationsTest {
    private static final int[] SIZES = {1, 31, 32, 33, 127, 128, 129, 1000, 4097};

    static List<OpRow> rows() {
        return OpRows.all();
    }

    @ParameterizedTest
    @MethodSource("rows")
    void cpuMatchesOracle(OpRow row) {
        onCpu(bench -> {
            for (int size : SIZES) {
                List<Values> arguments = row.arguments().apply(size);
                List<double[]> x = draw(arguments, size);
                double[] expected = row.oracle().apply(x, arguments);
                float[] actual = bench.device().floats(row.call().apply(bench.f(), tensors(bench, arguments, x)));
                assertEquals(expected.length, actual.length, row + ", size " + size);
                for (int i = 0; i < expected.length; i++) {
                    Bench.close(row.tolerance(), expected[i], actual[i], row + ", size " + size + ", element " + i);
                }
            }
        });
    }

    @ParameterizedTest
    @MethodSource("rows")
    void gradientMatchesFiniteDifference(OpRow row) {
        onCpu(bench -> {
            for (int seed = 0; seed < 10; seed++) {
                List<Values> arguments = tame(row.arguments().apply(7));
                List<Tensor> x = tensors(bench, arguments, draw(arguments, seed));
                List<Tensor> wanted = new ArrayList<>();
                for (int i = 0; i < x.size(); i++) {
                    if (arguments.get(i).differentiable()) {
                        wanted.add(x.get(i));
                    }
                }
                GradientCheck.Result result = GradientCheck.of(bench.device(), row.call(), x, wanted, seed);
                assertTrue(result.error() < 1e-3, row + ", seed " + seed + ": " + result);
            }
        });
    }

    @ParameterizedTest
    @MethodSource("rows")
    void lawHolds(OpRow row) {
        onCpu(row.law());
    }

    @ParameterizedTest
    @MethodSource("rows")
    void edgeIsAsDocumented(OpRow row) {
        onCpu(row.edge());
    }

    @ParameterizedTest
    @MethodSource("rows")
    void threadsDoNotChangeABit(OpRow row) {
        List<Values> arguments = row.arguments().apply(4097);
        List<float[]> results = new ArrayList<>();
        for (int threads : new int[] {1, 3}) {
            on(CpuOptions.best().threads(threads), bench -> {
                List<Tensor> x = tensors(bench, arguments, draw(arguments, 1));
                results.add(bench.device().floats(row.call().apply(bench.f(), x)));
            });
        }
        assertArrayEquals(results.get(0), results.get(1));
    }

    @Test
    void everyOperationIsInTheTable() throws IOException, URISyntaxException, ClassNotFoundException {
        Set<String> tested =
                OpRows.all().stream().map(row -> row.op().getSimpleName()).collect(Collectors.toSet());
        Set<String> missing = new TreeSet<>();
        URI here = Op.class.getProtectionDomain().getCodeSource().getLocation().toURI();
        try (Stream<Path> files = Files.list(Path.of(here).resolve("dev/elbo/runtime/ops"))) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString().replace(".class", "");
                if (!name.contains("$")
                        && Op.class.isAssignableFrom(Class.forName("dev.elbo.runtime.ops." + name))
                        && !tested.contains(name)) {
                    missing.add(name);
                }
            }
        }
        assertEquals(Set.of(), missing, "operations without oracle, gradient, law and edge");
        for (Function f : Function.values()) {
            assertTrue(
                    OpRows.all().stream().anyMatch(row -> row.name().equals(Names.of(f))), f + " is not in the table");
        }
    }

    /// Differences need functions that do not jump or overflow nearby.
    private static List<Values> tame(List<Values> arguments) {
        return arguments.stream()
                .map(each -> each.kind() == Values.Kind.WILD ? new Values(each.shape(), Values.Kind.TAME, 0) : each)
                .toList();
    }

    private static List<double[]> draw(List<Values> arguments, long seed) {
        List<double[]> x = new ArrayList<>();
        for (int i = 0; i < arguments.size(); i++) {
            x.add(arguments.get(i).draw(100 * seed + i));
        }
        return x;
    }

    private static List<Tensor> tensors(Bench bench, List<Values> arguments, List<double[]> x) {
        List<Tensor> tensors = new ArrayList<>();
        for (int i = 0; i < arguments.size(); i++) {
            tensors.add(arguments.get(i).tensor(x.get(i), bench.memory()));
        }
        return tensors;
    }

    /// Runs on the fastest device of this machine, and on one of plain loops and fixed-order products.
    private static void onCpu(Consumer<Bench> body) {
        on(CpuOptions.best().threads(2), body);
        on(CpuOptions.best().threads(2).math(CpuMath.plain()).fixedOrder(), body);
    }

    private static void on(CpuOptions options, Consumer<Bench> body) {
        try (CpuDevice cpu = CpuDevice.open(options);
                Arena owner = Arena.ofShared()) {
            body.accept(new Bench(Memory.of(cpu, "test", owner)));
        }
    }
}
