package dev.elbo.models.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.Checkpoint;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFolderTest {
    private static final Json.Members CONFIG = new Json.Members(Map.of("model", Json.of("vae")));

    @TempDir
    Path temporary;

    private final CpuDevice cpu = CpuDevice.open(1);
    private Arena arena;
    private Map<String, Tensor> state;
    private Path folder;

    @BeforeEach
    void open() {
        arena = Arena.ofShared();
        state = Map.of("w", Memory.of(cpu, "test", arena).floats(Shape.of(2), 1, 2));
        folder = temporary.resolve("runs/first");
    }

    @AfterEach
    void close() {
        arena.close();
        cpu.close();
    }

    @Test
    void theLatestTwoCheckpointsAreKept() throws IOException {
        try (RunFolder run = RunFolder.create(folder, CONFIG)) {
            for (int step : new int[] {100, 200, 300}) {
                run.save(step, Map.of(), state);
            }
            run.saveBest(Map.of("step", "100"), state);
        }
        try (Stream<Path> files = Files.list(folder.resolve("checkpoints"))) {
            assertEquals(
                    List.of("best.safetensors", "step-000000200.safetensors", "step-000000300.safetensors"),
                    files.map(file -> file.getFileName().toString()).sorted().toList());
        }
        assertEquals("300", RunFolder.latest(folder, arena).facts().get("step"));
    }

    @Test
    void aDamagedCheckpointIsNamedWithTheOneBeforeIt() throws IOException {
        try (RunFolder run = RunFolder.create(folder, CONFIG)) {
            run.save(1, Map.of(), state);
            run.save(2, Map.of(), state);
        }
        Path last = folder.resolve("checkpoints/step-000000002.safetensors");
        Files.write(last, new byte[] {1, 2, 3});
        BadInputException refused = assertThrows(BadInputException.class, () -> RunFolder.latest(folder, arena));
        assertTrue(refused.getMessage().startsWith(last + ": damaged checkpoint"), refused.getMessage());
        assertTrue(
                refused.getMessage().endsWith("remove it to go on from step-000000001.safetensors"),
                refused.getMessage());
        Files.delete(last);
        Checkpoint before = RunFolder.latest(folder, arena);
        assertEquals("1", before.facts().get("step"));
    }

    @Test
    void whatWasMeasuredAfterTheCheckpointIsForgotten() throws IOException {
        try (RunFolder run = RunFolder.create(folder, CONFIG)) {
            run.measured(10, Map.of("loss", 1.5));
            run.measured(20, Map.of("loss", Double.NaN));
            run.measured(30, Map.of("loss", 0.5));
        }
        Path metrics = folder.resolve("metrics.jsonl");
        Files.writeString(metrics, Files.readString(metrics) + "{\"step\":4"); // killed while writing
        try (RunFolder run = RunFolder.resume(folder)) {
            run.rewind(20);
            run.measured(21, Map.of("loss", 0.25));
        }
        List<Json> lines = Files.readAllLines(metrics).stream()
                .map(line -> Json.parse(line, "m"))
                .toList();
        assertEquals(3, lines.size());
        assertEquals(Json.NOTHING, ((Json.Members) lines.get(1)).values().get("loss"));
        assertEquals(Json.of(21), ((Json.Members) lines.get(2)).values().get("step"));
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(
                    1,
                    files.filter(file -> file.getFileName().toString().startsWith("events."))
                            .count());
        }
    }

    @Test
    void oneProcessHasAFolderToItself() throws IOException {
        try (RunFolder _ = RunFolder.create(folder, CONFIG)) {
            BadInputException refused = assertThrows(BadInputException.class, () -> RunFolder.resume(folder));
            assertTrue(refused.getMessage().contains("in use by another process"), refused.getMessage());
        }
        RunFolder.resume(folder).close();
    }

    /// Where one of its files cannot be opened, nobody holds the folder afterwards.
    @Test
    void aFolderThatCouldNotBeOpenedIsFree() throws IOException {
        RunFolder.create(folder, CONFIG).close();
        for (String name : List.of("metrics.jsonl", "events.out.tfevents." + began() + ".elbo")) {
            Path file = folder.resolve(name);
            Files.delete(file);
            Files.createDirectory(file);
            assertThrows(IOException.class, () -> RunFolder.resume(folder), name);
            Files.delete(file);
            RunFolder.resume(folder).close();
        }
    }

    private long began() throws IOException {
        return ((Json.Number) RunFolder.config(folder).values().get("began"))
                .value()
                .longValue();
    }

    @Test
    void aRunIsNotBegunTwice() throws IOException {
        RunFolder.create(folder, CONFIG).close();
        BadInputException refused = assertThrows(BadInputException.class, () -> RunFolder.create(folder, CONFIG));
        assertTrue(refused.getMessage().contains("holds a run already"), refused.getMessage());
        assertEquals(Json.of("vae"), RunFolder.config(folder).values().get("model"));
        assertThrows(BadInputException.class, () -> RunFolder.resume(temporary));
        assertThrows(BadInputException.class, () -> RunFolder.latest(folder, arena));
    }
}
