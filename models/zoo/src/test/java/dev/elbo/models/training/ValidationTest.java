package dev.elbo.models.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;

class ValidationTest {
    private static final Trainer.Progress NOW = new Trainer.Progress(1, 2, 0.5, 3, 0, 1, 1);

    private final List<Double> kept = new ArrayList<>();

    private Validation judging(int patience, Double... losses) {
        Iterator<Double> coming = List.of(losses).iterator();
        return new Validation(coming::next, patience, (_, loss) -> kept.add(loss));
    }

    @Test
    void theBestIsKeptAndTheRunStopsWhenPatienceEnds() {
        Validation judge = judging(2, 5.0, 4.0, 4.5, 3.0, 3.5, 3.0);
        for (int i = 0; i < 5; i++) {
            assertTrue(judge.goOn(NOW));
        }
        // Not worse is not better.
        assertFalse(judge.goOn(NOW));
        assertEquals(List.of(5.0, 4.0, 3.0), kept);
        assertEquals(3.0, judge.best());
    }

    @Test
    void withoutPatienceItNeverStopsAndANumberThatIsNoneIsNeverTheBest() {
        Validation judge = judging(0, Double.NaN, 2.0, Double.NaN, 9.0);
        for (int i = 0; i < 4; i++) {
            assertTrue(judge.goOn(NOW));
        }
        assertEquals(List.of(2.0), kept);
    }

    @Test
    void whatItRemembersOutlivesAProcess() {
        Validation first = judging(3, 5.0, 6.0);
        first.goOn(NOW);
        first.goOn(NOW);
        Validation second = judging(3, 5.5, 5.5);
        second.restore(first.facts());
        assertTrue(second.goOn(NOW));
        assertFalse(second.goOn(NOW));
        assertEquals(5.0, second.best());
    }

    @Test
    void bothWatchersAreToldWhateverTheFirstSays() {
        List<String> told = new ArrayList<>();
        Trainer.Watcher stops = _ -> !told.add("first");
        Trainer.Watcher goesOn = _ -> told.add("second");
        assertFalse(stops.and(goesOn).goOn(NOW));
        assertEquals(List.of("first", "second"), told);
    }
}
