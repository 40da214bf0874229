package dev.elbo.runtime.file;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class BadInputExceptionTest {
    /// A field of a file may hold anything, and a terminal does what it is told.
    @Test
    void theMessageIsOneLineThatSteersNoTerminal() {
        String field = "a\r\nb\u001b[2J\u2028ü😀";
        assertEquals(
                "x.csv: not a number; field=a\\u000d\\u000ab\\u001b[2J\\u2028ü😀 — correct it",
                new BadInputException("x.csv", "not a number; field=" + field, "correct it").getMessage());
    }
}
