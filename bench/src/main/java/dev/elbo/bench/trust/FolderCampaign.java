package dev.elbo.bench.trust;

import dev.elbo.models.training.RunFolder;
import dev.elbo.runtime.Checkpoint;
import dev.elbo.runtime.file.BadInputException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/// What happens to the folder of a run while processes work in it, and to processes that only read it.
public final class FolderCampaign {
    /// What happens.
    public enum Event {
        /// `elbo report` is killed, again and again.
        KILLED_REPORT,
        /// `elbo evaluate` is.
        KILLED_EVALUATION,
        /// `elbo verify` is.
        KILLED_VERIFICATION,
        /// A second process wants to go on with a run that is going on.
        TWO_PROCESSES,
        /// The folder is moved away, and comes back later.
        VANISHED,
        /// The disk becomes read-only, and writable again later.
        READ_ONLY,
        /// The disk is full, and has room again later.
        FULL
    }

    /// What came of it.
    ///
    /// @param tried    how often it happened; 0 where this machine lets nobody mount a disk of memory
    /// @param survived of them
    /// @param problems what was not as it should be, in words
    public record Outcome(Event event, int tried, int survived, List<String> problems) {}

    private static final SmallRun RUN = SmallRun.VAE;
    private static final int EPOCHS = 200;
    private static final String ROOM = "512k";
    private static final int LONGEST_READ = 3_000;

    private final Path temporary;
    private final List<String> problems = new ArrayList<>();

    /// @param temporary an empty folder
    public FolderCampaign(Path temporary) {
        this.temporary = temporary;
    }

    /// Lets it happen so often.
    ///
    /// @param seed of the moments
    public Outcome run(Event event, int times, long seed) throws IOException, InterruptedException {
        SplittableRandom random = new SplittableRandom(seed);
        Path run = temporary.resolve(event.name());
        Path disk = Files.createDirectories(temporary.resolve("disk"));
        int before = problems.size();
        int survived = 0;
        boolean mounts = event == Event.READ_ONLY || event == Event.FULL;
        if (mounts && !mounted("-t", "tmpfs", "-o", "size=" + ROOM, "tmpfs", disk.toString())) {
            return new Outcome(event, 0, 0, List.of());
        }
        try {
            for (int time = 0; time < times; time++) {
                int known = problems.size();
                switch (event) {
                    case KILLED_REPORT -> killed(run, random, "report", run);
                    case KILLED_EVALUATION -> killed(run, random, "evaluate", run, "--nll", 50);
                    case KILLED_VERIFICATION -> killed(run, random, "verify", run);
                    case TWO_PROCESSES -> twoProcesses(run, random);
                    case VANISHED -> vanished(run, random);
                    case READ_ONLY -> readOnly(run, random);
                    case FULL -> full(disk, random);
                }
                survived += problems.size() == known ? 1 : 0;
            }
        } finally {
            if (mounts) {
                command("umount", disk.toString());
            }
        }
        return new Outcome(event, times, survived, List.copyOf(problems.subList(before, problems.size())));
    }

    /// Kills a command that reads a run, at a random moment; then it must do its work as if nothing had been.
    private void killed(Path run, SplittableRandom random, Object... words) throws IOException, InterruptedException {
        if (!Files.exists(run)) {
            said(Victim.elbo("train", "vae", "--hidden", 3, "--epochs", 2, "--device", "cpu", "--out", run), 0, "");
        }
        byte[] before = Victim.last(run);
        try (Victim _ = Victim.elbo(words)) {
            TimeUnit.MILLISECONDS.sleep(random.nextInt(LONGEST_READ));
        }
        checkWhole(run);
        said(Victim.elbo(words), 0, "");
        if (!Arrays.equals(before, Victim.last(run))) {
            problems.add(words[0] + ": the checkpoint has changed");
        }
    }

    /// Two that train, and one that only reads.
    private void twoProcesses(Path run, SplittableRandom random) throws IOException, InterruptedException {
        try (Victim _ =
                Victim.elbo("train", "vae", "--hidden", 3, "--epochs", 1_000_000, "--device", "cpu", "--out", run)) {
            while (!Files.exists(run.resolve("metrics.jsonl"))) {
                TimeUnit.MILLISECONDS.sleep(10);
            }
            TimeUnit.MILLISECONDS.sleep(random.nextInt(LONGEST_READ));
            said(Victim.elbo("train", "--resume", run, "--device", "cpu"), 3, "in use by another process");
            said(Victim.elbo("evaluate", run), 3, "holds no checkpoint yet");
        }
        ScratchFolder.delete(run);
    }

    private void vanished(Path run, SplittableRandom random) throws IOException, InterruptedException {
        Path elsewhere = temporary.resolve("elsewhere");
        disturbed(run, random, _ -> {
            Files.move(run, elsewhere);
            return 1;
        });
    }

    /// What is opened from now on is opened in a view of the folder that nobody can write to.
    private void readOnly(Path run, SplittableRandom random) throws IOException, InterruptedException {
        disturbed(run, random, _ -> {
            mounted("--bind", run.toString(), run.toString());
            // As long as a file is being written there, the view refuses.
            while (!mounted("-o", "remount,bind,ro", run.toString())) {
                TimeUnit.MILLISECONDS.sleep(1);
            }
            return 1;
        });
    }

    private void full(Path disk, SplittableRandom random) throws IOException, InterruptedException {
        disturbed(disk.resolve("run"), random, _ -> {
            try {
                Files.write(disk.resolve("filler"), new byte[1 << 20]);
            } catch (IOException _) {
                return 1; // full, which is what was wanted
            }
            throw new IllegalStateException("FolderCampaign: the disk takes more than it is large");
        });
    }

    /// What is done to a run that is going on.
    @FunctionalInterface
    private interface Disturbance {
        /// @return the exit status that the run has to end with
        int happen(Victim victim) throws IOException, InterruptedException;
    }

    /// A run that is disturbed at a random step, then left alone, then gone on with.
    private void disturbed(Path run, SplittableRandom random, Disturbance disturbance)
            throws IOException, InterruptedException {
        int steps = (int) RUN.steps(EPOCHS);
        try (Victim victim = Victim.train(RUN, run, EPOCHS)) {
            if (!victim.reaches(1 + random.nextInt(steps / 2))) {
                problems.add("ended by itself: " + victim.said());
                return;
            }
            int wanted = disturbance.happen(victim);
            int status = victim.end();
            if (status != wanted) {
                problems.add("status " + status + ", not " + wanted + ": " + victim.said());
            }
        }
        restore(run);
        checkWhole(run);
        said(Victim.train(RUN, run, EPOCHS), 0, "");
        if (!Arrays.equals(undisturbed(), Victim.last(run))) {
            problems.add("the run that went on ended in other bytes");
        }
        ScratchFolder.delete(run);
    }

    /// Makes good what was done to a run.
    private void restore(Path run) throws IOException, InterruptedException {
        Path elsewhere = temporary.resolve("elsewhere");
        if (Files.exists(elsewhere)) {
            ScratchFolder.delete(run);
            Files.move(elsewhere, run);
        }
        command("umount", run.toString()); // where it is a view of itself
        Files.deleteIfExists(run.resolveSibling("filler"));
    }

    private byte[] undisturbed() throws IOException, InterruptedException {
        Path whole = temporary.resolve("whole");
        if (!Files.exists(whole)) {
            said(Victim.train(RUN, whole, EPOCHS), 0, "");
        }
        return Victim.last(whole);
    }

    /// Waits for a process that has to end with a status and to say a text.
    private void said(Victim victim, int status, String text) throws IOException, InterruptedException {
        try (victim) {
            int actual = victim.end();
            if (actual != status || !victim.said().contains(text)) {
                problems.add("status " + actual + ", not " + status + ": " + victim.said());
            }
        }
    }

    private void checkWhole(Path run) throws IOException {
        try (Arena owner = Arena.ofConfined()) {
            for (Path file : RunFolder.checkpoints(run)) {
                Checkpoint.read(file, owner);
            }
        } catch (BadInputException | FileSystemException e) {
            problems.add("a checkpoint that is not whole: " + e.getMessage());
        }
    }

    private static boolean mounted(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("mount"));
        command.addAll(List.of(arguments));
        return command(command.toArray(String[]::new));
    }

    /// @return whether the command is there and succeeds
    private static boolean command(String... words) throws InterruptedException {
        try {
            return new ProcessBuilder(words)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException _) {
            return false; // no such command on this system
        }
    }
}
