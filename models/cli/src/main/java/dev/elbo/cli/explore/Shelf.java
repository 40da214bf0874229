package dev.elbo.cli.explore;

import dev.elbo.models.data.Examples;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Held-out examples that a person can take: a few of each class, so that all are there to choose from.
final class Shelf {
    private static final int ROOM = 24;

    private Shelf() {}

    /// What the page needs to lay them out, beside the extents of an example.
    static Map<String, Object> of(Examples examples) {
        Map<String, Object> shelf = new LinkedHashMap<>();
        List<Integer> chosen = choose(examples);
        List<String> pictures = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (int row : chosen) {
            pictures.add(Question.pixels(row(examples, row)));
            names.add(examples.labels().length == 0 ? "" : examples.classes().get(examples.labels()[row]));
        }
        shelf.put("item", examples.item());
        shelf.put("pictures", pictures);
        shelf.put("names", names);
        return shelf;
    }

    /// Values of an example.
    ///
    /// @return (features)
    static float[] row(Examples examples, int row) {
        float[] values = new float[examples.features()];
        for (int i = 0; i < values.length; i++) {
            values[i] = examples.value(row, i);
        }
        return values;
    }

    private static List<Integer> choose(Examples examples) {
        int classes = Math.max(1, examples.classes().size());
        int each = Math.max(1, ROOM / classes);
        int[] taken = new int[classes];
        List<Integer> chosen = new ArrayList<>();
        for (int row = 0; row < examples.count() && chosen.size() < ROOM; row++) {
            int label = examples.labels().length == 0 ? 0 : examples.labels()[row];
            if (taken[label] < each) {
                taken[label]++;
                chosen.add(row);
            }
        }
        return chosen;
    }
}
