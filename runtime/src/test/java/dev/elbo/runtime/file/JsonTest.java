package dev.elbo.runtime.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "true",
                "-0.5",
                "18446744073709551615",
                "[]",
                "{}",
                "[1,[2,[3]],{\"a\":null}]",
                "{\"b\":1,\"a\":{\"c\":\"\\\"\\\\\\n\"}}"
            })
    void compactTextIsItsOwnReading(String text) {
        assertEquals(text, Json.parse(text, "test").compact());
    }

    @Test
    void prettyTextReadsBackAsTheSameValue() {
        Json value =
                Json.parse("{\"a\":[1,2],\"b\":{\"c\":[{\"d\":1.5e-7},[]]},\"e\":\"\\u00e9\\ud83d\\ude00\"}", "test");
        assertEquals(value, Json.parse(value.pretty(), "test"));
        assertTrue(value.pretty().contains("\"a\": [1, 2]"), value.pretty());
    }

    @Test
    void seedsKeepEveryBit() {
        long seed = 0x8000_0000_0000_0001L;
        assertEquals("-9223372036854775807", Json.of(seed).compact());
        Json.Number read = (Json.Number) Json.parse(Json.of(seed).compact(), "test");
        assertEquals(seed, read.value().longValueExact());
    }

    @Test
    void plainJavaValuesKeepTheirOrder() {
        Map<String, Object> plain = new LinkedHashMap<>();
        plain.put("z", 1);
        plain.put("a", List.of("x", true, 0.1f, 1e-300));
        plain.put("none", null);
        assertEquals(
                "{\"z\":1,\"a\":[\"x\",true,0.1,1.0E-300],\"none\":null}",
                Json.of(plain).compact());
    }

    @Test
    void whatIsNotANumberIsRefused() {
        assertEquals(
                "Json.of: not a JSON number; value=NaN",
                assertThrows(IllegalArgumentException.class, () -> Json.of(Double.NaN))
                        .getMessage());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'{\"a\":1,}' | expected a name in quotes; line=1, column=8",
                "'[1 2]' | expected ','; line=1, column=4",
                "'{\"a\":1} x' | expected the end of the document; line=1, column=9",
                "'' | expected a value; line=1, column=1",
                "'\"abc' | the string does not end; line=1, column=5",
                "'01' | expected the end of the document; line=1, column=2",
                "'1.' | expected a digit; line=1, column=3",
                "'{\"a\":1,\"a\":2}' | the name \"a\" appears twice; line=1, column=8",
                "'\"\\q\"' | unknown escape \\q; line=1, column=3",
                "'nul' | expected a value; line=1, column=1",
                "'1e99999999999' | a number out of range; line=1, column=1",
            })
    void malformedTextIsNamedWithItsPlace(String text, String what) {
        BadInputException refused = assertThrows(BadInputException.class, () -> Json.parse(text, "config.json"));
        assertEquals("config.json: not JSON: " + what + " — correct it there", refused.getMessage());
    }

    @Test
    void aPlaceOnALaterLineIsCounted() {
        BadInputException refused = assertThrows(BadInputException.class, () -> Json.parse("{\n  \"a\": x\n}", "c"));
        assertTrue(refused.getMessage().contains("line=2, column=8"), refused.getMessage());
    }

    @Test
    void depthIsBounded() {
        assertThrows(BadInputException.class, () -> Json.parse("[".repeat(100_000), "deep"));
    }
}
