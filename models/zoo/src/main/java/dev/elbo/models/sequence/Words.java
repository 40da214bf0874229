package dev.elbo.models.sequence;

import java.util.ArrayList;
import java.util.List;

/// How well strings of words are recognised: the alignment with the fewest errors is counted.
///
/// ```
/// accuracy = (recognised − inserted) / spoken         spoken = recognised + substituted + deleted
/// ```
///
/// @param recognised words said and found
/// @param substituted words said for which another was found
/// @param deleted    words said and not found
/// @param inserted   words found that nobody said
/// @param whole      strings without any error
/// @param strings    counted
public record Words(int recognised, int substituted, int deleted, int inserted, int whole, int strings) {
    /// Nothing counted yet.
    public static final Words NONE = new Words(0, 0, 0, 0, 0, 0);

    /// These and those of one more string.
    ///
    /// @param found words, in order
    /// @param said  words, in order
    public Words plus(List<String> found, List<String> said) {
        // errors[i][j]: fewest for the first i said and the first j found
        int[][] errors = new int[said.size() + 1][found.size() + 1];
        for (int i = 0; i <= said.size(); i++) {
            for (int j = 0; j <= found.size(); j++) {
                if (i == 0 || j == 0) {
                    errors[i][j] = i + j;
                } else {
                    int through = errors[i - 1][j - 1] + (same(said, i, found, j) ? 0 : 1);
                    errors[i][j] = Math.min(through, 1 + Math.min(errors[i - 1][j], errors[i][j - 1]));
                }
            }
        }
        int right = 0;
        int other = 0;
        int lost = 0;
        int i = said.size();
        int j = found.size();
        while (i > 0 || j > 0) {
            boolean same = i > 0 && j > 0 && same(said, i, found, j);
            if (i > 0 && j > 0 && errors[i][j] == errors[i - 1][j - 1] + (same ? 0 : 1)) {
                right += same ? 1 : 0;
                other += same ? 0 : 1;
                i--;
                j--;
            } else if (i > 0 && errors[i][j] == errors[i - 1][j] + 1) {
                lost++;
                i--;
            } else {
                j--;
            }
        }
        int added = found.size() - right - other;
        boolean perfect = errors[said.size()][found.size()] == 0;
        return new Words(
                recognised + right,
                substituted + other,
                deleted + lost,
                inserted + added,
                whole + (perfect ? 1 : 0),
                strings + 1);
    }

    private static boolean same(List<String> said, int i, List<String> found, int j) {
        return said.get(i - 1).equals(found.get(j - 1));
    }

    /// Recognised words less inserted ones, by those that were said; below 0 where more was inserted than recognised.
    public double accuracy() {
        return (double) (recognised - inserted) / (recognised + substituted + deleted);
    }

    /// Share of strings without any error.
    public double wholeAccuracy() {
        return (double) whole / strings;
    }

    /// Whether classes are parts of words: `word.part`.
    public static boolean inParts(List<String> classes) {
        return !classes.isEmpty() && classes.stream().allMatch(name -> name.matches("[^.]+\\.\\d+"));
    }

    /// The words that a path goes through: a new one begins where the word changes, or where its parts begin anew.
    ///
    /// @param path names of classes, `word.part`
    public static List<String> of(List<String> path) {
        List<String> words = new ArrayList<>();
        int part = Integer.MAX_VALUE;
        for (String name : path) {
            int dot = name.lastIndexOf('.');
            String word = name.substring(0, dot);
            int now = Integer.parseInt(name.substring(dot + 1));
            if (words.isEmpty() || !words.getLast().equals(word) || now < part) {
                words.add(word);
            }
            part = now;
        }
        return words;
    }
}
