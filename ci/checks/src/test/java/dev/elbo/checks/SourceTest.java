package dev.elbo.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// What a formatter does not see: names, imports, width, and words left lying about.
class SourceTest {
    private static final int WIDTH = 120;
    private static final Pattern BANNED_NAME = Pattern.compile("\\b(?:class|interface|record|enum)\\s+"
            + "(\\w*(?:Impl|Utils?|Helpers?|Manager)|(?:Abstract|Base)[A-Z]\\w*)\\b");
    private static final Pattern WILDCARD_IMPORT = Pattern.compile("^import (?:static )?[\\w.]+\\.\\*;");
    // Split, so that this file does not find itself.
    private static final Pattern LEFT_OVER = Pattern.compile("\\b(?:TO" + "DO|FIX" + "ME|XX" + "X)\\b");
    private static final Pattern COMMENT = Pattern.compile("^ *///? (?=\\S)");
    private static final Pattern SWITCHED_OFF = Pattern.compile("@Dis" + "abled\\b");

    @Test
    void typesAreNamedForWhatTheyAre() {
        assertEquals(List.of(), offences(BANNED_NAME, ".java"));
    }

    @Test
    void importsNameTheirTypes() {
        assertEquals(List.of(), offences(WILDCARD_IMPORT, ".java"));
    }

    @Test
    void nothingIsLeftForLater() {
        assertEquals(List.of(), offences(LEFT_OVER, ".java", ".cu", ".cuh", ".c", ".h", ".py"));
    }

    @Test
    void noTestIsSwitchedOff() {
        assertEquals(List.of(), offences(SWITCHED_OFF, ".java"));
    }

    /// So that `ci/gpu` runs them on a real one, and nothing else.
    @Test
    void testsThatOpenTheDeviceOfTheRunAreMarked() {
        Pattern opens = Pattern.compile("= Gpu\\.open\\(|return Gpu\\.open\\(|CudaDevice\\.missing\\(0\\)\\.isEmpty");
        assertEquals(
                List.of(),
                sources("Test.java", "Contract.java").stream()
                        .filter(file -> opens.matcher(House.read(file)).find())
                        .filter(file -> !House.read(file).contains("@Tag(\"device\")"))
                        .map(House.ROOT::relativize)
                        .toList());
    }

    @Test
    void linesFitTheScreen() {
        List<String> wide = new ArrayList<>();
        for (Path file : sources(".java", ".cu", ".cuh", ".c", ".h")) {
            List<String> lines = House.read(file).lines().toList();
            for (int i = 0; i < lines.size(); i++) {
                if (lines.get(i).codePointCount(0, lines.get(i).length()) > WIDTH) {
                    wide.add(House.ROOT.relativize(file) + ":" + (i + 1));
                }
            }
        }
        assertEquals(List.of(), wide);
    }

    /// The formatter breaks a comment that is too wide after its last word, and leaves a word alone on a line.
    @Test
    void noWordOfACommentStandsAlone() {
        List<String> alone = new ArrayList<>();
        for (Path file : sources(".java")) {
            List<String> lines = House.read(file).lines().toList();
            loneWords(lines).forEach(line -> alone.add(House.ROOT.relativize(file) + ":" + line));
        }
        assertEquals(List.of(), alone);
    }

    /// Numbers of short lines of comments between a full one and one that goes on; what is fenced stands as it is.
    private static List<Integer> loneWords(List<String> lines) {
        List<Integer> alone = new ArrayList<>();
        boolean fenced = false;
        for (int i = 1; i < lines.size() - 1; i++) {
            fenced ^= COMMENT.matcher(lines.get(i - 1)).replaceFirst("").startsWith("```");
            String text = COMMENT.matcher(lines.get(i)).replaceFirst("");
            boolean comment = Stream.of(i - 1, i, i + 1)
                    .allMatch(k -> COMMENT.matcher(lines.get(k)).find());
            if (comment && !fenced && lines.get(i - 1).length() > 100 && text.length() < 15) {
                alone.add(i + 1);
            }
        }
        return alone;
    }

    @Test
    void aLoneWordIsRecognised() {
        String full = "/// " + "many words ".repeat(10);
        assertEquals(List.of(2), loneWords(List.of(full, "/// alone", "/// and what follows.")));
        assertEquals(List.of(), loneWords(List.of(full, "/// an end.", "///", "/// Another paragraph.")));
        assertEquals(List.of(), loneWords(List.of("/// ```", full, "/// a = b", "/// ```")));
    }

    @Test
    void theBannedNamesAreRecognised() {
        assertEquals(
                List.of(true, true, true, false, false),
                Stream.of(
                                "class TensorUtils {",
                                "abstract class AbstractOp",
                                "record BaseTest(",
                                "record Basis(",
                                "interface Op {")
                        .map(line -> BANNED_NAME.matcher(line).find())
                        .toList());
    }

    private static List<String> offences(Pattern pattern, String... endings) {
        List<String> found = new ArrayList<>();
        for (Path file : sources(endings)) {
            List<String> lines = House.read(file).lines().toList();
            for (int i = 0; i < lines.size(); i++) {
                if (pattern.matcher(lines.get(i)).find()) {
                    found.add(House.ROOT.relativize(file) + ":" + (i + 1) + ": "
                            + lines.get(i).strip());
                }
            }
        }
        return found;
    }

    private static List<Path> sources(String... endings) {
        return House.walk(House.ROOT).stream()
                .filter(file -> !file.endsWith("SourceTest.java"))
                .filter(file -> Stream.of(endings).anyMatch(file.toString()::endsWith))
                .toList();
    }
}
