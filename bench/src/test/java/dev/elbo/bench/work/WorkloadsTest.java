package dev.elbo.bench.work;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Device;
import dev.elbo.simulator.SimulatedGpu;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class WorkloadsTest {
    static Stream<Workload> workloads() {
        return Workloads.all().stream();
    }

    @ParameterizedTest
    @MethodSource("workloads")
    void aWorkloadRunsAtAnySizesAndItsCostIsKnown(Workload workload) {
        Sized small = Small.of(workload);
        assertTrue(small.cost().flops() > 0 || small.cost().bytes() > 0, "nothing is counted");
        try (CpuDevice cpu = CpuDevice.open(1);
                Prepared prepared = Prepared.beside(small, cpu)) {
            assertTrue(prepared.run(2) > 0);
            assertEquals(small, prepared.start().workload());
        }
    }

    @ParameterizedTest
    @MethodSource("workloads")
    @Tag("simulated")
    void aGpuResultsInWhatTheProcessorDoes(Workload workload) {
        SimulatedGpu.install();
        Sized small = Small.of(workload);
        float[] expected = result(small, CpuDevice.open(1));
        float[] actual = result(small, CudaDevice.open(0));
        assertEquals(expected.length, actual.length);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], actual[i], 1e-4 * Math.max(1, Math.abs(expected[i])), "element " + i);
        }
    }

    private static float[] result(Sized workload, Device device) {
        try (device;
                Prepared prepared = Prepared.beside(workload, device)) {
            prepared.run(1);
            return prepared.result();
        }
    }

    @ParameterizedTest
    @MethodSource("workloads")
    void namesAreUniqueAndFindTheirWorkload(Workload workload) {
        for (Sizes sizes : workload.sizes()) {
            Sized sized = new Sized(workload, sizes);
            assertEquals(sized.sizes(), Workloads.named(sized.name()).sizes());
            assertEquals(
                    workload.name(), Workloads.named(sized.name()).workload().name());
        }
        Set<String> names = new HashSet<>();
        workloads().forEach(each -> assertTrue(names.add(each.name()), each.name() + " is there twice"));
    }

    /// 784·400 and 400·784 are the layers with an edge of pixels, 400·20 the other three.
    @Test
    void theProductsOfAVaeAreCounted() {
        assertEquals(419_840_000, Workloads.named("vae").cost().flops());
        assertEquals(2 * 419_840_000, Workloads.named("vae_batch256").cost().flops());
        assertEquals(392_000_000, Workloads.named("rbm").cost().flops());
        long first = 784L * 500;
        long rest = 2 * 500 * 500 + 3 * 500 * 40 + 500 * 784;
        assertEquals(
                2 * 1000 * (2 * first + 3 * rest),
                Workloads.named("vae_batch1000_layers2_hidden500_latent40")
                        .cost()
                        .flops());
    }

    /// 14·14·64 and 7·7·128 are the maps of the smaller one.
    @Test
    void theConvolutionsOfADcganAreCounted() {
        long first = 14 * 14 * 64 * 16;
        long second = 7 * 7 * 128 * 16 * 64;
        long top = 7 * 7 * 128;
        assertEquals(
                2 * 32 * (9 * first + 11 * second + 8 * top + 2 * 100 * top),
                Workloads.named("dcgan").cost().flops());
        assertEquals(
                72_787_951_616L,
                Workloads.named("dcgan_side64_channels3").cost().flops());
    }

    @Test
    void aWorkloadOfOnesOwnIsOneClass() {
        Sized own = Workloads.named("own_rows4");
        assertEquals("own_rows4", own.name());
        assertEquals(8 * 4 * 5, own.cost().bytes());
        assertEquals(
                List.of("own", "own_rows64_cols32"),
                Workloads.of(Workload.Kind.OPERATION).stream()
                        .map(Sized::name)
                        .filter(name -> name.startsWith("own"))
                        .toList());
    }

    @Test
    void anUnknownNameOrAxisIsRefused() {
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Workloads.named("nobody"))
                .getMessage()
                .startsWith("workload: no such name; name=nobody, there are=vae"));
        assertEquals(
                "sizes: no such axis; axis=width, sizes=rows3_cols5",
                assertThrows(IllegalArgumentException.class, () -> Workloads.named("own_width3"))
                        .getMessage());
        assertEquals(
                "sizes: a name and a number each, like batch128_hidden400; text=rows0",
                assertThrows(IllegalArgumentException.class, () -> Workloads.named("own_rows0"))
                        .getMessage());
    }
}
