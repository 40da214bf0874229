package dev.elbo.models.data;

import dev.elbo.runtime.DType;
import dev.elbo.runtime.file.BadInputException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;

/// The binary records of CIFAR-10, packed or not.
///
/// ```
/// record = label (u8) · red (32, 32) · green (32, 32) · blue (32, 32)        3,073 bytes
/// values   (n, 32, 32, 3), bytes: the channels of a pixel side by side
/// ```
public final class Cifar10 {
    private static final int SIDE = 32;
    private static final int PIXELS = SIDE * SIDE;
    private static final int CHANNELS = 3;
    private static final int RECORD = 1 + CHANNELS * PIXELS;
    private static final List<String> CLASSES =
            List.of("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");

    private Cifar10() {}

    /// @param file  whole records
    /// @param owner holds the values
    public static Examples read(Path file, Arena owner) {
        byte[] bytes = InputFile.bytes(file);
        if (bytes.length == 0 || bytes.length % RECORD != 0) {
            throw new BadInputException(
                    file.toString(),
                    "no whole CIFAR-10 records; bytes=" + bytes.length + ", record=" + RECORD,
                    "give a data_batch or test_batch file of the binary version");
        }
        int count = bytes.length / RECORD;
        List<Integer> item = List.of(SIDE, SIDE, CHANNELS);
        MemorySegment values = Examples.room(count, item, DType.U8, owner);
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            labels[i] = Byte.toUnsignedInt(bytes[i * RECORD]);
            if (labels[i] >= CLASSES.size()) {
                throw new BadInputException(
                        file.toString(),
                        "an unknown class; class=" + labels[i] + ", offset=" + (long) i * RECORD,
                        "give CIFAR-10, not CIFAR-100");
            }
            for (int channel = 0; channel < CHANNELS; channel++) {
                for (int pixel = 0; pixel < PIXELS; pixel++) {
                    long at = ((long) i * PIXELS + pixel) * CHANNELS + channel;
                    values.set(ValueLayout.JAVA_BYTE, at, bytes[i * RECORD + 1 + channel * PIXELS + pixel]);
                }
            }
        }
        return new Examples(item, DType.U8, values, labels, CLASSES);
    }
}
