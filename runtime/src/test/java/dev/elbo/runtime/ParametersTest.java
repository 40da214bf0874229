package dev.elbo.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.module.Configuration;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParametersTest {
    record Layer(Tensor weight, Tensor bias, boolean configuration) {
        static Layer of(int in, int out, Memory memory) {
            Tensor scratch = memory.empty(Shape.of(5));
            scratch.device().write(new float[5], scratch);
            return new Layer(
                    memory.floats(Shape.of(in, out), filled(in * out, in)),
                    memory.floats(Shape.of(out), filled(out, out)),
                    true);
        }
    }

    record Net(List<Layer> layers, Statistic mean, Tensor tied, String name) {
        static Net of(Memory memory) {
            Layer second = Layer.of(3, 2, memory);
            Layer first = Layer.of(4, 3, memory);
            return new Net(
                    List.of(first, second), new Statistic(memory.floats(Shape.of(3), 1, 2, 3)), first.bias, "net");
        }
    }

    @TempDir
    Path folder;

    private final CpuDevice cpu = CpuDevice.open(1);
    private final Arena owner = Arena.ofShared();

    @AfterEach
    void close() {
        owner.close();
        cpu.close();
    }

    @Test
    void parametersAreNamedByTheirComponentsAndLieInThatOrder() {
        Parameters<Net> net = Parameters.of(cpu, "net", owner, Net::of);
        assertEquals(
                List.of("layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"),
                net.all().stream().map(Parameters.Parameter::name).toList());
        long at = net.values().data().address();
        for (Parameters.Parameter parameter : net.all()) {
            assertEquals(at, parameter.value().data().address(), parameter.name());
            at += 64;
        }
        assertEquals(4 * 16, net.values().shape().size());
        assertEquals(List.of("mean"), List.copyOf(net.statistics().keySet()));
    }

    /// What an optimizer of one component moves: its parameters and gaps, on the same slabs, and nothing else.
    @Test
    void aPartIsARangeOfTheSlabsUnderNamesOfItsOwn() {
        Parameters<Net> net = Parameters.of(cpu, "net", owner, Net::of);
        Parameters<Layer> second = net.part(whole -> whole.layers().getLast());
        assertEquals(
                List.of("weight", "bias"),
                second.all().stream().map(Parameters.Parameter::name).toList());
        assertEquals(2 * 16, second.values().shape().size());
        assertEquals(
                net.all().get(2).value().data().address(),
                second.values().data().address());
        assertEquals(
                net.all().get(2).gradient().data().address(),
                second.gradients().data().address());
        assertEquals(Map.of(), second.statistics());
        assertEquals(
                List.of("mean"),
                List.copyOf(net.part(whole -> whole).statistics().keySet()));
    }

    @Test
    void aPartThatIsNoRangeIsRefused() {
        Parameters<Net> net = Parameters.of(cpu, "net", owner, Net::of);
        IllegalArgumentException refused = assertThrows(
                IllegalArgumentException.class,
                () -> net.part(whole -> List.of(
                        whole.layers().getFirst().weight(),
                        whole.layers().getLast().weight())));
        assertTrue(refused.getMessage().contains("not one range"), refused.getMessage());
        assertThrows(IllegalArgumentException.class, () -> net.part(Net::name));
    }

    @Test
    void theFactorysValuesAreOnTheSlabAndTheGapsAreZero() {
        Parameters<Net> net = Parameters.of(cpu, "net", owner, Net::of);
        assertArrayEquals(
                filled(12, 4), cpu.floats(net.model().layers().getFirst().weight()));
        float[] slab = cpu.floats(net.values());
        assertEquals(4, slab[11]);
        assertEquals(0, slab[12]);
        assertArrayEquals(new float[64], cpu.floats(net.gradients()));
        assertArrayEquals(new float[] {1, 2, 3}, cpu.floats(net.statistics().get("mean")));
    }

    /// So that all of them can be held in one launch; of a part they are those of the whole.
    @Test
    void statisticsLieOnASlabOfTheirOwn() {
        Parameters<Net> net = Parameters.of(cpu, "net", owner, Net::of);
        Tensor all = net.statisticValues().orElseThrow();
        assertEquals(Shape.of(16), all.shape());
        assertEquals(all.data().address(), net.statistics().get("mean").data().address());
        Parameters<Layer> part = net.part(whole -> whole.layers().getLast());
        assertSame(all, part.statisticValues().orElseThrow());
        assertTrue(Parameters.of(
                        cpu, "layer", owner, memory -> Net.of(memory).layers().getFirst())
                .statisticValues()
                .isEmpty());
    }

    @Test
    void aTrialLeavesNoMemoryBehind() {
        Parameters.of(cpu, "net", owner, Net::of);
        assertEquals(2 * 64 * 4 + 16 * 4 + 2 * 5 * 4, cpu.ledger().liveBytes());
    }

    /// A module of somebody else's, compiled here, whose model lies in a package that it keeps to itself.
    @Test
    void aModelThatIsNotOpenToElboIsToldWhatToAdd() throws Exception {
        ModuleLayer.Controller theirs = layer(Map.of(
                "module-info.java", "module their.models { exports theirs.api; }",
                "theirs/Closed.java", "package theirs; public record Closed(Object weight) {}",
                "theirs/api/Factory.java", """
                        package theirs.api;
                        public class Factory {
                            public static Record closed() {
                                return new theirs.Closed("no tensor");
                            }
                        }"""));
        Module module = theirs.layer().findModule("their.models").orElseThrow();
        Object model =
                Class.forName(module, "theirs.api.Factory").getMethod("closed").invoke(null);
        String message = assertThrows(IllegalArgumentException.class, () -> Components.of(model))
                .getMessage();
        assertEquals(
                "parameters: a model's record must be open to Elbo; record=theirs.Closed, add to module their.models:"
                        + " opens theirs to dev.elbo.runtime",
                message);
        theirs.addOpens(module, "theirs", Components.class.getModule());
        assertEquals(Set.of(), Components.of(model).parameters().keySet());
    }

    private ModuleLayer.Controller layer(Map<String, String> sources) throws IOException {
        Path classes = folder.resolve("classes");
        List<String> arguments = new ArrayList<>(List.of("-d", classes.toString()));
        for (Map.Entry<String, String> source : sources.entrySet()) {
            Path file = folder.resolve(source.getKey());
            Files.createDirectories(file.getParent());
            arguments.add(Files.writeString(file, source.getValue()).toString());
        }
        ToolProvider javac = ToolProvider.findFirst("javac").orElseThrow();
        assertEquals(0, javac.run(System.out, System.err, arguments.toArray(String[]::new)));
        ModuleLayer boot = ModuleLayer.boot();
        Configuration found =
                boot.configuration().resolve(ModuleFinder.of(classes), ModuleFinder.of(), Set.of("their.models"));
        return ModuleLayer.defineModulesWithOneLoader(found, List.of(boot), ClassLoader.getSystemClassLoader());
    }

    @Test
    void aFactoryThatChangesItsMindIsRefused() {
        int[] calls = new int[1];
        String message = assertThrows(
                        IllegalStateException.class,
                        () -> Parameters.of(cpu, "net", owner, memory -> {
                            calls[0]++;
                            return new Statistic(memory.floats(Shape.of(calls[0]), filled(calls[0], 1)));
                        }))
                .getMessage();
        assertTrue(
                message.startsWith("parameters: the factory asked for something else the second time; request=0"),
                message);
    }

    @Test
    void aParameterThatIsAPartOfATensorIsRefused() {
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> Parameters.of(cpu, "net", owner, memory -> {
                            Tensor whole = memory.floats(Shape.of(4), filled(4, 1));
                            return new Layer(whole, whole.part(1, Shape.of(2)), false);
                        }))
                .getMessage();
        assertTrue(message.contains("parameter=bias"), message);
    }

    private static float[] filled(int size, float value) {
        float[] values = new float[size];
        Arrays.fill(values, value);
        return values;
    }
}
