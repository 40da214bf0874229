package dev.elbo.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.ops.Window;
import dev.elbo.simulator.SimulatedGpu;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("device")
class TimedChoicesTest {
    @TempDir
    Path folder;

    private float[] layer(CudaTuning tuning) {
        float[] y;
        try (CudaDevice gpu = Gpu.open(CudaOptions.best().tuned(tuning));
                Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(gpu, "test", owner);
            Ops f = Ops.plain(memory);
            Tensor x = memory.floats(Shape.of(3, 4), new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
            Tensor w = f.constant(Shape.of(4, 5), 0.5f);
            Tensor b = f.constant(Shape.of(5), 1);
            Tensor back = f.constant(Shape.of(5, 2), 2);
            try (Step<Tensor> step = Step.record(gpu, "layer", m -> {
                Ops own = Ops.plain(m);
                return own.product(own.linear(x, w, b), back);
            })) {
                step.run(2);
                y = gpu.floats(step.result());
            }
        }
        Gpu.expectNothingLeft();
        return y;
    }

    @Test
    void theFastestIsRememberedAndGivesTheSameNumbers() throws IOException {
        Path file = folder.resolve("chosen.tsv");
        float[] expected = layer(CudaTuning.none());
        assertArrayEquals(expected, layer(CudaTuning.none().timed(file)));
        List<String> chosen = Files.readAllLines(file);
        assertEquals(2, chosen.size(), "one product with a bias and one without");
        assertTrue(chosen.getFirst().contains("cuBLASLt"), chosen.getFirst());
        assertArrayEquals(expected, layer(CudaTuning.none().timed(file)));
        assertEquals(chosen, Files.readAllLines(file));
    }

    /// Forward with a bias, and both gradients: three tasks of cuDNN's, each tried in all ways that it proposes.
    private List<float[]> convolution(CudaTuning tuning) {
        try (CudaDevice gpu = Gpu.open(CudaOptions.best().tuned(tuning));
                Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(gpu, "test", owner);
            float[] pixels = new float[2 * 8 * 8 * 4];
            for (int i = 0; i < pixels.length; i++) {
                pixels[i] = i % 7 - 3;
            }
            Tensor x = memory.floats(Shape.of(2, 8, 8, 4), pixels);
            Tensor weight = Ops.plain(memory).constant(Shape.of(4, 4, 4, 4), 0.25f);
            Tensor bias = Ops.plain(memory).constant(Shape.of(4), 1);
            List<Tensor> gradients = List.of(memory.empty(x.shape()), memory.empty(weight.shape()));
            try (Step<Tensor> step = Step.record(gpu, "layer", m -> {
                Tape tape = new Tape(m);
                tape.watch(x, gradients.get(0));
                tape.watch(weight, gradients.get(1));
                Ops f = Ops.taped(m, tape);
                Tensor y = f.convolution(x, weight, bias, Window.of(4, 2, 1), Activation.NONE);
                tape.pullback(f.sum(f.square(y)), 1);
                return y;
            })) {
                step.run(2);
                return List.of(gpu.floats(step.result()), gpu.floats(gradients.get(0)), gpu.floats(gradients.get(1)));
            }
        }
    }

    @Test
    void enginesOfConvolutionsAreTriedAndRemembered() throws IOException {
        Path file = folder.resolve("chosen.tsv");
        List<float[]> expected = convolution(CudaTuning.none());
        List<float[]> tried = convolution(CudaTuning.none().timed(file));
        List<String> chosen = Files.readAllLines(file);
        List<float[]> remembered = convolution(CudaTuning.none().timed(file));
        assertEquals(chosen, Files.readAllLines(file));
        List<String> engines =
                chosen.stream().filter(line -> line.contains("cuDNN")).toList();
        assertEquals(3, engines.size(), chosen.toString());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), tried.get(i), 1e-3f, "by another engine");
            assertArrayEquals(tried.get(i), remembered.get(i), "by the same engine");
        }
        Gpu.expectNothingLeft();
    }

    @Test
    @Tag("simulated")
    void whatIsRememberedIsNotTriedAgain() {
        Path file = folder.resolve("chosen.tsv");
        layer(CudaTuning.none().timed(file));
        SimulatedGpu.installed().counters().reset();
        layer(CudaTuning.none().timed(file));
        assertTrue(SimulatedGpu.installed().counters().calls("cublasLtMatmul") <= 6);
    }

    @Test
    void aFileOfSomethingElseIsRefused() throws IOException {
        Path file = Files.writeString(folder.resolve("notes.txt"), "milk, eggs\n");
        assertTrue(assertThrows(
                        IllegalArgumentException.class,
                        () -> layer(CudaTuning.none().timed(file)))
                .getMessage()
                .startsWith("timed choices: not a line of them; file="));
    }
}
