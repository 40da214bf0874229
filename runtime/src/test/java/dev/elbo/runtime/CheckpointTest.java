package dev.elbo.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.file.BadInputException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {
    @TempDir
    Path folder;

    private final CpuDevice cpu = CpuDevice.open(1);
    private Arena arena;
    private Memory memory;

    @BeforeEach
    void open() {
        arena = Arena.ofShared();
        memory = Memory.of(cpu, "test", arena);
    }

    @AfterEach
    void close() {
        arena.close();
        cpu.close();
    }

    private Map<String, Tensor> state(float first) {
        Map<String, Tensor> state = new LinkedHashMap<>();
        state.put("weight", memory.floats(Shape.of(2, 2), first, -0f, Float.NaN, Float.MIN_VALUE));
        state.put("clock", memory.ints(Shape.of(4), 1, -2, 3, 4));
        state.put("scalar", memory.floats(Shape.SCALAR, 7));
        state.put("empty", memory.empty(Shape.of(0, 3)));
        return state;
    }

    @Test
    void whatWasSavedIsRestored() throws IOException {
        Path file = folder.resolve("c.safetensors");
        Checkpoint.write(file, Map.of("model", "vae"), state(1.5f));
        Map<String, Tensor> other = state(0);
        cpu.write(new int[4], other.get("clock"));
        Checkpoint read = Checkpoint.read(file, arena);
        read.restore(other);
        assertEquals("vae", read.facts().get("model"));
        assertArrayEquals(new float[] {1.5f, -0f, Float.NaN, Float.MIN_VALUE}, cpu.floats(other.get("weight")));
        assertArrayEquals(new int[] {1, -2, 3, 4}, cpu.ints(other.get("clock")));
        assertEquals(7, cpu.scalar(other.get("scalar")));
    }

    @Test
    void anotherModelIsRefusedBeforeAnythingIsWritten() throws IOException {
        Path file = folder.resolve("c.safetensors");
        Checkpoint.write(file, Map.of(), state(1.5f));
        Map<String, Tensor> other = state(0);
        other.put("clock", memory.ints(Shape.of(2, 2), 0, 0, 0, 0));
        other.put("bias", memory.floats(Shape.of(1), 0));
        other.remove("scalar");
        Checkpoint read = Checkpoint.read(file, arena);
        BadInputException refused = assertThrows(BadInputException.class, () -> read.restore(other));
        assertEquals(
                file + ": of another model: clock: file [4] I32, model [2, 2] I32; not in the file: bias; not in the"
                        + " model: scalar — build the model with the configuration that was saved with it",
                refused.getMessage());
        assertEquals(0, cpu.floats(other.get("weight"))[0]);
    }

    @Test
    void aDamagedFileIsNamed() throws IOException {
        Path file = folder.resolve("c.safetensors");
        Checkpoint.write(file, Map.of(), state(1));
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 5] ^= 1;
        Files.write(file, bytes);
        BadInputException refused = assertThrows(BadInputException.class, () -> Checkpoint.read(file, arena));
        assertTrue(refused.getMessage().contains("the checksum does not agree"), refused.getMessage());
    }
}
