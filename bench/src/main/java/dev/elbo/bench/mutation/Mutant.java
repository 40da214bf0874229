package dev.elbo.bench.mutation;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.CRC32;

/// A source file with one line changed.
///
/// @param key    a name that it keeps as long as nobody touches the line, whatever happens above it
/// @param file   the source
/// @param line   which line, from 0
/// @param rule   what was done to it
/// @param before the line as it is
/// @param after  the line as it becomes
record Mutant(String key, Path file, int line, Rule rule, String before, String after) {
    /// All mutants of a file: of its code, not of its comments, its includes and its texts.
    static List<Mutant> of(Path file) throws IOException {
        List<Mutant> mutants = new ArrayList<>();
        List<String> lines = Files.readAllLines(file);
        boolean comment = false;
        for (int line = 0; line < lines.size(); line++) {
            String text = lines.get(line);
            comment |= text.startsWith("/*");
            if (!comment && isCode(text)) {
                int end = text.contains("//") ? text.indexOf("//") : text.length();
                for (Rule rule : Rule.values()) {
                    for (String slip : rule.slips(text.substring(0, end))) {
                        String after = slip + text.substring(end);
                        int before = Collections.frequency(lines.subList(0, line), text);
                        String key =
                                key(file.getFileName() + "\n" + text.strip() + "\n" + after.strip() + "\n" + before);
                        mutants.add(new Mutant(key, file, line, rule, text, after));
                    }
                }
            }
            comment &= !text.endsWith("*/");
        }
        return mutants;
    }

    private static boolean isCode(String text) {
        String code = text.strip();
        return !code.startsWith("//") && !code.startsWith("#") && !code.startsWith("import ") && !code.contains("\"");
    }

    /// The whole file, changed.
    String source() throws IOException {
        List<String> lines = new ArrayList<>(Files.readAllLines(file));
        lines.set(line, after);
        return String.join("\n", lines) + "\n";
    }

    private static String key(String text) {
        CRC32 sum = new CRC32();
        sum.update(text.getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().toHexDigits((int) sum.getValue());
    }

    /// Where it stands in the order in which a seed draws: whatever else changes in the sources, it stays there.
    long lot(long seed) {
        return new SplittableRandom(seed ^ Long.parseLong(key, 16)).nextLong();
    }

    /// `reduce.cu:78`.
    String place() {
        return file.getFileName() + ":" + (line + 1);
    }
}
