package dev.elbo.models.sequence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

/// Counts worked out by hand from the definition of the shared tasks' scorer.
class ChunksTest {
    private static Chunks score(String claimed, String gold) {
        return Chunks.NONE.plus(List.of(claimed.split(" ")), List.of(gold.split(" ")));
    }

    @Test
    void typeAndBothEndsMustAgree() {
        assertEquals(new Chunks(2, 2, 2), score("B-NP I-NP O B-VP", "B-NP I-NP O B-VP"));
        assertEquals(new Chunks(0, 1, 1), score("B-NP I-NP O", "B-NP O O"));
        assertEquals(new Chunks(0, 1, 1), score("O B-NP I-NP", "B-NP I-NP I-NP"));
        assertEquals(new Chunks(0, 1, 1), score("B-VP I-VP", "B-NP I-NP"));
    }

    @Test
    void aSecondBeginningEndsTheFirstChunk() {
        assertEquals(new Chunks(0, 2, 1), score("B-NP B-NP", "B-NP I-NP"));
        assertEquals(new Chunks(2, 2, 2), score("B-NP B-NP", "B-NP B-NP"));
    }

    /// An I after nothing, or after another type, begins a chunk: as if it were a B.
    @Test
    void anInsideWithoutABeginningIsOne() {
        assertEquals(new Chunks(1, 1, 1), score("O I-NP I-NP", "O B-NP I-NP"));
        assertEquals(new Chunks(2, 2, 2), score("B-NP I-VP I-VP", "B-NP B-VP I-VP"));
        assertEquals(new Chunks(1, 1, 2), score("I-NP O", "B-NP I-LST"));
    }

    @Test
    void sentencesAreCountedTogetherButDoNotTouch() {
        Chunks both = score("B-NP", "B-NP").plus(List.of("I-NP", "O"), List.of("I-NP", "B-VP"));
        assertEquals(new Chunks(2, 2, 3), both);
        assertEquals(1, both.precision());
        assertEquals(2.0 / 3, both.recall(), 1e-12);
        assertEquals(0.8, both.f1(), 1e-12);
    }

    @Test
    void nothingFoundIsNoDivisionByZero() {
        Chunks none = score("O O", "O O");
        assertEquals(0, none.f1());
        assertEquals(0, none.precision());
        assertEquals(
                "Chunks: two taggings of one sentence; claimed=1, gold=2",
                assertThrows(IllegalArgumentException.class, () -> score("O", "O O"))
                        .getMessage());
    }
}
