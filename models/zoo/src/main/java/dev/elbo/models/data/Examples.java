package dev.elbo.models.data;

import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/// Examples in memory: rows of numbers, the extents of one row, and a label for each where there are labels.
///
/// ```
/// values   (count, features) f32, row-major          features = Π item
/// labels   (count), 0 ≤ label < classes.size()       or empty
/// ```
///
/// @param item    extents of one example: (height, width), (height, width, channels) or (features)
/// @param values  borrowed from the arena that the reader was given
/// @param labels  class of each example, or empty
/// @param classes names of the classes, or empty
public record Examples(List<Integer> item, MemorySegment values, int[] labels, List<String> classes) {
    private static final long ALIGNMENT = 64;

    /// Checks that extents, values and labels agree.
    public Examples {
        item = List.copyOf(item);
        classes = List.copyOf(classes);
        long row = 4L * features(item);
        if (row == 0 || values.byteSize() % row != 0) {
            throw new IllegalArgumentException(
                    "Examples: values are no whole rows; item=" + item + ", bytes=" + values.byteSize());
        }
        if (labels.length != 0 && labels.length != values.byteSize() / row) {
            throw new IllegalArgumentException("Examples: other number of labels; examples=" + values.byteSize() / row
                    + ", labels=" + labels.length);
        }
        for (int label : labels) {
            if (label < 0 || label >= classes.size()) {
                throw new IllegalArgumentException(
                        "Examples: a label without a class; label=" + label + ", classes=" + classes.size());
            }
        }
    }

    /// Room for `count` examples, all zero.
    static MemorySegment room(long count, List<Integer> item, Arena owner) {
        return owner.allocate(Math.multiplyExact(4L * features(item), count), ALIGNMENT);
    }

    /// Number of examples.
    public int count() {
        return Math.toIntExact(values.byteSize() / (4L * features()));
    }

    /// Numbers in one example.
    public int features() {
        return features(item);
    }

    /// Value `feature` of example `row`.
    public float value(long row, int feature) {
        return values.getAtIndex(ValueLayout.JAVA_FLOAT, row * features() + feature);
    }

    /// The examples at `rows`, copied in that order.
    ///
    /// @param owner holds the copy
    public Examples select(int[] rows, Arena owner) {
        MemorySegment picked = room(rows.length, item, owner);
        long bytes = 4L * features();
        for (int i = 0; i < rows.length; i++) {
            MemorySegment.copy(values, rows[i] * bytes, picked, i * bytes, bytes);
        }
        int[] pickedLabels = labels.length == 0
                ? labels
                : Arrays.stream(rows).map(row -> labels[row]).toArray();
        return new Examples(item, picked, pickedLabels, classes);
    }

    /// Mean of each feature, summed in f64.
    ///
    /// @return (features)
    public float[] means() {
        int features = features();
        double[] sums = new double[features];
        for (int row = 0; row < count(); row++) {
            for (int feature = 0; feature < features; feature++) {
                sums[feature] += value(row, feature);
            }
        }
        float[] means = new float[features];
        for (int feature = 0; feature < features; feature++) {
            means[feature] = (float) (sums[feature] / count());
        }
        return means;
    }

    /// Log odds of each feature's mean, taken for a probability and held to [0.05, 0.95]: base rates.
    ///
    /// @return (features)
    public float[] logOdds() {
        float[] odds = means();
        for (int i = 0; i < odds.length; i++) {
            double p = Math.clamp(odds[i], 0.05, 0.95);
            odds[i] = (float) Math.log(p / (1 - p));
        }
        return odds;
    }

    /// The values on a device.
    ///
    /// @param memory holds them
    /// @return (count, features)
    public Tensor upload(Memory memory) {
        Tensor tensor = memory.empty(Shape.of(count(), features()));
        memory.device().write(values, tensor);
        return tensor;
    }

    /// How many examples each class has.
    public int[] classCounts() {
        int[] counts = new int[classes.size()];
        for (int label : labels) {
            counts[label]++;
        }
        return counts;
    }

    private static int features(List<Integer> item) {
        return item.stream().reduce(1, Math::multiplyExact);
    }
}
