package dev.elbo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.file.Json;
import org.junit.jupiter.api.Test;

class ElboTest {
    @Test
    void noCommandShowsTheUsage() {
        Session.Seen seen = Session.run();
        assertEquals(2, seen.code());
        assertTrue(seen.err().contains("Usage: elbo"), seen.err());
        assertEquals("", seen.out());
    }

    @Test
    void helpAndVersionSucceed() {
        assertEquals(0, Session.run("--help").code());
        Session.Seen version = Session.run("--version");
        assertEquals(0, version.code());
        assertTrue(version.out().matches("elbo \\d+\\.\\d+\\.\\d+\\S*\\s*"), version.out());
    }

    @Test
    void anUnknownCommandIsNamed() {
        Session.Seen seen = Session.run("trian");
        assertEquals(2, seen.code());
        assertTrue(seen.err().contains("trian"), seen.err());
    }

    @Test
    void theDoctorSpeaksToPeopleAndPrograms() {
        Session.Seen person = Session.run("doctor");
        assertEquals(0, person.code(), person.out() + person.err());
        assertTrue(person.out().contains("CUDA driver"), person.out());
        Session.Seen curious = Session.run("doctor", "--all");
        assertTrue(curious.out().contains("property elbo.library.cuda: "), curious.out());
        assertFalse(person.out().contains("property elbo.library.cuda: "), person.out());
        Session.Seen program = Session.run("doctor", "--json");
        Json.Members report = (Json.Members) Json.parse(program.out(), "doctor");
        assertTrue(report.values().containsKey("checks"), program.out());
    }
}
