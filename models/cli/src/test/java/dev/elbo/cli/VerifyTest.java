package dev.elbo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.models.training.RunFolder;
import dev.elbo.runtime.file.Json;
import dev.elbo.runtime.file.Safetensors;
import dev.elbo.runtime.file.StoredArray;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A run can be made again: from its configuration, and, byte for byte, from its checkpoints.
class VerifyTest {
    @TempDir
    Path folder;

    private Path trained(String model, Object... more) {
        Path run = folder.resolve(model);
        Object[] words = {
            "train",
            model,
            "--hidden",
            8,
            "--epochs",
            3,
            "--batch",
            200,
            "--device",
            "cpu",
            "--precision",
            "fp32",
            "--out",
            run
        };
        Object[] all = new Object[words.length + more.length];
        System.arraycopy(words, 0, all, 0, words.length);
        System.arraycopy(more, 0, all, words.length, more.length);
        Session.Seen seen = Session.run(all);
        assertEquals(0, seen.code(), seen.err());
        return run;
    }

    @Test
    void theLastStepsRunAgainToTheSameBytes() throws IOException {
        for (String model : List.of("vae", "rbm")) {
            Path run = trained(model);
            Session.Seen whole = Session.run("verify", run, "--json");
            assertEquals(0, whole.code(), whole.err());
            assertTrue(whole.out().contains("equal in every byte"), whole.out());
            assertEquals(Json.of(0), whole.lastLine().get("from_step"));
            assertEquals(Json.of(true), whole.lastLine().get("equal"));
        }
    }

    @Test
    void aCheckpointBeforeTheLastIsEnough() throws IOException {
        Path run = trained("vae", "--latent", 2);
        // As many epochs more, from where it is: the last checkpoint of then stands before that of now.
        Path config = run.resolve("config.json");
        Files.writeString(config, Files.readString(config).replace("\"epochs\": 3", "\"epochs\": 6"));
        assertEquals(0, Session.run("train", "--resume", run, "--device", "cpu").code());
        Session.Seen part = Session.run("verify", run, "--json");
        assertEquals(0, part.code(), part.err());
        long from = ((Json.Number) part.lastLine().get("from_step")).value().longValue();
        long to = ((Json.Number) part.lastLine().get("to_step")).value().longValue();
        assertTrue(from > 0 && from < to, part.out());
        Session.Seen all = Session.run("verify", run, "--steps", to, "--json");
        assertEquals(Json.of(0), all.lastLine().get("from_step"));
        assertEquals(0, all.code(), all.err());
    }

    @Test
    void oneBitThatChangedIsFound() throws IOException {
        Path run = trained("vae");
        Path last = RunFolder.checkpoints(run).getLast();
        Map<String, StoredArray> arrays = new LinkedHashMap<>();
        Map<String, String> metadata;
        try (Arena owner = Arena.ofConfined()) {
            Safetensors file = Safetensors.read(last, owner);
            metadata = file.metadata();
            for (Map.Entry<String, StoredArray> each : file.arrays().entrySet()) {
                byte[] bytes = each.getValue().data().toArray(ValueLayout.JAVA_BYTE);
                bytes[0] = (byte) (bytes[0] ^ (each.getKey().equals("model.output.logits.bias") ? 1 : 0));
                arrays.put(
                        each.getKey(),
                        new StoredArray(each.getValue().type(), each.getValue().shape(), MemorySegment.ofArray(bytes)));
            }
        }
        new Safetensors(metadata, arrays).write(last);
        Session.Seen seen = Session.run("verify", run);
        assertEquals(3, seen.code(), seen.out() + seen.err());
        assertTrue(seen.err().contains("tensors that differ=1 of"), seen.err());
        assertTrue(seen.err().contains("first=model.output.logits.bias"), seen.err());
    }

    @Test
    void aCheckpointSaysWhereItComesFrom() throws IOException {
        Path run = trained("vae");
        try (Arena owner = Arena.ofConfined()) {
            Map<String, String> facts = RunFolder.latest(run, owner).facts();
            assertEquals("cpu", facts.get("provenance.device"));
            assertEquals(64, facts.get("provenance.data").length());
            assertEquals(Elbo.Version.text(), facts.get("provenance.elbo"));
        }
        // Other data than those: not the same run.
        Path config = run.resolve("config.json");
        Path csv = Files.writeString(folder.resolve("other.csv"), (("0.5,".repeat(63) + "0.5\n")).repeat(20));
        Files.writeString(config, Files.readString(config).replace("\"digits\"", "\"csv:" + csv + "\""));
        Session.Seen seen = Session.run("verify", run);
        assertEquals(3, seen.code());
        assertTrue(seen.err().contains("not the data that the run learned from"), seen.err());
    }

    @Test
    void theConfigurationOfARunMakesItAgain() throws IOException {
        Path run = trained("vae", "--latent", 3);
        Path again = folder.resolve("again");
        Session.Seen same =
                Session.run("train", "--config", run.resolve("config.json"), "--device", "cpu", "--out", again);
        assertEquals(0, same.code(), same.err());
        assertEquals(without(OpenRun.config(run), "began"), without(OpenRun.config(again), "began"));
        assertEquals(
                -1,
                Files.mismatch(
                        RunFolder.checkpoints(run).getLast(),
                        RunFolder.checkpoints(again).getLast()));

        Path other = folder.resolve("other");
        Session.Seen changed = Session.run(
                "train",
                "vae",
                "--config",
                run.resolve("config.json"),
                "--latent",
                2,
                "--warm-up",
                1,
                "--device",
                "cpu",
                "--out",
                other);
        assertEquals(0, changed.code(), changed.err());
        Map<String, Json> expected = without(OpenRun.config(run), "began");
        expected.put("latent", Json.of(2));
        expected.put("warm_up", Json.of(1.0));
        assertEquals(expected, without(OpenRun.config(other), "began"));
    }

    @Test
    void aConfigurationThatIsNoneIsNamed() throws IOException {
        Path run = trained("vae");
        Path none = folder.resolve("none.json");
        assertEquals(3, Session.run("train", "--config", none).code());
        Files.writeString(none, "[]");
        assertEquals(3, Session.run("train", "--config", none).code());
        Files.writeString(none, "{\"model\": 5}");
        assertEquals(3, Session.run("train", "--config", none).code());
        Session.Seen other = Session.run("train", "rbm", "--config", run.resolve("config.json"));
        assertEquals(2, other.code());
        assertTrue(other.err().contains("is of another model; model=vae, asked=rbm"), other.err());
    }

    private static Map<String, Json> without(Config config, String member) {
        Map<String, Json> members = new LinkedHashMap<>(config.members().values());
        members.remove(member);
        return members;
    }
}
