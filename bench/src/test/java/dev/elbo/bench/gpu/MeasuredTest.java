package dev.elbo.bench.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.file.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MeasuredTest {
    @TempDir
    Path folder;

    private Measured measured(String results, String mode) {
        return new Measured(folder.resolve(results), folder.resolve("kept"), Map.of("gpu", "a", "mode", mode));
    }

    @Test
    void aSecondRunKnowsWhatTheFirstMeasured() throws Exception {
        Map<String, Object> values = Map.of("workload", "vae", "plain_us", new Spread(2, 1, 3));
        measured("first", "quick").add("steps", values, "vae: 2 µs");
        Measured second = measured("second", "quick");
        assertTrue(second.told("steps", Map.of("workload", "vae")));
        Map<String, Json> line =
                second.known("steps", Map.of("workload", "vae")).orElseThrow();
        assertEquals("[2.0,1.0,3.0]", line.get("plain_us").compact());
        assertEquals("\"vae: 2 µs\"", line.get("summary").compact());
        assertEquals(1, Files.readAllLines(folder.resolve("first")).size());
        assertFalse(Files.exists(folder.resolve("second")));
    }

    @Test
    void whatWasMeasuredElsewhereIsNotKnown() {
        assertFalse(measured("first", "quick").told("steps", Map.of("workload", "vae")));
        measured("first", "quick").add("steps", Map.of("workload", "vae"), "");
        assertFalse(measured("first", "quick").told("steps", Map.of("workload", "rbm")));
        assertFalse(measured("first", "quick").told("peers", Map.of("workload", "vae")));
        assertFalse(measured("first", "full").told("steps", Map.of("workload", "vae")));
    }
}
