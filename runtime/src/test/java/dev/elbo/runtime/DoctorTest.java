package dev.elbo.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.elbo.runtime.file.Json;
import org.junit.jupiter.api.Test;

class DoctorTest {
    /// The hashes that the doctor expects, from the definition of a draw, element by element.
    @Test
    void theExpectedHashesFollowFromTheDefinition() {
        assertEquals(RandomBits.UNIFORMS, RandomBits.hash(e -> Float.floatToRawIntBits(RandomBits.NOISE.uniform(e))));
        assertEquals(RandomBits.NORMALS, RandomBits.hash(e -> Float.floatToRawIntBits(RandomBits.NOISE.normal(e))));
    }

    @Test
    void thisMachineIsHealthy() {
        Doctor doctor = Doctor.examine();
        assertTrue(doctor.healthy(), doctor.text(true));
        assertTrue(doctor.text(false).contains("random bits, normals, plain Java"), doctor.text(false));
    }

    @Test
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
