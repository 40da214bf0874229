package dev.elbo.bench.mutation;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A slip of the pen that kernels and gradients are known for.
enum Rule {
    /// A plus for a minus.
    SIGN(Map.of(" \\+ ", " - ", " - ", " + ", " \\+= ", " -= ")),
    /// A product for a quotient.
    FACTOR(Map.of(" \\* ", " / ", " / ", " * ")),
    /// One element too many, or one too few.
    BOUND(Map.of(" < ", " <= ", " <= ", " < ", " > ", " >= ", " >= ", " > ")),
    /// A start, a step or a neighbour that is off by one.
    OFF_BY_ONE(Map.of(" = 0;", " = 1;", " - 1\\b(?!\\.)", "", " \\+ 1\\b(?!\\.)", "", "\\+\\+\\)", " += 2)")),
    /// The other case.
    CONDITION(Map.of(" == ", " != ", " != ", " == ", " && ", " || ", " \\|\\| ", " && ")),
    /// A gradient that is overwritten where it should be added to, and the other way round.
    FIRST(Map.of("(?<!int |boolean |!)\\bfirst\\b(?!\\()", "!first", "gradient\\.first\\(\\)", "!gradient.first()")),
    /// Threads that do not wait for each other.
    BARRIER(Map.of("__sync(threads|warp)\\([^;]*\\);", ";"));

    private final Map<Pattern, String> changes;

    Rule(Map<String, String> changes) {
        this.changes = new LinkedHashMap<>();
        changes.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(change -> this.changes.put(Pattern.compile(change.getKey()), change.getValue()));
    }

    /// Every way in which this slip can happen in a line of code.
    List<String> slips(String line) {
        List<String> slips = new ArrayList<>();
        changes.forEach((pattern, replacement) -> {
            Matcher matcher = pattern.matcher(line);
            while (matcher.find()) {
                slips.add(line.substring(0, matcher.start()) + replacement + line.substring(matcher.end()));
            }
        });
        return slips;
    }
}
