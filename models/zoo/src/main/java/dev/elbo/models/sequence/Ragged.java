package dev.elbo.models.sequence;

import dev.elbo.models.data.Sequences;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// Sequences of different lengths on a device, each with room for the longest.
///
/// What stands in the padding is zero here and may be anything in general: nobody looks at it. A position with a NaN
/// among its numbers was not observed: its x is zero, and its `seen` too.
///
/// @param x       (n, t, features), f32, or i32 places in a table
/// @param seen    (n, t, 1), 1 where x was observed, else 0
/// @param labels  (n, t), i32, the class of each position
/// @param lengths (n), i32
public record Ragged(Tensor x, Tensor seen, Tensor labels, Tensor lengths) {
    /// Copies sequences to a device.
    ///
    /// @param which  of them, in this order
    /// @param memory holds the copy
    public static Ragged upload(Sequences sequences, int[] which, Memory memory) {
        int[] lengths = IntStream.of(which).map(sequences::length).toArray();
        int steps = IntStream.of(lengths).max().orElse(0);
        int features = sequences.features();
        Tensor x = memory.empty(Shape.of(which.length, steps, features), sequences.dtype());
        int[] labels = new int[which.length * steps];
        float[] seen = new float[which.length * steps];
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment padded = frame.allocate(Math.max(1, x.bytes()), ValueLayout.JAVA_FLOAT.byteAlignment())
                    .asSlice(0, x.bytes());
            long row = (long) Float.BYTES * features;
            for (int i = 0; i < which.length; i++) {
                int from = sequences.starts()[which[i]];
                System.arraycopy(sequences.labels(), from, labels, i * steps, lengths[i]);
                for (int t = 0; t < lengths[i]; t++) {
                    if (sequences.seen(from + t)) {
                        long to = ((long) i * steps + t) * row;
                        MemorySegment.copy(sequences.values(), (from + t) * row, padded, to, row);
                        seen[i * steps + t] = 1;
                    }
                }
            }
            memory.device().write(padded, x);
        }
        Shape positions = Shape.of(which.length, steps);
        return new Ragged(
                x,
                memory.floats(positions.inside(1), seen),
                memory.ints(positions, labels),
                memory.ints(Shape.of(which.length), lengths));
    }

    /// All sequences in buckets of like lengths, so that little room is lost. The order of the sequences is
    /// [#byLength].
    ///
    /// @param positions of a bucket at most, padding included; a single sequence may have more
    public static List<Ragged> buckets(Sequences sequences, int positions, Memory memory) {
        int[] order = byLength(sequences);
        List<Ragged> buckets = new ArrayList<>();
        int from = 0;
        for (int to = 1; to <= order.length; to++) {
            boolean full = to < order.length && (to + 1 - from) * sequences.length(order[to]) > positions;
            if (full || to == order.length) {
                int[] which = Arrays.copyOfRange(order, from, to);
                buckets.add(upload(sequences, which, memory));
                from = to;
            }
        }
        return buckets;
    }

    /// The sequences from the shortest to the longest, those of one length as they came.
    public static int[] byLength(Sequences sequences) {
        return IntStream.range(0, sequences.count())
                .boxed()
                .sorted(Comparator.comparingInt(sequences::length))
                .mapToInt(i -> i)
                .toArray();
    }

    /// The sequences at `index`.
    ///
    /// @param index (batch), i32
    public Ragged gather(Ops f, Tensor index) {
        int batch = Math.toIntExact(index.shape().size());
        Tensor flat = x.as(Shape.of(count(), steps() * features()));
        return new Ragged(
                f.gatherRows(flat, index).as(Shape.of(batch, steps(), features())),
                f.gatherRows(seen.as(Shape.of(count(), steps())), index).as(Shape.of(batch, steps(), 1)),
                f.gatherRows(labels, index),
                f.gatherRows(lengths.as(Shape.of(count(), 1)), index).as(Shape.of(batch)));
    }

    /// Number of sequences.
    public int count() {
        return x.shape().extent(0);
    }

    /// Positions that there is room for.
    public int steps() {
        return x.shape().extent(1);
    }

    /// Numbers of one position.
    public int features() {
        return x.shape().extent(2);
    }
}
