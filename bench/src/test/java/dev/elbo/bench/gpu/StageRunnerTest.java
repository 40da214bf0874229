package dev.elbo.bench.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StageRunnerTest {
    @TempDir
    Path folder;

    private static Stage stage(String name, int most, String script) {
        return new Stage(name, 0, most, false, List.of("sh", "-c", script), Map.of());
    }

    private boolean run(int seconds, Stage... stages) throws IOException, InterruptedException {
        PrintStream screen = new PrintStream(new ByteArrayOutputStream());
        return new StageRunner(folder.resolve("out"), folder.resolve("work"), seconds, screen)
                .run(Arrays.asList(stages));
    }

    private List<String> summary() throws IOException {
        return Files.readAllLines(folder.resolve("out/summary.txt")).stream()
                .map(line -> line.replaceAll("\\d+\\.\\d s", "s").strip().replaceAll(" +", " "))
                .toList();
    }

    @Test
    void aFailingStageHidesNothing() throws Exception {
        assertFalse(run(
                60,
                stage("breaks", 9, "echo oh; echo '= half of it'; echo no >&2; exit 3"),
                stage("works", 9, "echo '= 7 apples'"),
                stage("lacks", 9, "echo 'no pears here'; exit 77"),
                new Stage("absent", 0, 9, false, List.of("/no/such/program"), Map.of())));
        assertEquals(
                List.of(
                        "breaks failed s exit code 3: no",
                        "works passed s",
                        "lacks not here s no pears here",
                        "half of it",
                        "7 apples"),
                summary().stream().filter(line -> !line.startsWith("absent")).toList());
        assertTrue(summary().stream().anyMatch(line -> line.startsWith("absent not here")));
        String log = Files.readString(folder.resolve("out/log.txt"));
        assertTrue(log.contains("oh\n") && log.contains("no\n"), log);
    }

    @Test
    void aHangingStageIsStoppedWithItsChildren() throws Exception {
        Path alive = folder.resolve("alive");
        long begin = System.nanoTime();
        assertTrue(run(
                60,
                stage("hangs", 1, "(sleep 40; touch " + alive + ") & echo '= begun'; wait"),
                stage("works", 9, "true")));
        assertTrue(System.nanoTime() - begin < 30e9, "waited for it");
        assertEquals(List.of("hangs cut s", "works passed s", "begun"), summary());
        assertFalse(Files.exists(alive));
    }

    @Test
    void whatPassedIsNotRunAgain() throws Exception {
        Path count = folder.resolve("count");
        String script = "echo x >>" + count + "; echo '= once'; test -e " + folder.resolve("go");
        String always = "echo x >>" + count + "; echo '= once'";
        assertFalse(run(60, stage("first", 9, always), stage("second", 9, script)));
        Files.createFile(folder.resolve("go"));
        assertTrue(run(60, stage("first", 9, always), stage("second", 9, script)));
        assertEquals(3, Files.readAllLines(count).size());
        assertEquals(List.of("first passed s earlier", "second passed s", "once", "once"), summary());
    }

    @Test
    void whatWasBegunInVainComesAfterWhatWasNot() throws Exception {
        Path order = folder.resolve("order");
        Stage broken = stage("broken", 9, "echo broken >>" + order + "; exit 1");
        Stage other = stage("other", 9, "echo other >>" + order);
        assertFalse(run(60, broken));
        assertFalse(run(60, broken, other));
        assertFalse(run(60, broken, other));
        assertEquals(List.of("broken", "other", "broken", "broken"), Files.readAllLines(order));
        assertEquals(List.of("broken failed s exit code 1:", "other passed s earlier"), summary());
    }

    @Test
    void whoEndsTheRunEndsItsStage() throws Exception {
        Path begun = folder.resolve("is-begun");
        StageRunner runner = new StageRunner(
                folder.resolve("out"), folder.resolve("work"), 60, new PrintStream(new ByteArrayOutputStream()));
        Thread run = Thread.ofPlatform().start(() -> {
            try {
                runner.run(List.of(stage("hangs", 50, "touch " + begun + "; sleep 40")));
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        while (!Files.exists(begun)) {
            Thread.sleep(10);
        }
        runner.abandon();
        run.join(30_000);
        assertFalse(run.isAlive(), "waits for it");
    }

    @Test
    void timeIsKeptForTheStagesBehind() throws Exception {
        Stage greedy = new Stage("greedy", 0, 40, false, List.of("sleep", "40"), Map.of());
        Stage behind = new Stage("behind", 5, 9, false, List.of("true"), Map.of());
        assertTrue(run(7, greedy, behind));
        assertEquals(List.of("greedy cut s", "behind passed s"), summary());
    }

    @Test
    void whereThereIsNotTimeForAllTheFirstHaveTheirs() throws Exception {
        Stage first = new Stage("first", 5, 9, false, List.of("true"), Map.of());
        Stage behind = new Stage("behind", 50, 90, false, List.of("true"), Map.of());
        assertTrue(run(7, first, behind));
        assertEquals(List.of("first passed s", "behind passed s"), summary());
    }

    @Test
    void withoutWhatIsNeededNothingElseIsBegun() throws Exception {
        assertFalse(run(60, stage("device", 9, "echo none; exit 1").first(), stage("tests", 9, "true")));
        assertEquals(List.of("device failed s exit code 1: none", "tests not begun s"), summary());
    }

    @Test
    void testsAreCountedAndNoneIsAFailure() throws Exception {
        String some = "echo '[         3 tests aborted      ]'; echo '[        12 tests successful   ]';"
                + " echo '[         0 tests failed       ]'";
        String none = "echo '[         3 tests aborted      ]'; echo '[         0 tests successful   ]'";
        assertFalse(run(60, stage("some", 9, some), stage("none", 9, none)));
        assertEquals(
                List.of(
                        "some passed s tests: 12 successful, 3 aborted",
                        "none failed s no test ran: tests: 0 successful, 3 aborted"),
                summary());
    }
}
