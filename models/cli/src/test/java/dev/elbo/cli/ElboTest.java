package dev.elbo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.file.Json;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

class ElboTest {
    /// What a person sees of one command.
    private record Seen(int code, String out, String err) {}

    private static Seen run(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Elbo.run(List.of(args), new PrintWriter(out, true), new PrintWriter(err, true));
        return new Seen(code, out.toString(), err.toString());
    }

    @Test
    void noCommandShowsTheUsage() {
        Seen seen = run();
        assertEquals(2, seen.code);
        assertTrue(seen.err.contains("Usage: elbo"), seen.err);
        assertEquals("", seen.out);
    }

    @Test
    void helpAndVersionSucceed() {
        assertEquals(0, run("--help").code);
        Seen version = run("--version");
        assertEquals(0, version.code);
        assertTrue(version.out.matches("elbo \\d+\\.\\d+\\.\\d+\\S*\\s*"), version.out);
    }

    @Test
    void anUnknownCommandIsNamed() {
        Seen seen = run("trian");
        assertEquals(2, seen.code);
        assertTrue(seen.err.contains("trian"), seen.err);
    }

    @Test
    void theDoctorSpeaksToPeopleAndPrograms() {
        Seen person = run("doctor");
        assertEquals(0, person.code, person.out + person.err);
        assertTrue(person.out.contains("CUDA driver"), person.out);
        Seen curious = run("doctor", "--all");
        assertTrue(curious.out.contains("property elbo.library.cuda: "), curious.out);
        assertFalse(person.out.contains("property elbo.library.cuda: "), person.out);
        Seen program = run("doctor", "--json");
        Json.Members report = (Json.Members) Json.parse(program.out, "doctor");
        assertTrue(report.values().containsKey("checks"), program.out);
    }
}
