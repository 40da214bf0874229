package dev.elbo.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
