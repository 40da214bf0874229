package dev.elbo.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/// Memory stays as it is under the collector that does nothing: of a replayed step, and of a thousand shapes.
@EnabledOnOs(value = OS.LINUX, disabledReason = "the size of a process is read from /proc")
class FlatMemoryTest {
    private static final long MEBIBYTE = 1 << 20;
    private static final Pattern REPORT = Pattern.compile("heap (\\d+) resident (-?\\d+) live (-?\\d+)");

    /// Growth over the counted part, in bytes.
    private record Growth(long heap, long resident, long live) {
        long besideHeap() {
            return resident - heap;
        }

        boolean isFlat() {
            return besideHeap() < 4 * MEBIBYTE;
        }
    }

    @Test
    void tenThousandStepsLeaveNothingBehind() throws Exception {
        Growth growth = run("steps", 10_000, "cpu", "1g");
        assertTrue(growth.heap < MEBIBYTE, growth.toString()); // what the JVM's own threads allocate
        assertFlat(growth);
    }

    @Test
    void aThousandShapesLeaveGarbageAlone() throws Exception {
        assertFlat(run("shapes", 1_000, "cpu", "1g"));
    }

    /// The simulated GPU makes garbage itself, more than a mebibyte a step.
    @Test
    void stepsAndShapesLeaveNothingBehindOnTheSimulatedGpu() throws Exception {
        assertFlat(run("steps", 300, "simulated", "2g"));
        assertFlat(run("shapes", 100, "simulated", "2g"));
    }

    /// The same at full length: some minutes, and as much memory as is asked for here.
    @Test
    @Tag("slow")
    void tenThousandStepsAndAThousandShapesLeaveNothingBehindOnTheSimulatedGpu() throws Exception {
        assertFlat(run("steps", 10_000, "simulated", "16g"));
        assertFlat(run("shapes", 1_000, "simulated", "10g"));
    }

    /// What recording makes on the heap is garbage; all else of a step or a shape is gone when its arena has closed. So
    /// the process grows by the heap and by little more: a kibibyte kept for each would show.
    private static void assertFlat(Growth growth) {
        assertEquals(0, growth.live);
        assertTrue(growth.isFlat(), growth.toString());
    }

    /// The flattest of up to three runs: what a compiler takes while it is at work is counted, too, four mebibytes in
    /// one run of five; what a step leaves behind is there in each.
    private static Growth run(String what, int count, String device, String heap) throws Exception {
        Growth least = once(what, count, device, heap);
        for (int more = 0; more < 2 && !least.isFlat(); more++) {
            Growth other = once(what, count, device, heap);
            least = other.besideHeap() < least.besideHeap() ? other : least;
        }
        return least;
    }

    private static Growth once(String what, int count, String device, String heap) throws Exception {
        List<String> options =
                List.of("-XX:+UnlockExperimentalVMOptions", "-XX:+UseEpsilonGC", "-Xms" + heap, "-Xmx" + heap);
        String said = ChildJvm.output(FlatMemory.class, options, what, String.valueOf(count), device);
        Matcher report = REPORT.matcher(said);
        assertTrue(report.find(), said);
        return new Growth(
                Long.parseLong(report.group(1)), Long.parseLong(report.group(2)), Long.parseLong(report.group(3)));
    }
}
