package dev.elbo.runtime.file;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// One array in numpy's `.npy`: a magic word, a version, a Python dictionary as text, and the elements.
final class Npy {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final int ALIGNMENT = 64;
    private static final Pattern DESCR = Pattern.compile("'descr'\\s*:\\s*'([^']*)'");
    private static final Pattern FORTRAN = Pattern.compile("'fortran_order'\\s*:\\s*(True|False)");
    private static final Pattern SHAPE = Pattern.compile("'shape'\\s*:\\s*\\(([\\d\\s,L]*)\\)");
    private static final String REMEDY = "save it with numpy.save";

    private Npy() {}

    /// The whole `.npy` file of `array`, format version 1.0.
    static byte[] write(StoredArray array) {
        StringBuilder shape = new StringBuilder();
        array.shape().forEach(extent -> shape.append(extent).append(", "));
        String text = "{'descr': '" + array.type().numpy() + "', 'fortran_order': False, 'shape': ("
                + shape.toString().strip() + "), }";
        int length = text.length() + 1; // and a line feed
        int padding = -(MAGIC.length + 4 + length) & (ALIGNMENT - 1);
        return ByteBuffer.allocate(Math.toIntExact(
                        MAGIC.length + 4 + length + padding + array.data().byteSize()))
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(MAGIC)
                .put((byte) 1)
                .put((byte) 0)
                .putShort((short) (length + padding))
                .put((text + " ".repeat(padding) + "\n").getBytes(StandardCharsets.US_ASCII))
                .put(array.data().toArray(ValueLayout.JAVA_BYTE))
                .array();
    }

    /// Reads a whole `.npy` file, column-major ones included.
    ///
    /// @param source the name to put into a message
    static StoredArray read(String source, byte[] file) {
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        if (file.length < 12 || !Arrays.equals(MAGIC, 0, MAGIC.length, file, 0, MAGIC.length)) {
            throw new BadInputException(source, "does not begin like a .npy file; offset=0", REMEDY);
        }
        int major = file[6];
        long length = switch (major) {
            case 1 -> Short.toUnsignedLong(in.getShort(8));
            case 2, 3 -> Integer.toUnsignedLong(in.getInt(8));
            default -> throw new BadInputException(source, "unknown .npy version; major=" + major, REMEDY);
        };
        int begin = major == 1 ? 10 : 12;
        if (begin + length > file.length) {
            throw new BadInputException(source, "the header does not fit; header=" + length, REMEDY);
        }
        int dataAt = (int) (begin + length);
        String header = new String(file, begin, (int) length, StandardCharsets.UTF_8);
        String descr = find(DESCR, header, source);
        ElementType type = ElementType.ofNumpy(descr)
                .orElseThrow(() -> new BadInputException(
                        source,
                        "elements of a type that Elbo does not read; descr=" + descr,
                        "convert it with astype('<f4') or '<i8'"));
        List<Long> shape = shape(find(SHAPE, header, source), source);
        MemorySegment data = MemorySegment.ofArray(Arrays.copyOfRange(file, dataAt, file.length));
        boolean columnMajor = find(FORTRAN, header, source).equals("True");
        try {
            return columnMajor ? transposed(type, shape, data) : new StoredArray(type, shape, data);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new BadInputException(source, "data of another length: " + e.getMessage(), REMEDY);
        }
    }

    private static String find(Pattern field, String header, String source) {
        Matcher matcher = field.matcher(header);
        if (!matcher.find()) {
            throw new BadInputException(
                    source, "a header without " + field.pattern().split("'")[1], REMEDY);
        }
        return matcher.group(1);
    }

    private static List<Long> shape(String text, String source) {
        List<Long> shape = new ArrayList<>();
        for (String extent : text.replace("L", "").split(",")) {
            if (!extent.isBlank()) {
                try {
                    shape.add(Long.parseLong(extent.strip()));
                } catch (NumberFormatException _) {
                    throw new BadInputException(source, "an extent that is no integer; shape=(" + text + ")", REMEDY);
                }
            }
        }
        return shape;
    }

    /// Column-major data is the row-major data of the reversed extents: element (i, j, …) lies at i + rows·(j + …).
    private static StoredArray transposed(ElementType type, List<Long> shape, MemorySegment data) {
        StoredArray reversed = new StoredArray(type, shape.reversed(), data);
        MemorySegment out = MemorySegment.ofArray(new byte[(int) data.byteSize()]);
        long[] index = new long[shape.size()];
        for (long to = 0; to < reversed.size(); to++) {
            long from = 0;
            for (int axis = shape.size() - 1; axis >= 0; axis--) {
                from = from * shape.get(axis) + index[axis];
            }
            MemorySegment.copy(data, from * type.bytes(), out, to * type.bytes(), type.bytes());
            advance(index, shape);
        }
        return new StoredArray(type, shape, out);
    }

    private static void advance(long[] index, List<Long> shape) {
        for (int axis = index.length - 1; axis >= 0 && ++index[axis] == shape.get(axis); axis--) {
            index[axis] = 0;
        }
    }
}
