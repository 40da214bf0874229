package dev.elbo.models.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A run whose disk takes no more: what it saved before is whole, and it goes on from there.
class BrokenDiskTest {
    private static final int STEPS = 150;
    private static final Json.Members CONFIG = new Json.Members(Map.of("model", Json.of("vae")));

    @TempDir
    Path temporary;

    /// The limit on the size of a file stands for a full disk: a write in the middle of the run fails, part of it
    /// done. `metrics.jsonl` reaches it first; the checkpoints are smaller.
    @Test
    void aRunThatMayWriteNoMoreGoesOnFromItsLastCheckpoint() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "no bash to limit the size of files");
        Path broken = temporary.resolve("broken");
        Process limited = KilledRunTest.start(broken, "cpu", STEPS, "/bin/bash", "-c", "ulimit -f 8; exec \"$@\"", "-");
        String said = new String(limited.getInputStream().readAllBytes());
        assertNotEquals(0, limited.waitFor(), said);
        assertTrue(said.contains("File too large"), said);
        List<Path> saved = RunFolder.checkpoints(broken);
        assertTrue(saved.size() == 2 && RunFolder.step(saved.getLast()) < STEPS, saved + ": " + said);
        assertNothingHalfWritten(broken);
        KilledRunTest.finish(broken, "cpu", STEPS, "");
        Path whole = temporary.resolve("whole");
        KilledRunTest.finish(whole, "cpu", STEPS, "");
        String last = "checkpoints/step-%09d.safetensors".formatted(STEPS);
        assertArrayEquals(Files.readAllBytes(whole.resolve(last)), Files.readAllBytes(broken.resolve(last)));
    }

    @Test
    void aFolderThatVanishesIsNamed() throws IOException {
        Path folder = temporary.resolve("run");
        try (RunFolder run = RunFolder.create(folder, CONFIG)) {
            Files.delete(folder.resolve("checkpoints"));
            IOException e = assertThrows(NoSuchFileException.class, () -> run.save(1, Map.of(), Map.of()));
            assertTrue(e.getMessage().startsWith(folder.resolve("checkpoints").toString()), e.getMessage());
        }
    }

    @Test
    void aFolderThatMayNotBeWrittenIsNamedAndLeftAlone() throws IOException {
        Path folder = Files.createDirectory(temporary.resolve("run"));
        assertTrue(folder.toFile().setWritable(false));
        assumeFalse(Files.isWritable(folder), "this user may write everywhere");
        IOException e = assertThrows(IOException.class, () -> RunFolder.create(folder, CONFIG));
        assertTrue(e.getMessage().contains(folder.toString()), e.getMessage());
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(0, files.count());
        }
    }

    private static void assertNothingHalfWritten(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("checkpoints"))) {
            assertEquals(
                    List.of(), files.filter(file -> RunFolder.step(file) < 0).toList());
        }
    }
}
