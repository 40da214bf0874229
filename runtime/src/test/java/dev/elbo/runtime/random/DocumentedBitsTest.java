package dev.elbo.runtime.random;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.elbo.runtime.cpu.CpuMath;
import dev.elbo.runtime.cpu.Fingerprints;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The hashes written down for every device to meet are met: by plain Java, by vectors, and by the headers of the
/// kernels compiled for the host.
class DocumentedBitsTest {
    private static final Path DOCUMENT =
            Path.of("src", "main", "java", "dev", "elbo", "runtime", "random", "README.md");

    /// The hash of a row `| name | 2^power | hash |`.
    private static String documented(String name, int power) throws Exception {
        Pattern row = Pattern.compile("\\| " + name + " \\| 2\\^" + power + " \\| `([0-9a-f]{16})` \\|");
        Matcher matcher = row.matcher(Files.readString(DOCUMENT));
        if (!matcher.find()) {
            throw new AssertionError(DOCUMENT + " has no row " + row);
        }
        return matcher.group(1);
    }

    private static void assertDocumented(String who, int power, Map<String, String> hashes) throws Exception {
        for (String name : new String[] {"uniforms", "normals"}) {
            assertEquals(documented(name, power), hashes.get(name), who + ", " + name + ", 2^" + power);
        }
    }

    @Test
    void plainJavaMeetsTheDocument() throws Exception {
        assertDocumented("plain", 18, Fingerprints.draws(CpuMath.plain(), 1 << 18));
        assertDocumented("plain", 24, Fingerprints.draws(CpuMath.plain(), 1 << 24));
    }

    @Test
    void vectorsMeetTheDocument() throws Exception {
        assertDocumented("vectors", 18, Fingerprints.draws(Fingerprints.vectors(), 1 << 18));
        assertDocumented("vectors", 24, Fingerprints.draws(Fingerprints.vectors(), 1 << 24));
    }

    @Test
    void elementByElementMeetsTheDocument() throws Exception {
        long uniforms = Fingerprints.basis();
        long normals = Fingerprints.basis();
        for (int e = 0; e < 1 << 18; e++) {
            uniforms = Fingerprints.mix(uniforms, Fingerprints.DOCUMENTED.uniform(e));
            normals = Fingerprints.mix(normals, Fingerprints.DOCUMENTED.normal(e));
        }
        assertEquals(documented("uniforms", 18), Fingerprints.hex(uniforms));
        assertEquals(documented("normals", 18), Fingerprints.hex(normals));
    }

    @Test
    void theHeadersCompiledForTheHostMeetTheDocument(@TempDir Path folder) throws Exception {
        Optional<Path> program = HostCompiler.fingerprints(folder);
        assumeTrue(program.isPresent(), "no C compiler here: the headers were not compared");
        for (int power : new int[] {18, 24}) {
            assertDocumented(
                    "C",
                    power,
                    HostCompiler.values(java.util.List.of(program.get().toString(), "draws", "" + (1 << power))));
        }
    }

    @Test
    @Tag("slow")
    void sixtyFourMillionDrawsMeetTheDocument() throws Exception {
        assertDocumented("vectors", 26, Fingerprints.draws(Fingerprints.vectors(), 1 << 26));
    }
}
