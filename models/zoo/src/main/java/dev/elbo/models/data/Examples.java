package dev.elbo.models.data;

import dev.elbo.runtime.DType;
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
/// values   (count, features) f32 or bytes, row-major        features = Π item
/// labels   (count), 0 ≤ label < classes.size()              or empty
/// ```
///
/// Pictures stay the bytes they are on disk, here and on a device; a byte stands for the number byte / 255.
///
/// @param item    extents of one example: (height, width), (height, width, channels) or (features)
/// @param dtype   f32 or u8
/// @param values  borrowed from the arena that the reader was given
/// @param labels  class of each example, or empty
/// @param classes names of the classes, or empty
public record Examples(List<Integer> item, DType dtype, MemorySegment values, int[] labels, List<String> classes) {
    private static final long ALIGNMENT = 64;

    /// Checks that extents, values and labels agree.
    public Examples {
        item = List.copyOf(item);
        classes = List.copyOf(classes);
        if (dtype != DType.F32 && dtype != DType.U8) {
            throw new IllegalArgumentException("Examples: numbers or bytes; dtype=" + dtype);
        }
        long row = dtype.bytes() * features(item);
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

    /// Examples whose values are f32.
    public Examples(List<Integer> item, MemorySegment values, int[] labels, List<String> classes) {
        this(item, DType.F32, values, labels, classes);
    }

    /// Room for `count` examples of f32, all zero.
    static MemorySegment room(long count, List<Integer> item, Arena owner) {
        return room(count, item, DType.F32, owner);
    }

    /// Room for `count` examples, all zero.
    static MemorySegment room(long count, List<Integer> item, DType dtype, Arena owner) {
        return owner.allocate(Math.multiplyExact(dtype.bytes() * features(item), count), ALIGNMENT);
    }

    /// Number of examples.
    public int count() {
        return Math.toIntExact(values.byteSize() / (dtype.bytes() * features(item)));
    }

    /// Numbers in one example.
    public int features() {
        return Math.toIntExact(features(item));
    }

    /// Value `feature` of example `row`.
    public float value(long row, int feature) {
        return at(row * features() + feature);
    }

    /// The value at a place among all of them.
    private float at(long place) {
        return dtype == DType.U8
                ? Byte.toUnsignedInt(values.get(ValueLayout.JAVA_BYTE, place)) / 255f
                : values.getAtIndex(ValueLayout.JAVA_FLOAT, place);
    }

    /// The examples at `rows`, copied in that order.
    ///
    /// @param owner holds the copy
    public Examples select(int[] rows, Arena owner) {
        MemorySegment picked = room(rows.length, item, dtype, owner);
        long bytes = dtype.bytes() * features(item);
        for (int i = 0; i < rows.length; i++) {
            MemorySegment.copy(values, rows[i] * bytes, picked, i * bytes, bytes);
        }
        int[] pickedLabels = labels.length == 0
                ? labels
                : Arrays.stream(rows).map(row -> labels[row]).toArray();
        return new Examples(item, dtype, picked, pickedLabels, classes);
    }

    /// Mean of each feature, summed in f64; NaN where there are no examples.
    ///
    /// @return (features)
    public float[] means() {
        float[] means = new float[features()];
        double[] sums = new double[means.length];
        int count = count();
        long place = 0;
        for (int row = 0; row < count; row++) {
            for (int feature = 0; feature < sums.length; feature++) {
                sums[feature] += at(place++);
            }
        }
        for (int feature = 0; feature < means.length; feature++) {
            means[feature] = (float) (sums[feature] / count);
        }
        return means;
    }

    /// Standard deviation of each feature, summed in f64.
    ///
    /// @return (features)
    public float[] deviations() {
        float[] deviations = means();
        double[] squares = new double[deviations.length];
        int count = count();
        long place = 0;
        for (int row = 0; row < count; row++) {
            for (int feature = 0; feature < squares.length; feature++) {
                double off = at(place++) - deviations[feature];
                squares[feature] += off * off;
            }
        }
        for (int feature = 0; feature < deviations.length; feature++) {
            deviations[feature] = (float) Math.sqrt(squares[feature] / count);
        }
        return deviations;
    }

    /// The least value and the greatest; of no examples (+∞, −∞).
    public float[] range() {
        float low = Float.POSITIVE_INFINITY;
        float high = Float.NEGATIVE_INFINITY;
        long all = values.byteSize() / dtype.bytes();
        for (long place = 0; place < all; place++) {
            float value = at(place);
            low = Math.min(low, value);
            high = Math.max(high, value);
        }
        return new float[] {low, high};
    }

    /// Whether all values are in [0, 1]; bytes are.
    public boolean withinUnit() {
        long count = dtype == DType.F32 ? values.byteSize() / Float.BYTES : 0;
        for (long e = 0; e < count; e++) {
            float value = values.getAtIndex(ValueLayout.JAVA_FLOAT, e);
            if (!(value >= 0 && value <= 1)) {
                return false;
            }
        }
        return true;
    }

    /// Log odds of each feature's mean, taken for a probability and held to [0.05, 0.95]: base rates.
    ///
    /// @return (features)
    public float[] logOdds() {
        return logOdds(0.05);
    }

    /// The same, held to [margin, 1 − margin].
    ///
    /// @return (features)
    public float[] logOdds(double margin) {
        float[] odds = means();
        for (int i = 0; i < odds.length; i++) {
            double p = Math.clamp(odds[i], margin, 1 - margin);
            odds[i] = (float) Math.log(p / (1 - p));
        }
        return odds;
    }

    /// The values on a device, as numbers.
    ///
    /// @param memory holds them
    /// @return (count, features) f32
    public Tensor upload(Memory memory) {
        if (dtype == DType.F32) {
            return resident(memory);
        }
        float[] numbers = new float[count() * features()];
        for (int place = 0; place < numbers.length; place++) {
            numbers[place] = at(place);
        }
        return memory.floats(Shape.of(count(), features()), numbers);
    }

    /// The values on a device, as they are stored: what [dev.elbo.runtime.ops.ShuffledBatch] takes batches from.
    ///
    /// @param memory holds them
    /// @return (count, features) f32 or u8
    public Tensor resident(Memory memory) {
        Tensor tensor = memory.empty(Shape.of(count(), features()), dtype);
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

    private static long features(List<Integer> item) {
        long features = 1;
        for (int extent : item) {
            features = Math.multiplyExact(features, extent);
        }
        return features;
    }
}
