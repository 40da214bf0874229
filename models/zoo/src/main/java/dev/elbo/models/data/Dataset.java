package dev.elbo.models.data;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/// A part to train on and a part to test on.
///
/// @param name  as a person would say it: `mnist`
/// @param train for training
/// @param test  held out; of the same item and classes
public record Dataset(String name, Examples train, Examples test) {
    /// Checks that both parts are of one kind.
    public Dataset {
        if (!train.item().equals(test.item())) {
            throw new IllegalArgumentException(
                    "Dataset: parts of different shape; train=" + train.item() + ", test=" + test.item());
        }
    }

    /// One line for a person: counts, shape, range and classes.
    public String summary() {
        float low = Float.POSITIVE_INFINITY;
        float high = Float.NEGATIVE_INFINITY;
        for (int row = 0; row < train.count(); row++) {
            for (int feature = 0; feature < train.features(); feature++) {
                low = Math.min(low, train.value(row, feature));
                high = Math.max(high, train.value(row, feature));
            }
        }
        String shape = train.item().stream().map(String::valueOf).collect(Collectors.joining("×"));
        String line = String.format(
                Locale.ROOT,
                "%s: %,d to train on, %,d to test on, each %s, values %s to %s",
                name,
                train.count(),
                test.count(),
                shape,
                low,
                high);
        return train.classes().isEmpty() ? line : line + ", class counts " + Arrays.toString(train.classCounts());
    }
}
