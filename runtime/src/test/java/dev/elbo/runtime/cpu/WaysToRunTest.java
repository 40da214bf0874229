package dev.elbo.runtime.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.random.HostCompiler;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The bits do not depend on the width of the vectors, nor on whether Java is compiled or interpreted.
class WaysToRunTest {
    private static final String[] VECTORS = {"--add-modules", "jdk.incubator.vector"};
    private static final int LOOPS = 300;

    @ParameterizedTest
    @CsvSource({"16, 128", "32, 256"})
    void narrowerVectorsGiveTheSameBits(int bytes, int bits) throws Exception {
        Map<String, String> actual = child("vectors", 1 << 18, "-XX:MaxVectorSize=" + bytes, VECTORS[0], VECTORS[1]);
        assertEquals("Vector_API,_" + bits + "_bits", actual.get("provider"));
        assertSameAsHere(actual, 1 << 18);
    }

    @Test
    void interpretedVectorsGiveTheSameBits() throws Exception {
        Map<String, String> actual = child("vectors", 1 << 16, "-Xint", VECTORS[0], VECTORS[1]);
        assertTrue(actual.get("provider").startsWith("Vector_API"), actual.get("provider"));
        assertSameAsHere(actual, 1 << 16);
    }

    @Test
    void interpretedPlainJavaGivesTheSameBits() throws Exception {
        assertSameAsHere(child("plain", 1 << 18, "-Xint"), 1 << 18);
    }

    @Test
    @Tag("slow")
    void interpretedPlainJavaGivesTheSameSixteenMillionDraws() throws Exception {
        assertSameAsHere(child("plain", 1 << 24, "-Xint"), 1 << 24);
    }

    @Test
    @Tag("slow")
    void interpretedVectorsGiveTheSameMillionDraws() throws Exception {
        assertSameAsHere(child("vectors", 1 << 20, "-Xint", VECTORS[0], VECTORS[1]), 1 << 20);
    }

    @Test
    void withoutTheVectorModulePlainJavaIsTheBest() throws Exception {
        assertEquals("plain_Java", child("vectors", 64).get("provider"));
    }

    private static void assertSameAsHere(Map<String, String> actual, int draws) {
        Fingerprints.draws(CpuMath.plain(), draws).forEach((name, hash) -> assertEquals(hash, actual.get(name), name));
        Fingerprints.loops(CpuMath.plain(), LOOPS).forEach((name, hash) -> assertEquals(hash, actual.get(name), name));
    }

    private static Map<String, String> child(String provider, int draws, String... options) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(options));
        String classes = folder(CpuMath.class) + System.getProperty("path.separator") + folder(Fingerprints.class);
        command.addAll(List.of("-cp", classes, Fingerprints.class.getName(), provider, "" + draws, "" + LOOPS));
        return HostCompiler.values(command);
    }

    private static String folder(Class<?> type) throws Exception {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI())
                .toString();
    }
}
