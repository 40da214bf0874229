package dev.elbo.bench.trust;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Some faults of each model's run; `ci/bench TrustBench faults all` tries every one.
@Tag("simulated")
class FaultCampaignTest {
    private static final int SAMPLED = 3;

    @TempDir
    Path temporary;

    /// Always the same ones; `-Delbo.seed=…` tries others.
    @ParameterizedTest
    @EnumSource
    void aFaultIsSaidOnceAndLeavesNothingBehind(SmallRun run) throws IOException {
        long seed = Long.getLong("elbo.seed", 1);
        FaultCampaign.Outcome outcome = new FaultCampaign(run, temporary).run(SAMPLED, seed);
        assertEquals(List.of(), outcome.problems(), "-Delbo.seed=" + seed);
        assertEquals(SAMPLED, outcome.raised() + outcome.absorbed());
    }

    @Test
    @Tag("slow")
    void everyFaultOfARunIsSaidOnceAndLeavesNothingBehind() throws IOException {
        FaultCampaign.Outcome outcome = new FaultCampaign(SmallRun.CRF, temporary).run(Integer.MAX_VALUE, 1);
        assertEquals(List.of(), outcome.problems());
        assertEquals(outcome.possible(), outcome.injected());
    }
}
