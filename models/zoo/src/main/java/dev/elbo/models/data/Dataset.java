package dev.elbo.models.data;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/// A part to train on and a part to test on.
///
/// @param name  as a person would say it: `mnist`
/// @param train for training
/// @param test  held out; of the same item and classes
/// @param every how the parts lie in the source that they were one of: its every `every`-th example is held out;
///              0 where each part has a source of its own
public record Dataset(String name, Examples train, Examples test, int every) {
    /// Parts from sources of their own.
    public Dataset(String name, Examples train, Examples test) {
        this(name, train, test, 0);
    }

    /// Checks that both parts are of one kind.
    public Dataset {
        if (!train.item().equals(test.item())) {
            throw new IllegalArgumentException(
                    "Dataset: parts of different shape; train=" + train.item() + ", test=" + test.item());
        }
    }

    /// Where an example stands among all of them: in the order of the one source, or the test part after the other.
    ///
    /// @param held whether it is of the test part
    /// @param row  of its part
    public int place(boolean held, int row) {
        if (every == 0) {
            return held ? train.count() + row : row;
        }
        return held ? row * every + every - 1 : row + row / (every - 1);
    }

    /// One line for a person: counts, shape, range and classes.
    public String summary() {
        String shape = train.item().stream().map(String::valueOf).collect(Collectors.joining("×"));
        if (train.count() == 0) {
            return name + ": no examples, each " + shape;
        }
        float[] range = train.range();
        String line = String.format(
                Locale.ROOT,
                "%s: %,d to train on, %,d to test on, each %s, values %s to %s",
                name,
                train.count(),
                test.count(),
                shape,
                range[0],
                range[1]);
        return train.classes().isEmpty() ? line : line + ", class counts " + Arrays.toString(train.classCounts());
    }
}
