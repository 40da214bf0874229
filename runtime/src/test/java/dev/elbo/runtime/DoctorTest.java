package dev.elbo.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class DoctorTest {
    /// The doctor expects what is written down for every device to meet.
    @Test
    void theExpectedHashesAreTheDocumentedOnes() throws IOException {
        String table = Files.readString(Path.of("src/main/java/dev/elbo/runtime/random/README.md"));
        String uniforms = "| uniforms | 2^18 | `%016x` |".formatted(RandomBits.UNIFORMS);
        String normals = "| normals | 2^18 | `%016x` |".formatted(RandomBits.NORMALS);
        assertTrue(table.contains(uniforms) && table.contains(normals), uniforms + normals);
    }

    @Test
    void thisMachineIsHealthy() {
        Doctor doctor = Doctor.examine();
        assertTrue(doctor.healthy(), doctor.text(true));
        assertTrue(doctor.text(false).contains("random bits, normals, plain Java"), doctor.text(false));
    }

    @Test
    @Tag("device")
    void aGpuIsAskedForItsBitsToo() {
        assumeTrue(CudaDevice.missing(0).isEmpty(), "asked for a GPU: none");
        RandomBits.Check expected =
                new RandomBits.Check("random bits, normals, cuda:0", Long.toHexString(RandomBits.NORMALS), true);
        assertTrue(RandomBits.checkAll().contains(expected));
    }

    @Test
    void theReportForProgramsNamesEveryLibrary() {
        Json.Members report = (Json.Members) Json.parse(Doctor.examine().json().compact(), "doctor");
        Json.Elements libraries = (Json.Elements) report.values().get("libraries");
        for (Json library : libraries.values()) {
            Json.Members members = (Json.Members) library;
            boolean present = members.values().get("present").equals(new Json.Flag(true));
            assertEquals(present, members.values().get("install").equals(Json.NOTHING), library.compact());
        }
        assertTrue(libraries.values().size() >= 5, libraries.compact());
    }
}
