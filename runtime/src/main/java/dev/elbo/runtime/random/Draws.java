package dev.elbo.runtime.random;

import dev.elbo.runtime.portable.PortableMath;

/// What a Philox word becomes: the twin of `common/random.cuh`, equal in every bit.
///
/// ```
/// uniform    (word >>> 8) · 2⁻²⁴                             in [0, 1), every multiple of 2⁻²⁴
/// normal     Box–Muller over the word pairs (0, 1), (2, 3)   |z| ≤ 6.66
/// bernoulli  (word >>> 2) < ⌊p · 2³⁰⌋                        p ≤ 0 or NaN never, p ≥ 1 always
/// ```
public final class Draws {
    private Draws() {}

    /// A multiple of 2⁻²⁴ in `[0, 1)`.
    public static float uniform(int word) {
        return (float) (word >>> 8) * 0x1p-24f;
    }

    /// p in units of 2⁻³⁰, rounded down: the largest power of two that leaves p = 1 an `int`, so that no edge
    /// branches.
    public static int threshold(float p) {
        return (int) (p * 0x1p30f);
    }

    /// 1 with probability p, else 0; off by at most 2⁻³⁰.
    public static float bernoulli(int word, int threshold) {
        return (word >>> 2) < threshold ? 1.0f : 0.0f;
    }

    /// √(−2 ln u) for u = (word | 1) · 2⁻³², cut to 24 significant bits. u < 1, so the root is of a positive
    /// number.
    public static float radius(int word) {
        word |= 1;
        int zeros = Integer.numberOfLeadingZeros(word);
        int significand = 0x3f800000 | (word << zeros) >>> 8 & 0x7fffff;
        boolean upper = significand > 0x3fb504f3; // above √2: halve, and raise the exponent
        float t = Float.intBitsToFloat(upper ? significand - 0x00800000 : significand) - 1.0f;
        float e = (upper ? 0 : -1) - zeros;
        return (float) Math.sqrt(-2.0f * PortableMath.logReduced(e, t));
    }

    /// Two independent standard normals: a radius from one word, an angle of 2π · word / 2³² from the other.
    ///
    /// The nearest quarter turn is taken off the angle exactly, in integers, and comes back as a swap and signs.
    ///
    /// @param z elements `at` and `at` + 1 are overwritten
    public static void normalPair(int radiusWord, int turnWord, float[] z, int at) {
        int quarter = (turnWord + 0x20000000) >>> 30;
        float w = (float) (turnWord - (quarter << 30)) * 4.65661287e-10f; // half turns in [−¼, ¼]
        float square = w * w;
        float s = -5.890122086e-1f;
        s = Math.fma(s, square, 2.549761049f);
        s = Math.fma(s, square, -5.167707682f);
        s = Math.fma(s, square, 3.141592643f);
        s = s * w;
        float c = 2.312609210e-1f;
        c = Math.fma(c, square, -1.335035906f);
        c = Math.fma(c, square, 4.058706922f);
        c = Math.fma(c, square, -4.934802158f);
        c = Math.fma(c, square, 1.0f);
        boolean odd = (quarter & 1) != 0;
        int minusCosine = ((quarter + 1) & 2) << 30; // the sign bit, in quarters 1 and 2
        int minusSine = (quarter & 2) << 30; // the sign bit, in quarters 2 and 3
        float radius = radius(radiusWord);
        z[at] = radius * Float.intBitsToFloat(Float.floatToRawIntBits(odd ? s : c) ^ minusCosine);
        z[at + 1] = radius * Float.intBitsToFloat(Float.floatToRawIntBits(odd ? c : s) ^ minusSine);
    }

    /// Four independent standard normals, in the order of their elements.
    ///
    /// @param words (4), one Philox block
    /// @param z     elements `at` … `at` + 3 are overwritten
    public static void normals(int[] words, float[] z, int at) {
        normalPair(words[0], words[1], z, at);
        normalPair(words[2], words[3], z, at + 2);
    }
}
