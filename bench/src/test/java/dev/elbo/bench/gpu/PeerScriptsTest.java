package dev.elbo.bench.gpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.elbo.runtime.MatrixPrecision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The scripts of `bench/peers`, as far as they go without PyTorch and JAX, and how they are spoken to.
class PeerScriptsTest {
    private static final Path SCRIPTS = Path.of("peers").toAbsolutePath();

    @TempDir
    Path folder;

    @BeforeAll
    static void needPython() {
        assumeTrue(!PythonPeer.version("json").isEmpty(), "no python3");
    }

    private static String python(String... arguments) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(arguments).redirectErrorStream(true);
        builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes()).strip();
        assertEquals(0, process.waitFor(), said);
        return said;
    }

    @Test
    void everyScriptCompilesAndListsItsModes() throws Exception {
        Map<String, String> modes = Map.of(
                "torch_steps.py", "eager compile graph",
                "jax_steps.py", "jit scan",
                "torch_chains.py", "graph log-graph eager",
                "jax_chains.py", "scan associative");
        for (Map.Entry<String, String> each : modes.entrySet()) {
            String script = SCRIPTS.resolve(each.getKey()).toString();
            python("python3", "-c", "import sys; compile(open(sys.argv[1]).read(), sys.argv[1], 'exec')", script);
            assertEquals(each.getValue(), python("python3", script, "--list"));
        }
    }

    /// A peer that prepares by printing nonsense, sums the array, and counts steps.
    private PythonPeer sum() throws IOException {
        Files.copy(SCRIPTS.resolve("contender.py"), folder.resolve("contender.py"));
        Files.writeString(folder.resolve("sum_steps.py"), """
                import contender, array
                task = contender.Task("sum_steps.py", ("plain", "other"))
                print("compiling ...")
                file, extents = task.arrays["x"]
                x = array.array("f", open(file, "rb").read())
                assert task.bf16 == (task.mode == "plain")
                assert extents == (2, 3) and len(x) == contender.size(extents)
                task.leave("out.x", array.array("f", [2 * each for each in x]).tobytes())
                task.serve(sum(x) if task.mode == "plain" else 1 / 0, lambda n: sum(range(n)))
                """);
        return new PythonPeer(
                folder,
                "sum_steps",
                "vae",
                "plain",
                MatrixPrecision.BF16,
                Map.of("x", new PythonPeer.Array(new int[] {2, 3}, new float[] {1, 2, 3, 4, 5, 6})));
    }

    private static long soon() {
        return System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    }

    @Test
    void aPeerAnswersAndLeavesItsResults() throws Exception {
        try (PythonPeer peer = sum()) {
            assertEquals("sum plain", peer.name());
            assertEquals(21, peer.loss(soon()));
            assertTrue(peer.micros(1000) > 0);
            assertTrue(peer.micros(1) > 0);
            assertArrayEquals(new float[] {2, 4, 6, 8, 10, 12}, peer.left("out.x"));
        }
    }

    @Test
    void aPeerThatEndsIsSaid() throws Exception {
        sum().close();
        try (PythonPeer peer = new PythonPeer(folder, "sum_steps", "vae", "other", MatrixPrecision.TF32, Map.of())) {
            assertEquals(
                    "the script has ended; peer=sum other",
                    assertThrows(IOException.class, () -> peer.loss(soon())).getMessage());
        }
    }

    /// Whose compiler takes too long is not waited for, and is stopped: it would be in the others' times.
    @Test
    void aPeerThatIsNotReadyIsDismissed() throws Exception {
        Path peersFolder = Files.createDirectory(folder.resolve("peers"));
        Files.writeString(peersFolder.resolve("slow_steps.py"), "import time\ntime.sleep(600)\n");
        Peers.Script slow = new Peers.Script("slow_steps", List.of("plain"));
        try (Peers peers = new Peers(folder, List.of(slow), "vae", MatrixPrecision.TF32, Map.of())) {
            peers.check(21, 1e-4, System.nanoTime());
            assertEquals(Map.of(), peers.times(3, 1000));
        }
    }

    @Test
    void aPeerWhoseStepTakesSecondsIsTimedOnce() throws Exception {
        Path peersFolder = Files.createDirectory(folder.resolve("peers"));
        Files.writeString(peersFolder.resolve("long_steps.py"), """
                print(21.0, flush=True)
                for asked, line in enumerate(open(0)):
                    print(6_000_000_000 if asked < 2 else "asked again", flush=True)
                """);
        Peers.Script slow = new Peers.Script("long_steps", List.of("plain"));
        try (Peers peers = new Peers(folder, List.of(slow), "vae", MatrixPrecision.TF32, Map.of())) {
            peers.check(21, 1e-4, soon());
            assertEquals(6e6, peers.times(3, 1000).get("long plain").median());
        }
    }

    @Test
    void noModuleIsNoVersion() {
        assertEquals(List.of(""), List.of(PythonPeer.version("no_such_module_anywhere")));
    }
}
