package dev.elbo.bench.trust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `elbo verify` of what a GPU trained, in processes that see the simulated one.
@Tag("simulated")
class VerifyOnCudaTest {
    @TempDir
    Path temporary;

    private static String elbo(int status, Object... words) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of(ElboOnSimulatedGpu.class.getName()));
        for (Object word : words) {
            line.add(word.toString());
        }
        try (Victim elbo = Victim.start(line.toArray(String[]::new))) {
            assertEquals(status, elbo.end(), elbo::said);
            return elbo.said();
        }
    }

    @Test
    void stepsOfAGpuRunAgainToTheSameBytesOnItAlone() throws IOException, InterruptedException {
        Path run = temporary.resolve("vae");
        Object[] train = {
            "train",
            "vae",
            "--hidden",
            3,
            "--latent",
            2,
            "--epochs",
            1,
            "--batch",
            500,
            "--device",
            "cuda",
            "--out",
            run
        };
        elbo(0, train);
        String again = elbo(0, "verify", run);
        assertTrue(again.contains("again on cuda:0"), again);
        assertTrue(again.contains("equal in every byte"), again);

        // Sums of a CPU are in another order.
        String elsewhere = elbo(3, "verify", run, "--device", "cpu");
        assertTrue(elsewhere.contains("differs  device cuda:0 then, cpu now"), elsewhere);

        // What its configuration does not make is not taken for it.
        Path config = run.resolve("config.json");
        Files.writeString(config, Files.readString(config).replaceFirst("\"seed\": *\\d+", "\"seed\": 77"));
        String other = elbo(3, "verify", run);
        assertTrue(other.contains("not what its configuration makes; tensors that differ="), other);
        assertTrue(other.contains("do not trust the checkpoint"), other);
    }
}
