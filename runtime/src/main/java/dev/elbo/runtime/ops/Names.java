package dev.elbo.runtime.ops;

import java.util.Locale;

/// Names of operations that are rows of a table.
final class Names {
    private Names() {}

    /// `LEAKY_RELU` as `leakyRelu`.
    static String of(Enum<?> row) {
        StringBuilder name = new StringBuilder();
        for (String word : row.name().split("_")) {
            name.append(word.charAt(0)).append(word.substring(1).toLowerCase(Locale.ROOT));
        }
        name.setCharAt(0, Character.toLowerCase(name.charAt(0)));
        return name.toString();
    }
}
