package dev.elbo.bench;

import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// `results/tagging.md`: means over folds, written by the command alone.
final class TaggingTable {
    private TaggingTable() {}

    static void write(Path results) throws IOException {
        StringBuilder page = new StringBuilder("""
                # Tagging: handwritten words and chunks of sentences

                Written by `ci/bench TaggingBench` from `tagging.jsonl`; not edited by hand. Handwritten words (Kassel
                and Taskar's 52,152 letters, 16 × 8 bits each) in the ten folds they come in: each tests once and the
                others train, or each trains once and the others test. Mean, and from lowest to highest over the folds;
                seed 1. A network alone is the same network trained on single letters, in as many steps of as many.

                | row | model | folds | letters right | aim | words right | log p(word given x), nats | seconds a fold |
                | --- | --- | --- | --- | --- | --- | --- | --- |
                """);
        for (TaggingRow row : TaggingRow.values()) {
            if (row.split != TaggingRow.Split.OWN) {
                List<Map<String, Json>> lines = TaggingBench.of(results, row);
                page.append("| `%s` | %s | %d of %d | %s | %s | %s | %s | %s |%n"
                        .formatted(
                                row.name(),
                                row.title,
                                lines.size(),
                                row.folds(),
                                spread(lines, "test_accuracy", 4),
                                aim(row),
                                row.alone ? "" : spread(lines, "test_sequence_accuracy", 3),
                                row.alone ? "" : spread(lines, "test_log_likelihood", 3),
                                spread(lines, "seconds", 0)));
            }
        }
        page.append("""

                Chunks of CoNLL-2000: its 8,936 sentences train, its 2,012 others test. Features seen three times or
                more; 150 steps of L-BFGS at most.

                | row | model | F1 of chunks | aim | tags right | seconds |
                | --- | --- | --- | --- | --- | --- |
                """);
        List<Map<String, Json>> chunks = TaggingBench.of(results, TaggingRow.CHUNKS);
        page.append("| `%s` | %s | %s | %s | %s | %s |%n%n"
                .formatted(
                        TaggingRow.CHUNKS.name(),
                        TaggingRow.CHUNKS.title,
                        spread(chunks, "test_f1", 4),
                        aim(TaggingRow.CHUNKS),
                        spread(chunks, "test_accuracy", 4),
                        spread(chunks, "seconds", 0)));
        page.append(
                "Seconds are of one thread, beside whatever else the machine did: `load` in each line says how much."
                        + "\n\n## Commands\n\n");
        for (TaggingRow row : TaggingRow.values()) {
            String data = switch (row.split) {
                case MOST_TRAIN -> "letters:FILE --folds all";
                case ONE_TRAINS -> "letters:FILE --folds 1,2,3,4,5,6,7,8,9";
                case OWN -> "conll:DIR";
            };
            String note = row.alone
                    ? ", each letter a word of its own"
                    : row.split == TaggingRow.Split.ONE_TRAINS ? ", and so on: each fold trains once" : "";
            page.append("* `%s`: `elbo train %s --data %s`%s%n".formatted(row.name(), row.command, data, note));
        }
        Files.writeString(results.resolve("tagging.md"), page);
    }

    private static String aim(TaggingRow row) {
        return Double.isNaN(row.aim) ? "" : String.format(Locale.ROOT, "≥ %.3f", row.aim);
    }

    private static String spread(List<Map<String, Json>> lines, String name, int digits) {
        if (lines.isEmpty()) {
            return "not measured";
        }
        DoubleSummaryStatistics values = lines.stream()
                .mapToDouble(line -> ((Json.Number) line.get(name)).value().doubleValue())
                .summaryStatistics();
        String number = "%." + digits + "f";
        String mean = String.format(Locale.ROOT, number, values.getAverage());
        return lines.size() == 1
                ? mean
                : String.format(
                        Locale.ROOT, "%s (" + number + "–" + number + ")", mean, values.getMin(), values.getMax());
    }
}
