package dev.elbo.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/// Memory stays as it is under the collector that does nothing: of a replayed step, and of a thousand shapes.
@EnabledOnOs(value = OS.LINUX, disabledReason = "the size of a process is read from /proc")
class FlatMemoryTest {
    private static final long MEBIBYTE = 1 << 20;
    private static final Pattern REPORT = Pattern.compile("heap (\\d+) resident (-?\\d+) live (-?\\d+)");

    /// Growth over the counted part, in bytes.
    private record Growth(long heap, long resident, long live) {}

    @Test
    void tenThousandStepsLeaveNothingBehind() throws Exception {
        Growth growth = run("steps", 10_000);
        assertEquals(0, growth.live);
        assertTrue(growth.heap < MEBIBYTE, growth.toString()); // what the JVM's own threads allocate
        assertTrue(growth.resident < 4 * MEBIBYTE, growth.toString());
    }

    /// What recording makes on the heap is garbage; all else of a shape is gone when its arena has closed. So the
    /// process grows by the heap and by little more: a kibibyte kept for each shape would show.
    @Test
    void aThousandShapesLeaveGarbageAlone() throws Exception {
        Growth growth = run("shapes", 1_000);
        assertEquals(0, growth.live);
        assertTrue(growth.resident - growth.heap < 4 * MEBIBYTE, growth.toString());
    }

    private static Growth run(String what, int count) throws Exception {
        String classPath = String.join(
                System.getProperty("path.separator"),
                Path.of("target", "classes").toString(),
                Path.of("target", "test-classes").toString(),
                System.getProperty("java.class.path"),
                System.getProperty("jdk.module.path", ""));
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UnlockExperimentalVMOptions",
                        "-XX:+UseEpsilonGC",
                        "-Xms1g",
                        "-Xmx1g",
                        "-XX:TieredStopAtLevel=1",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        classPath,
                        FlatMemory.class.getName(),
                        what,
                        String.valueOf(count))
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), said);
        Matcher report = REPORT.matcher(said);
        assertTrue(report.find(), said);
        return new Growth(
                Long.parseLong(report.group(1)), Long.parseLong(report.group(2)), Long.parseLong(report.group(3)));
    }
}
