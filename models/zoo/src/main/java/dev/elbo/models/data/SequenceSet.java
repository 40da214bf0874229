package dev.elbo.models.data;

import java.util.List;
import java.util.Locale;

/// Sequences to train on and sequences to test on.
///
/// @param name  as a person would say it: `letters`
/// @param train for training
/// @param test  held out; its classes begin with those of the training part, others it may have more
/// @param table rows of the table that i32 values point into; 0 where values are numbers
public record SequenceSet(String name, Sequences train, Sequences test, int table) {
    /// Checks that both parts are of one kind.
    public SequenceSet {
        List<String> known = train.classes();
        boolean alike = train.item().equals(test.item()) && train.dtype() == test.dtype();
        if (!alike
                || test.classes().size() < known.size()
                || !test.classes().subList(0, known.size()).equals(known)) {
            throw new IllegalArgumentException("SequenceSet: parts of different kind; train=" + train.item() + " "
                    + train.dtype() + " " + known + ", test=" + test.item() + " " + test.dtype() + " "
                    + test.classes());
        }
    }

    /// Classes that training shows: what a model can say.
    public List<String> classes() {
        return train.classes();
    }

    /// One line for a person: counts, lengths and classes.
    public String summary() {
        String line = String.format(
                Locale.ROOT,
                "%s: %,d sequences of %,d positions to train on, %,d of %,d to test on, longest %d, %d classes",
                name,
                train.count(),
                train.labels().length,
                test.count(),
                test.labels().length,
                Math.max(train.longest(), test.longest()),
                classes().size());
        return table == 0 ? line : line + String.format(Locale.ROOT, ", %,d features", table);
    }
}
