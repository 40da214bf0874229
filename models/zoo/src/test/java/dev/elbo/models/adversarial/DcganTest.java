package dev.elbo.models.adversarial;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.models.training.Plan;
import dev.elbo.models.training.Trainer;
import dev.elbo.runtime.Checkpoint;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CpuOptions;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Schedule;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.random.Purpose;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DcganTest {
    private static final List<Integer> ITEM = List.of(8, 8);

    @TempDir
    Path folder;

    private final CpuDevice cpu = CpuDevice.open(CpuOptions.best().threads(1).fixedOrder());
    private final Arena arena = Arena.ofShared();
    private final Memory memory = Memory.of(cpu, "test", arena);

    @AfterEach
    void close() {
        arena.close();
        cpu.close();
    }

    private static Gan gan(List<Integer> item, int width, boolean spectral, Memory memory) {
        Clock init = Clock.of(1, 0, memory);
        return new Gan(
                DcganGenerator.of(3, item, width, init, memory),
                DcganDiscriminator.of(
                        item, width, (_, _, _) -> new MinibatchStatistic.Deviation(), spectral, init, memory));
    }

    static Parameters<Gan> tiny(Device device, boolean spectral, Arena owner) {
        return Parameters.of(device, "gan", owner, m -> gan(ITEM, 2, spectral, m));
    }

    /// With maps of 8 and 16 channels on each side.
    static Parameters<Gan> inEights(Device device, Arena owner) {
        return Parameters.of(device, "gan", owner, m -> gan(List.of(16, 16), 8, false, m));
    }

    static Trainer<Gan> trainer(Parameters<Gan> gan, long steps, Arena owner) {
        return trainer(gan, 64, steps, owner);
    }

    /// @param features of an image
    static Trainer<Gan> trainer(Parameters<Gan> gan, int features, long steps, Arena owner) {
        Memory memory = Memory.of(gan.values().device(), "data", owner);
        float[] x = new float[12 * features];
        for (int e = 0; e < x.length; e++) {
            x[e] = (e / features + e % 8) % 3 / 2f;
        }
        Contest.Terms terms = new Contest.Terms(
                new Objective.NonSaturating(0.9f),
                Schedule.linear(0.1, 0, 20),
                Schedule.constant(1e-3),
                Schedule.constant(1e-3));
        Tensor data = memory.floats(Shape.of(12, features), x);
        return Contest.training(gan, data, terms, Plan.adam(4, steps, 1, 1).reporting(4), memory);
    }

    /// The paper's shapes, counted: of G 100 · 16 · 8w + 16 (8w · 4w + 4w · 2w + 2w · w + 3w), with twice the
    /// channels for each normalisation and 3 for the last bias.
    @Test
    void aGeneratorOf64By64HasTheShapesOfThePaper() {
        for (int width : new int[] {4, 8}) {
            List<Integer> item = List.of(64, 64, 3);
            DcganGenerator generator = DcganGenerator.of(100, item, width, Clock.of(1, 0, memory), memory);
            assertEquals(List.of(8, 4, 2, 1), channels(generator, width));
            Parameters<DcganGenerator> counted =
                    Parameters.of(cpu, "g", arena, m -> DcganGenerator.of(100, item, width, Clock.of(1, 0, m), m));
            long size = counted.all().stream()
                    .mapToLong(parameter -> parameter.value().shape().size())
                    .sum();
            long w = width;
            assertEquals(100 * 16 * 8 * w + 16 * (32 * w * w + 8 * w * w + 2 * w * w + 3 * w) + 2 * 15 * w + 3, size);
            Tensor x = generator.sample(Ops.plain(memory), z(2, 100));
            assertEquals(Shape.of(2, 64 * 64 * 3), x.shape());
        }
    }

    private static List<Integer> channels(DcganGenerator generator, int width) {
        List<Integer> channels = new ArrayList<>();
        channels.add(generator.norm().scale().shape().cols() / width);
        generator
                .stages()
                .forEach(stage -> channels.add(stage.norm().scale().shape().cols() / width));
        return channels;
    }

    private Tensor z(int n, int latent) {
        return Ops.plain(memory)
                .normals(Shape.of(n, latent), Clock.of(2, 0, memory).next(Purpose.SAMPLE));
    }

    @Test
    void bothNetworksFitImagesOfAnyUsualSide() {
        for (int side : new int[] {8, 28, 32, 64}) {
            for (boolean spectral : new boolean[] {false, true}) {
                Gan gan = gan(List.of(side, side), 2, spectral, memory);
                Ops f = Ops.plain(memory);
                Tensor x = gan.generator().generate(f, z(3, 3));
                assertEquals(Shape.of(3, side * side), x.shape());
                for (float each : cpu.floats(x)) {
                    assertTrue(each >= 0 && each <= 1, "side=" + side + ", value=" + each);
                }
                Tensor logits = gan.discriminator().bounded(f, true).logits(f, x);
                assertEquals(Shape.of(3), logits.shape());
            }
        }
        for (List<Integer> item : List.of(List.of(28, 32), List.of(7, 7), List.of(26, 26), List.of(64))) {
            assertThrows(IllegalArgumentException.class, () -> gan(item, 2, false, memory));
        }
    }

    /// First weights N(0, 0.02), scales N(1, 0.02).
    @Test
    void firstValuesAreThoseOfThePaper() {
        DcganGenerator generator = DcganGenerator.of(100, List.of(32, 32), 16, Clock.of(1, 0, memory), memory);
        float[] w = cpu.floats(generator.stages().getFirst().convolution().weight());
        double square = 0;
        for (float each : w) {
            square += each * each / (double) w.length;
        }
        assertEquals(0.02, Math.sqrt(square), 0.001);
        double mean = 0;
        float[] scales = cpu.floats(generator.norm().scale());
        for (float each : scales) {
            mean += each / scales.length;
        }
        assertEquals(1, mean, 0.01);
        assertFalse(Arrays.equals(
                scales, cpu.floats(generator.stages().getFirst().norm().scale())));
    }

    /// An image drawn after training is the same whatever else is drawn beside it; in training it is not.
    @Test
    void aSampleDependsOnItsOwnLatentAlone() {
        DcganGenerator generator = DcganGenerator.of(3, ITEM, 2, Clock.of(1, 0, memory), memory);
        Ops f = Ops.plain(memory);
        for (int i = 0; i < 5; i++) {
            generator.generate(f, z(6, 3));
        }
        Tensor many = z(6, 3);
        float[] alone = cpu.floats(generator.sample(f, many.rows(0, 1)));
        float[] beside = cpu.floats(generator.sample(f, many));
        assertArrayEquals(alone, Arrays.copyOf(beside, alone.length), 1e-6f);
        float[] trained = cpu.floats(generator.generate(f, many));
        assertFalse(Arrays.equals(Arrays.copyOf(beside, alone.length), Arrays.copyOf(trained, alone.length)));
    }

    @Test
    void everyParameterOfBothSidesIsReached() {
        for (boolean spectral : new boolean[] {false, true}) {
            Parameters<Gan> gan = tiny(cpu, spectral, arena);
            float[] before = cpu.floats(gan.values());
            try (Trainer<Gan> trainer = trainer(gan, 4, arena)) {
                trainer.run(_ -> true);
            }
            float[] after = cpu.floats(gan.values());
            gan.all().forEach(parameter -> {
                int from = (int) ((parameter.value().data().address()
                                - gan.values().data().address())
                        / Float.BYTES);
                int to = from + (int) parameter.value().shape().size();
                assertFalse(
                        Arrays.equals(before, from, to, after, from, to),
                        parameter.name() + " stood still, spectral=" + spectral);
            });
        }
    }

    @Test
    void aResumedRunEndsInTheSameBytes() throws IOException {
        Parameters<Gan> whole = tiny(cpu, false, arena);
        try (Trainer<Gan> trainer = trainer(whole, 12, arena)) {
            trainer.run(_ -> true);
        }
        Path file = folder.resolve("c");
        try (Trainer<Gan> trainer = trainer(tiny(cpu, false, arena), 5, arena)) {
            trainer.run(_ -> true);
            Checkpoint.write(file, Map.of(), trainer.state());
        }
        Parameters<Gan> resumed = tiny(cpu, false, arena);
        try (Trainer<Gan> trainer = trainer(resumed, 12, arena)) {
            trainer.restore(Checkpoint.read(file, arena));
            trainer.run(_ -> true);
        }
        assertArrayEquals(cpu.floats(whole.values()), cpu.floats(resumed.values()));
        assertTrue(whole.statistics().keySet().containsAll(List.of("generator.norm.mean", "generator.norm.variance")));
        whole.statistics()
                .forEach((name, value) -> assertArrayEquals(
                        cpu.floats(value), cpu.floats(resumed.statistics().get(name)), name));
    }
}
