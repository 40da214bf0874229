package dev.elbo.models.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A training process is killed (SIGKILL) again and again, each time at another step and moment, and started again:
/// it ends in the bytes of a run that nobody disturbed.
class KilledRunTest {
    @TempDir
    Path temporary;

    @ParameterizedTest
    @CsvSource({"cpu, 20, 120", "simulated, 3, 24"})
    void aRunKilledAtRandomMomentsEndsInTheBytesOfAnUnbrokenOne(String device, int kills, int steps) throws Exception {
        kill(device, kills, steps);
    }

    @Test
    @Tag("slow")
    void aRunOnTheSimulatedGpuKilledTwentyTimesEndsInTheBytesOfAnUnbrokenOne() throws Exception {
        kill("simulated", 20, 120);
    }

    /// The moments are drawn afresh each time; `-Delbo.seed=…` draws those of a failure again.
    private void kill(String device, int kills, int steps) throws Exception {
        long seed = Long.getLong("elbo.seed", System.nanoTime());
        String seeded = "-Delbo.seed=" + seed;
        SplittableRandom random = new SplittableRandom(seed);
        Path broken = temporary.resolve("broken");
        for (int kill = 0; kill < kills; kill++) {
            // From the first step on to nine tenths of the run, so that it cannot end before it is killed.
            int step = 1 + steps * 9 * kill / (10 * kills) + random.nextInt(2);
            killAt(step, random.nextInt(3_000), broken, device, steps, seeded);
        }
        finish(broken, device, steps, seeded);
        Path whole = temporary.resolve("whole");
        finish(whole, device, steps, seeded);
        String last = "checkpoints/step-%09d.safetensors".formatted(steps);
        assertArrayEquals(Files.readAllBytes(whole.resolve(last)), Files.readAllBytes(broken.resolve(last)), seeded);
        assertEquals(steps, Files.readAllLines(broken.resolve("metrics.jsonl")).size(), seeded);
    }

    /// Lets the run come to a step, and kills it some microseconds after that: while it computes, saves or cleans up.
    private static void killAt(int step, int microseconds, Path folder, String device, int steps, String seeded)
            throws Exception {
        Process process = start(folder, device, steps);
        List<String> said = new ArrayList<>();
        try (BufferedReader output = process.inputReader()) {
            String line = output.readLine();
            while (line != null && !(line.startsWith("step ") && Integer.parseInt(line.substring(5)) >= step)) {
                said.add(line);
                line = output.readLine();
            }
            assertTrue(line != null, seeded + ": ended before step " + step + ": " + said);
            TimeUnit.MICROSECONDS.sleep(microseconds);
        } finally {
            process.destroyForcibly();
        }
        assertEquals(128 + 9, process.waitFor(), seeded + ": not killed; step=" + step);
    }

    static void finish(Path folder, String device, int steps, String seeded) throws Exception {
        Process process = start(folder, device, steps);
        String output = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), seeded + ": " + output);
    }

    /// @param launcher the command that the process is an argument of, if any
    static Process start(Path folder, String device, int steps, String... launcher) throws IOException {
        String classPath = String.join(
                System.getProperty("path.separator"),
                Path.of("target", "classes").toString(),
                Path.of("target", "test-classes").toString(),
                System.getProperty("java.class.path"),
                System.getProperty("jdk.module.path", ""));
        List<String> command = new ArrayList<>(List.of(launcher));
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData",
                "-cp",
                classPath,
                KillableRun.class.getName(),
                folder.toString(),
                String.valueOf(steps),
                device));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }
}
