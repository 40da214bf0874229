package dev.elbo.bench;

import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/// `results/spoken-digits.md`: the comparison as a table, written by the command alone.
final class SpokenTable {
    private SpokenTable() {}

    static void write(SpokenLines lines, Path page) throws IOException {
        StringBuilder text =
                new StringBuilder("""
                # Strings of spoken digits: NN alone, NN + HMM apart, NN + HMM as one

                Written by `ci/bench SpokenDigitsBench FILE` from `spoken-digits.jsonl`; not edited by hand. Five
                recordings of one speaker joined to a string; digits of four left-to-right states; mixtures of two
                Gaussians with full covariances over the 12 outputs of a network (26 → 64 → 12, tanh), no state for
                silence. Every system is trained by gradients for %d epochs in all, the joint ones for the last %d by
                strings, and has one dial with three settings, chosen on the development part of the data's own split.
                The decoder's word penalty and score scale are left alone (untuned) or chosen out of the same 15 pairs
                on the development part (tuned).

                Split `own`: all speakers are known; of each digit and speaker recordings 0 to 4 test, 5 to 9 are for
                development. Split `speakers`: one speaker tests and another one is for development, others for each
                seed, so that its spread is that of speakers as well. Mean, and from lowest to highest over seeds.

                `digits` = (recognised − inserted) / said; `strings` without an error; `frames` given to the right
                digit; recognised / substituted / deleted / inserted digits of all seeds together.
                """.formatted((int) SpokenDigitsBench.EPOCHS, (int) SpokenDigitsBench.OF_STRINGS));
        for (String split : List.of("own", "speakers")) {
            for (String decoding : List.of("untuned", "tuned")) {
                text.append("%n## Split `%s`, %s%n%n".formatted(split, decoding));
                text.append("| system | seeds | digits | strings | frames | rec / sub / del / ins |%n".formatted());
                text.append("| --- | --- | --- | --- | --- | --- |%n".formatted());
                for (SpokenSystem system : SpokenSystem.values()) {
                    text.append(row(lines.of("run", split, system), system, decoding));
                }
            }
        }
        text.append(differences(lines));
        text.append(densities(lines));
        text.append(settings(lines));
        Files.writeString(page, text);
    }

    private static String row(List<Map<String, Json>> lines, SpokenSystem system, String decoding) {
        String counts = DoubleStream.of(
                        sum(lines, decoding + "_recognised"),
                        sum(lines, decoding + "_substituted"),
                        sum(lines, decoding + "_deleted"),
                        sum(lines, decoding + "_inserted"))
                .mapToObj(count -> String.format(Locale.ROOT, "%.0f", count))
                .collect(Collectors.joining(" / "));
        return "| %s | %d | %s | %s | %s | %s |%n"
                .formatted(
                        system.title(),
                        lines.size(),
                        spread(lines, decoding + "_digit_accuracy", 3),
                        spread(lines, decoding + "_string_accuracy", 3),
                        spread(lines, decoding + "_frames", 3),
                        counts);
    }

    /// What training as one gains over training apart, within each seed.
    private static String differences(SpokenLines lines) {
        StringBuilder text = new StringBuilder("%n## Joint less apart, digits, by seed%n%n".formatted());
        for (String split : List.of("own", "speakers")) {
            for (String decoding : List.of("untuned", "tuned")) {
                String each = lines.of("run", split, SpokenSystem.JOINT).stream()
                        .map(joint -> lines.of("run", split, SpokenSystem.APART).stream()
                                .filter(apart -> apart.get("seed").equals(joint.get("seed")))
                                .map(apart -> String.format(
                                        Locale.ROOT,
                                        "%+.3f",
                                        SpokenLines.number(joint, decoding + "_digit_accuracy")
                                                - SpokenLines.number(apart, decoding + "_digit_accuracy")))
                                .findFirst()
                                .orElse("–"))
                        .collect(Collectors.joining(", "));
                text.append("* `%s`, %s: %s%n".formatted(split, decoding, each.isEmpty() ? "–" : each));
            }
        }
        return text.toString();
    }

    private static String densities(SpokenLines lines) {
        StringBuilder text = new StringBuilder("""

                ## The density of what a network makes is no measure of it

                log p(h(x), words) of a frame counts how tightly the network packs its outputs: a network that moves
                may raise it without end and tell nothing apart. log p(words | x) of a string cannot be raised so. Nats,
                test part; `stopped` where a number was no longer finite.

                | system | split | log p(h, words) of a frame | log p(words given x) of a string | stopped |
                | --- | --- | --- | --- | --- |
                """);
        for (SpokenSystem system : SpokenSystem.values()) {
            for (String split : system.observes() ? List.of("own", "speakers") : List.<String>of()) {
                List<Map<String, Json>> own = lines.of("run", split, system);
                long stopped = own.stream()
                        .filter(line -> line.containsKey("stopped_at_step"))
                        .count();
                text.append("| %s | %s | %s | %s | %d of %d |%n"
                        .formatted(
                                system.title(),
                                split,
                                spread(own, "log_density_of_a_frame", 1),
                                spread(own, "log_probability_of_a_string", 1),
                                stopped,
                                own.size()));
            }
        }
        return text.toString();
    }

    private static String settings(SpokenLines lines) {
        StringBuilder text = new StringBuilder("""

                ## Settings

                | system | setting: digits of the development part, tuned | chosen | decoder's constants, own split |
                | --- | --- | --- | --- |
                """);
        for (SpokenSystem system : SpokenSystem.values()) {
            List<Map<String, Json>> tried = lines.of("search", "own", system);
            text.append("| %s | %s | %s | %s |%n"
                    .formatted(
                            system.title(),
                            tried.stream()
                                    .map(line -> "%s: %s".formatted(shown(line, "setting"), shown(line, "development")))
                                    .collect(Collectors.joining("; ")),
                            tried.isEmpty() ? "–" : String.valueOf(lines.best(system)),
                            lines.of("run", "own", system).stream()
                                    .map(line -> shown(line, "tuned_scale") + ", " + shown(line, "tuned_penalty"))
                                    .distinct()
                                    .collect(Collectors.joining("; "))));
        }
        return text.toString();
    }

    private static String shown(Map<String, Json> line, String name) {
        return String.format(Locale.ROOT, "%.3g", SpokenLines.number(line, name));
    }

    private static double sum(List<Map<String, Json>> lines, String name) {
        return lines.stream()
                .mapToDouble(line -> SpokenLines.number(line, name))
                .sum();
    }

    private static String spread(List<Map<String, Json>> lines, String name, int digits) {
        if (lines.isEmpty()) {
            return "–";
        }
        DoubleSummaryStatistics values = lines.stream()
                .mapToDouble(line -> SpokenLines.number(line, name))
                .summaryStatistics();
        String number = "%." + digits + "f";
        return String.format(
                Locale.ROOT,
                number + " (" + number + "–" + number + ")",
                values.getAverage(),
                values.getMin(),
                values.getMax());
    }
}
