package dev.elbo.models.sequence;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// How well chunks are found, as the scorer of the CoNLL shared tasks counts: a chunk is right when its type and both
/// its ends are.
///
/// ```
/// precision = right / found     recall = right / there are     F1 = 2 precision · recall / (precision + recall)
/// ```
///
/// Tags are `B-type`, `I-type` and `O`. A chunk begins at a B, and at an I that does not go on with the same type.
///
/// @param right chunks found as they are
/// @param found chunks that were claimed
/// @param there chunks that there are
public record Chunks(int right, int found, int there) {
    /// A chunk of one sentence.
    ///
    /// @param from first position
    /// @param to   after the last one
    private record Chunk(String type, int from, int to) {}

    /// Nothing counted yet.
    public static final Chunks NONE = new Chunks(0, 0, 0);

    /// These and those of one more sentence.
    ///
    /// @param claimed tag of each position
    /// @param gold    the right ones
    public Chunks plus(List<String> claimed, List<String> gold) {
        if (claimed.size() != gold.size()) {
            throw new IllegalArgumentException(
                    "Chunks: two taggings of one sentence; claimed=" + claimed.size() + ", gold=" + gold.size());
        }
        List<Chunk> mine = chunks(claimed);
        Set<Chunk> theirs = new HashSet<>(chunks(gold));
        int agreed = (int) mine.stream().filter(theirs::contains).count();
        return new Chunks(right + agreed, found + mine.size(), there + theirs.size());
    }

    /// Right ones among those found.
    public double precision() {
        return found == 0 ? 0 : (double) right / found;
    }

    /// Right ones among those there are.
    public double recall() {
        return there == 0 ? 0 : (double) right / there;
    }

    /// The harmonic mean of both.
    public double f1() {
        return found + there == 0 ? 0 : 2.0 * right / (found + there);
    }

    private static List<Chunk> chunks(List<String> tags) {
        List<Chunk> chunks = new ArrayList<>();
        String type = null;
        int from = 0;
        for (int t = 0; t <= tags.size(); t++) {
            String tag = t < tags.size() ? tags.get(t) : "O";
            String next = tag.length() > 2 ? tag.substring(2) : null;
            boolean goesOn = type != null && tag.startsWith("I-") && type.equals(next);
            if (!goesOn) {
                if (type != null) {
                    chunks.add(new Chunk(type, from, t));
                }
                type = next;
                from = t;
            }
        }
        return chunks;
    }
}
