package dev.elbo.bench.trust;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Makes bad files of good ones: changes what formats are made of, which is lengths, offsets, numbers and
/// lines.
final class Mutator {
    private static final int[] BYTES = {0, 1, 0x20, 0x2d, 0x2e, 0x30, 0x7f, 0x80, 0xff};
    private static final long[] NUMBERS = {
        0,
        1,
        -1,
        2,
        255,
        256,
        65_535,
        65_536,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        1L << 32,
        1L << 40,
        Long.MAX_VALUE,
        Long.MIN_VALUE
    };
    private static final List<String> WORDS = List.of(
            "",
            "0",
            "-1",
            "1",
            "7",
            "NaN",
            "Infinity",
            "-0",
            "1e999",
            "1e-999",
            "0x1p3",
            "2147483648",
            "9223372036854775808",
            "99999999999999999999999999",
            "1e1000000000",
            "null",
            "true",
            "[]",
            "{}",
            "\"\"",
            "'",
            "\"",
            ",",
            "\n",
            "\r",
            "\t",
            "\u0000",
            "ü",
            "\ud83d\ude00",
            "../../x",
            "/");
    private static final Pattern TOKEN = Pattern.compile("-?\\d+(\\.\\d+)?|[A-Za-z_]+|[\\[\\]{},:]");
    private static final int MOST_CHANGES = 4;
    private static final int LONGEST_COPY = 64;

    private final SplittableRandom random;

    Mutator(SplittableRandom random) {
        this.random = random;
    }

    SplittableRandom random() {
        return random;
    }

    /// A changed copy, by one to four changes.
    byte[] change(byte[] from) {
        byte[] changed = from.clone();
        for (int left = 1 + random.nextInt(MOST_CHANGES); left > 0; left--) {
            changed = once(changed);
        }
        return changed;
    }

    private byte[] once(byte[] from) {
        if (from.length == 0) {
            return word().getBytes(StandardCharsets.UTF_8);
        }
        int at = place(from.length);
        return switch (random.nextInt(10)) {
            case 0 -> with(from, at, (byte) (from[at] ^ 1 << random.nextInt(8)));
            case 1 -> with(from, at, (byte) BYTES[random.nextInt(BYTES.length)]);
            case 2, 3 -> number(from, at);
            case 4 -> Arrays.copyOf(from, at);
            case 5 -> spliced(from, at, Math.min(from.length, at + 1 + random.nextInt(LONGEST_COPY)), new byte[0]);
            case 6 -> spliced(from, at, at, Arrays.copyOfRange(from, place(from.length), from.length));
            case 7 -> spliced(from, at, at, word().getBytes(StandardCharsets.UTF_8));
            default -> token(from);
        };
    }

    /// Anywhere, but half of the time near the beginning, where headers are.
    private int place(int length) {
        return random.nextInt(random.nextBoolean() ? length : Math.min(length, 64));
    }

    private String word() {
        return WORDS.get(random.nextInt(WORDS.size()));
    }

    private static byte[] with(byte[] from, int at, byte value) {
        from[at] = value;
        return from;
    }

    /// A number of two, four or eight bytes, of either order, that lengths do not expect, or nearly the old
    /// one.
    private byte[] number(byte[] from, int at) {
        int bytes = 2 << random.nextInt(3);
        if (at + bytes > from.length) {
            return from;
        }
        ByteBuffer buffer =
                ByteBuffer.wrap(from).order(random.nextBoolean() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
        boolean near = random.nextBoolean();
        long other = near ? random.nextInt(-2, 3) : NUMBERS[random.nextInt(NUMBERS.length)];
        switch (bytes) {
            case 2 -> buffer.putShort(at, (short) (other + (near ? buffer.getShort(at) : 0)));
            case 4 -> buffer.putInt(at, (int) (other + (near ? buffer.getInt(at) : 0)));
            default -> buffer.putLong(at, other + (near ? buffer.getLong(at) : 0));
        }
        return from;
    }

    /// Another word in place of a number, a name or a bracket of a text.
    private byte[] token(byte[] from) {
        String text = new String(from, StandardCharsets.ISO_8859_1);
        Matcher matcher = TOKEN.matcher(text);
        if (!matcher.find(place(from.length))) {
            return from;
        }
        byte[] word = word().getBytes(StandardCharsets.UTF_8);
        return spliced(from, matcher.start(), matcher.end(), word);
    }

    private static byte[] spliced(byte[] from, int start, int end, byte[] between) {
        byte[] spliced = new byte[from.length - (end - start) + between.length];
        System.arraycopy(from, 0, spliced, 0, start);
        System.arraycopy(between, 0, spliced, start, between.length);
        System.arraycopy(from, end, spliced, start + between.length, from.length - end);
        return spliced;
    }
}
