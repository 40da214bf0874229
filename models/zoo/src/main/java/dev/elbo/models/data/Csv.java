package dev.elbo.models.data;

import dev.elbo.runtime.file.BadInputException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Tables of numbers as text: one example a line, fields between commas, semicolons or tabs, packed or not.
///
/// A first line that holds a word is a header; a column that it calls `label` or `class` holds labels: integers from 0,
/// or words, which are numbered in alphabetical order.
public final class Csv {
    private static final List<String> LABEL_NAMES = List.of("label", "class", "target");
    private static final String REMEDY = "correct that line";

    /// The lines of a file, split into fields.
    ///
    /// @param first number of the first line in `lines`, counted from 1
    private record Table(String source, List<String[]> lines, int first, int labelColumn) {}

    private Csv() {}

    /// @param file  the table
    /// @param owner holds the values
    public static Examples read(Path file, Arena owner) {
        Table table = parse(file.toString(), InputFile.bytes(file));
        int fields = table.lines.getFirst().length;
        if (table.labelColumn >= fields) {
            throw malformed(table, 0, "no label; column=" + (table.labelColumn + 1) + ", fields=" + fields);
        }
        int columns = fields - (table.labelColumn >= 0 ? 1 : 0);
        if (columns == 0) {
            throw malformed(table, 0, "no column but the label");
        }
        return examples(table, List.of(columns), 1, owner);
    }

    /// Images whose last field is the label, pixels from 0 to `highest` scaled to [0, 1].
    static Examples pixels(String source, byte[] text, int height, int width, float highest, Arena owner) {
        Table table = parse(source, text);
        Table labelled = new Table(source, table.lines, table.first, height * width);
        return examples(labelled, List.of(height, width), highest, owner);
    }

    private static Table parse(String source, byte[] text) {
        List<String[]> lines = new ArrayList<>();
        String all = new String(text, StandardCharsets.UTF_8);
        String separator = separator(all);
        for (String line : all.split("\r?\n", -1)) {
            lines.add(line.split(separator, -1));
        }
        while (!lines.isEmpty() && String.join("", lines.getLast()).isBlank()) {
            lines.removeLast();
        }
        int first = 1;
        int label = -1;
        if (!lines.isEmpty() && Arrays.stream(lines.getFirst()).anyMatch(field -> !isNumber(field))) {
            List<String> names = Arrays.stream(lines.removeFirst())
                    .map(Csv::plain)
                    .map(String::toLowerCase)
                    .toList();
            label = LABEL_NAMES.stream()
                    .mapToInt(names::indexOf)
                    .filter(i -> i >= 0)
                    .findFirst()
                    .orElse(-1);
            first = 2;
        }
        if (lines.isEmpty()) {
            throw new BadInputException(source, "holds no numbers; line=1", "give a table with one example a line");
        }
        return new Table(source, lines, first, label);
    }

    private static Examples examples(Table table, List<Integer> item, float highest, Arena owner) {
        MemorySegment values = Examples.room(table.lines.size(), item, owner);
        int fields = item.stream().reduce(1, Math::multiplyExact) + (table.labelColumn >= 0 ? 1 : 0);
        List<String> words = new ArrayList<>();
        long at = 0;
        for (int line = 0; line < table.lines.size(); line++) {
            String[] row = table.lines.get(line);
            if (row.length != fields) {
                throw malformed(table, line, "other number of fields; expected=" + fields + ", actual=" + row.length);
            }
            for (int column = 0; column < fields; column++) {
                if (column == table.labelColumn) {
                    words.add(plain(row[column]));
                } else {
                    float value = number(table, line, column) / highest;
                    values.setAtIndex(ValueLayout.JAVA_FLOAT, at++, value);
                }
            }
        }
        // Integers from 0 name the classes 0, 1, … up to the highest; words are sorted.
        boolean numbered = words.stream().allMatch(word -> word.matches("\\d{1,4}"));
        if (numbered) {
            int[] labels = words.stream().mapToInt(Integer::parseInt).toArray();
            int count = 1 + IntStream.of(labels).max().orElse(-1);
            return new Examples(
                    item,
                    values,
                    labels,
                    IntStream.range(0, count).mapToObj(String::valueOf).toList());
        }
        List<String> classes = words.stream().distinct().sorted().toList();
        return new Examples(
                item, values, words.stream().mapToInt(classes::indexOf).toArray(), classes);
    }

    private static float number(Table table, int line, int column) {
        String field = plain(table.lines.get(line)[column]);
        try {
            float value = Float.parseFloat(field);
            if (Float.isFinite(value)) {
                return value;
            }
        } catch (NumberFormatException _) {
            // said below, together with numbers that are none
        }
        throw malformed(table, line, "not a finite number; column=" + (column + 1) + ", field=" + field);
    }

    private static BadInputException malformed(Table table, int line, String what) {
        return new BadInputException(table.source, what + "; line=" + (table.first + line), REMEDY);
    }

    private static String separator(String text) {
        int end = text.indexOf('\n');
        String first = end < 0 ? text : text.substring(0, end);
        return first.contains("\t") ? "\t" : first.contains(";") ? ";" : ",";
    }

    private static boolean isNumber(String field) {
        return plain(field).matches("[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?|NaN|[-+]?[iI]nf(inity)?|");
    }

    private static String plain(String field) {
        String stripped = field.strip();
        boolean quoted = stripped.length() >= 2 && stripped.startsWith("\"") && stripped.endsWith("\"");
        return quoted ? stripped.substring(1, stripped.length() - 1) : stripped;
    }
}
