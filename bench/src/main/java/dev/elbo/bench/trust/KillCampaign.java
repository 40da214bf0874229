package dev.elbo.bench.trust;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/// A run on the CPU whose process is killed (SIGKILL) again and again, at random steps and moments, while it
/// computes, saves or cleans up. Each time it is started again on the same folder; it must end in the bytes
/// of a run that nobody disturbed.
public final class KillCampaign {
    /// What came of it.
    ///
    /// @param kills    processes killed
    /// @param survived of them, all if the run ended as it should
    public record Outcome(SmallRun run, int kills, int survived, List<String> problems) {}

    private static final int LATEST_MICROSECONDS = 3_000;

    private final SmallRun run;
    private final Path temporary;
    private final int epochs;

    /// @param temporary an empty folder
    /// @param epochs    of the run
    public KillCampaign(SmallRun run, Path temporary, int epochs) {
        this.run = run;
        this.temporary = temporary;
        this.epochs = epochs;
    }

    /// Kills so many processes.
    ///
    /// @param seed of steps and moments
    public Outcome run(int kills, long seed) throws IOException, InterruptedException {
        SplittableRandom random = new SplittableRandom(seed);
        List<String> problems = new ArrayList<>();
        Path broken = temporary.resolve(run + "-killed");
        int steps = (int) run.steps(epochs);
        int survived = 0;
        for (int kill = 0; kill < kills; kill++) {
            int step = 1 + steps * 9 * kill / (10 * kills) + random.nextInt(2);
            String said = killAt(step, random.nextInt(LATEST_MICROSECONDS), broken);
            if (said.isEmpty()) {
                survived++;
            } else {
                problems.add(run + ", before step " + step + ": ended by itself: " + said);
            }
        }
        Path whole = temporary.resolve(run + "-whole");
        String end = finish(broken) + finish(whole);
        if (!end.isEmpty()) {
            problems.add(run + ": " + end);
        } else if (!Arrays.equals(Victim.last(whole), Victim.last(broken))) {
            problems.add(run + ": the run ended in other bytes");
        }
        return new Outcome(run, kills, problems.isEmpty() ? survived : 0, List.copyOf(problems));
    }

    /// Lets the run come to a step, and kills it some microseconds after that.
    ///
    /// @return what it said if it ended before; empty as a rule
    private String killAt(int step, int microseconds, Path folder) throws IOException, InterruptedException {
        try (Victim victim = Victim.train(run, folder, epochs)) {
            if (!victim.reaches(step)) {
                return victim.said();
            }
            TimeUnit.MICROSECONDS.sleep(microseconds);
            return "";
        }
    }

    private String finish(Path folder) throws IOException, InterruptedException {
        try (Victim victim = Victim.train(run, folder, epochs)) {
            return victim.end() == 0 ? "" : victim.said();
        }
    }
}
