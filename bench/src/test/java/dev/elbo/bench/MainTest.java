package dev.elbo.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.CommandLineOptions;

class MainTest {
    @Test
    void whatIsLeftOpenIsEverything() throws Exception {
        List<String> completed = Arrays.asList(Main.completed("-rf", "json"));
        assertEquals(List.of("StepBench", "OperationBench", "-rf", "json"), completed.subList(0, 4));
        assertTrue(completed.stream().anyMatch(each -> each.startsWith("step=vae,vae_batch1000_layers2_hidden500")));
        assertTrue(completed.stream().anyMatch(each -> each.matches("operation=product,.*,own,own_rows64_cols32")));
        assertTrue(completed.stream().anyMatch(each -> each.matches("device=cpu(,cuda)?")));
    }

    @Test
    void whatIsSaidIsLeftAlone() throws Exception {
        String[] said = {"StepBench", "-p", "step=vae", "-p", "operation=own", "-p", "device=cpu"};
        assertArrayEquals(said, Main.completed(said));
    }

    /// As the jar does it, but in this JVM.
    @Test
    void jmhRunsAWorkloadOfOnesOwn() throws Exception {
        System.setProperty("jmh.ignoreLock", "true");
        String[] arguments =
                "OperationBench -p operation=own_rows4 -p device=cpu -f 0 -wi 0 -i 1 -r 20ms -v SILENT".split(" ");
        List<RunResult> results = List.copyOf(new Runner(new CommandLineOptions(Main.completed(arguments))).run());
        assertEquals(1, results.size());
        RunResult own = results.getFirst();
        assertEquals("own_rows4", own.getParams().getParam("operation"));
        double runs = own.getPrimaryResult().getScore();
        assertEquals(160 * runs, own.getSecondaryResults().get("bytes").getScore(), 1e-6 * 160 * runs);
    }
}
