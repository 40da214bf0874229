package dev.elbo.bench.trust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Some bad files of each format; `ci/bench TrustBench readers 100000` tries more.
class ReaderCampaignTest {
    private static final int INPUTS = 150;

    @TempDir
    Path temporary;

    /// Always the same ones; `-Delbo.seed=…` tries others.
    @ParameterizedTest
    @EnumSource
    void aBadFileIsRefusedInOneLine(Format format) throws IOException {
        long seed = Long.getLong("elbo.seed", 1);
        ReaderCampaign.Outcome outcome = new ReaderCampaign(format, temporary).run(INPUTS, seed, temporary);
        assertEquals(List.of(), outcome.problems(), "-Delbo.seed=" + seed);
        assertTrue(outcome.refused() > INPUTS / 4, "hardly a file was bad: " + outcome);
    }
}
