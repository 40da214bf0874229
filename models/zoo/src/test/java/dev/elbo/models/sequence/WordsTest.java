package dev.elbo.models.sequence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class WordsTest {
    private static Words score(String found, String said) {
        return Words.NONE.plus(words(found), words(said));
    }

    private static List<String> words(String text) {
        return text.isEmpty() ? List.of() : List.of(text.split(" "));
    }

    @Test
    void errorsAreThoseOfTheBestAlignment() {
        assertEquals(new Words(3, 0, 0, 0, 1, 1), score("1 2 3", "1 2 3"));
        assertEquals(new Words(2, 1, 0, 0, 0, 1), score("1 9 3", "1 2 3"));
        assertEquals(new Words(2, 0, 1, 0, 0, 1), score("1 3", "1 2 3"));
        assertEquals(new Words(3, 0, 0, 1, 0, 1), score("1 2 2 3", "1 2 3"));
        assertEquals(new Words(0, 0, 2, 0, 0, 1), score("", "1 2"));
        assertEquals(new Words(1, 1, 1, 0, 0, 1), score("4 3", "1 2 3"));
    }

    @Test
    void insertionsCountAgainst() {
        Words words = score("1 1 1 1", "1").plus(List.of("2"), List.of("2"));
        assertEquals(-0.5, words.accuracy());
        assertEquals(0.5, words.wholeAccuracy());
    }

    @Test
    void aPathGoesThroughWords() {
        assertEquals(List.of("7", "7", "3"), Words.of(List.of("7.0", "7.0", "7.2", "7.3", "7.0", "7.1", "3.1")));
        assertEquals(List.of(), Words.of(List.of()));
        assertTrue(Words.inParts(List.of("7.0", "7.1")));
        assertFalse(Words.inParts(List.of("B-NP", "O")));
        assertFalse(Words.inParts(List.of()));
    }
}
