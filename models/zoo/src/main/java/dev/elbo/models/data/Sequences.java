package dev.elbo.models.data;

import dev.elbo.runtime.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/// Sequences of different lengths, one after the other, with a label at each position.
///
/// ```
/// values   (rows, features) f32, or i32 places in a table       rows = Σ lengths
/// starts   (n + 1)                     sequence i is rows starts[i] to starts[i+1]
/// labels   (rows)
/// groups   (n)                         the fold, speaker or part that a sequence belongs to
/// ```
///
/// @param item    extents of one position's values
/// @param dtype   f32 for numbers, i32 for features that are there or not, by their places in a table
/// @param values  borrowed from the arena that the reader was given
/// @param starts  rising, from 0
/// @param labels  class of each row
/// @param classes names of the classes
/// @param groups  what splits are made by
public record Sequences(
        List<Integer> item,
        DType dtype,
        MemorySegment values,
        int[] starts,
        int[] labels,
        List<String> classes,
        int[] groups) {
    /// Checks that rows, starts and labels agree.
    public Sequences {
        item = List.copyOf(item);
        classes = List.copyOf(classes);
        new Examples(item, values, labels, classes);
        boolean whole = dtype.bytes() == Float.BYTES
                && starts.length == groups.length + 1
                && starts[0] == 0
                && starts[starts.length - 1] == labels.length;
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

    /// Positions of the longest.
    public int longest() {
        return IntStream.range(0, count()).map(this::length).max().orElse(0);
    }

    /// Numbers of one position.
    public int features() {
        return item.stream().reduce(1, Math::multiplyExact);
    }

    /// Whether row `row` was observed: none of its numbers is NaN. Places always are.
    public boolean seen(int row) {
        long from = (long) row * features();
        return dtype != DType.F32
                || IntStream.range(0, features())
                        .noneMatch(i -> Float.isNaN(values.getAtIndex(ValueLayout.JAVA_FLOAT, from + i)));
    }

    /// The sequences at `which`, copied in that order.
    ///
    /// @param owner holds the copy
    public Sequences select(int[] which, Arena owner) {
        int[] from = new int[which.length + 1];
        for (int i = 0; i < which.length; i++) {
            from[i + 1] = from[i] + length(which[i]);
        }
        int rows = from[which.length];
        int[] picked = new int[rows];
        MemorySegment room = Examples.room(rows, item, owner);
        long bytes = (long) Float.BYTES * features();
        for (int i = 0; i < which.length; i++) {
            int start = starts[which[i]];
            MemorySegment.copy(values, start * bytes, room, from[i] * bytes, length(which[i]) * bytes);
            System.arraycopy(labels, start, picked, from[i], length(which[i]));
        }
        int[] owners = IntStream.of(which).map(i -> groups[i]).toArray();
        return new Sequences(item, dtype, room, from, picked, classes, owners);
    }

    /// The sequences whose group is one of these, in their order.
    ///
    /// @param owner holds the copy
    public Sequences inGroups(IntPredicate wanted, Arena owner) {
        return select(
                IntStream.range(0, count()).filter(i -> wanted.test(groups[i])).toArray(), owner);
    }
}
