package dev.elbo.simulator.machine;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.LongStream;

/// Values where arithmetic goes wrong first, with a few drawn at random beside them.
final class Edges {
    static final long[] BITS16 = {0, 1, 2, 7, 0x7f, 0x80, 0xff, 0x100, 0x7ffe, 0x7fff, 0x8000, 0x8001, 0xfffe, 0xffff};

    static final long[] BITS32 = with(
            32,
            0,
            1,
            2,
            3,
            31,
            32,
            33,
            0x7f,
            0x80,
            0xffff,
            0x10000,
            0x7fff_fffeL,
            0x7fff_ffffL,
            0x8000_0000L,
            0x8000_0001L,
            0xffff_fffeL,
            0xffff_ffffL);

    static final long[] BITS64 = with(
            64,
            0,
            1,
            2,
            63,
            64,
            65,
            0xffff_ffffL,
            0x1_0000_0000L,
            0x7fff_ffffL,
            0x8000_0000L,
            Long.MAX_VALUE - 1,
            Long.MAX_VALUE,
            Long.MIN_VALUE,
            Long.MIN_VALUE + 1,
            -2,
            -1);

    /// Shift amounts and field positions, beyond every width too.
    static final long[] AMOUNTS = {0, 1, 5, 16, 31, 32, 33, 63, 64, 65, 200, 255, 0x8000_0000L, 0xffff_ffffL};

    static final float[] FLOATS = {
        0f,
        -0f,
        1,
        -1,
        Float.MIN_VALUE,
        -Float.MIN_VALUE,
        3 * Float.MIN_VALUE,
        Float.MIN_NORMAL,
        -Float.MIN_NORMAL,
        Math.nextDown(Float.MIN_NORMAL),
        Math.nextUp(1f),
        Math.nextDown(1f),
        0.5f,
        1.5f,
        2.5f,
        -2.5f,
        3,
        1f / 3,
        0x1p-12f,
        0x1.000002p23f,
        0x1p24f,
        16777215,
        0x1.8p60f,
        -0x1p31f,
        0x1p31f,
        0x1p63f,
        Float.MAX_VALUE,
        -Float.MAX_VALUE,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        Float.NaN,
        3.1415927f,
        -1e-20f
    };

    static final double[] DOUBLES = {
        0.0,
        -0.0,
        1,
        -1,
        Double.MIN_VALUE,
        -Double.MIN_VALUE,
        Double.MIN_NORMAL,
        Math.nextDown(Double.MIN_NORMAL),
        Math.nextUp(1.0),
        Math.nextDown(1.0),
        0.5,
        1.5,
        2.5,
        -2.5,
        3,
        1.0 / 3,
        0x1p-30,
        0x1p52 + 0.5,
        0x1p53,
        0x1p60,
        -0x1p31,
        0x1p31 - 0.5,
        0x1p32,
        0x1p63,
        -0x1p63,
        0x1p64,
        1 + 0x1p-24,
        1 + 0x1p-24 + 0x1p-52,
        1 + 3 * 0x1p-24,
        0x1p-149,
        0x1.8p-150,
        0x1p-150,
        1e300,
        -1e-300,
        0x1.fffffefp127,
        0x1.ffffffp127,
        Double.MAX_VALUE,
        -Double.MAX_VALUE,
        Double.POSITIVE_INFINITY,
        Double.NEGATIVE_INFINITY,
        Double.NaN,
        Math.PI
    };

    private Edges() {}

    /// Bits of [#FLOATS].
    static long[] floats() {
        long[] bits = new long[FLOATS.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(FLOATS[i]) & 0xffff_ffffL;
        }
        return bits;
    }

    /// Bits of [#DOUBLES].
    static long[] doubles() {
        return Arrays.stream(DOUBLES).mapToLong(Double::doubleToRawLongBits).toArray();
    }

    private static long[] with(int width, long... edges) {
        Random random = new Random(42);
        LongStream drawn = LongStream.range(0, 4).map(i -> random.nextLong() >>> 64 - width);
        return LongStream.concat(Arrays.stream(edges), drawn).toArray();
    }
}
