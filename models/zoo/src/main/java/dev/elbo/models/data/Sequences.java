package dev.elbo.models.data;

import java.lang.foreign.MemorySegment;
import java.util.List;

/// Sequences of different lengths, one after the other, with a label at each position.
///
/// ```
/// values   (rows, features) f32        rows = Σ lengths
/// starts   (n + 1)                     sequence i is rows starts[i] to starts[i+1]
/// labels   (rows)
/// groups   (n)                         the fold, speaker or part that a sequence belongs to
/// ```
///
/// @param item    extents of one position's values
/// @param values  borrowed from the arena that the reader was given
/// @param starts  rising, from 0
/// @param labels  class of each row
/// @param classes names of the classes
/// @param groups  what splits are made by
public record Sequences(
        List<Integer> item, MemorySegment values, int[] starts, int[] labels, List<String> classes, int[] groups) {
    /// Checks that rows, starts and labels agree.
    public Sequences {
        item = List.copyOf(item);
        classes = List.copyOf(classes);
        new Examples(item, values, labels, classes);
        boolean whole =
                starts.length == groups.length + 1 && starts[0] == 0 && starts[starts.length - 1] == labels.length;
        for (int i = 0; whole && i + 1 < starts.length; i++) {
            whole = starts[i] <= starts[i + 1];
        }
        if (!whole) {
            throw new IllegalArgumentException("Sequences: starts do not cut the rows into " + groups.length
                    + " sequences; rows=" + labels.length + ", starts=" + starts.length);
        }
    }

    /// Number of sequences.
    public int count() {
        return groups.length;
    }

    /// Positions of sequence `i`.
    public int length(int i) {
        return starts[i + 1] - starts[i];
    }
}
