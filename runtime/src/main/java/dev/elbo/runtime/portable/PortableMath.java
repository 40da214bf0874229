package dev.elbo.runtime.portable;

/// f32 functions with the same bits on every device: the scalar twin of `common/portable.cuh`.
///
/// Only correctly rounded operations are used (add, multiply, fused multiply-add, divide, square root), comparisons
/// that select, and integer operations on the bits; never `Math.exp` and its like, whose last bit is the machine's
/// own. A NaN equals any NaN: its payload is not part of the contract.
///
/// ```
/// function   error in ulp over all 2³² floats   edges
/// exp        ≤ 0.90    +∞ from 88.7228394 up, subnormal from −87.3365479 down, 0 from −103.972084 down
/// log        ≤ 0.99    subnormal arguments included; ±0 ↦ −∞, x < 0 ↦ NaN, +∞ ↦ +∞
/// sigmoid    ≤ 2.41    subnormal from −87.3365479 down, 0 from −103.972084 down, 1 above 16.6355305
/// softplus   ≤ 1.90    −∞ ↦ 0, +∞ ↦ +∞
/// tanh       ≤ 1.37    odd in every bit, never decreasing, ±1 beyond 9.0109129
/// ```
///
/// An ulp is that of the exact result as an f32, 2⁻¹⁴⁹ where it is subnormal.
public final class PortableMath {
    private PortableMath() {}

    /// exp x = 2ⁿ exp r with n = round(x / ln 2) and r = x − n ln 2, |r| ≤ ½ ln 2.
    public static float exp(float x) {
        x = x > 89.0f ? 89.0f : x; // both bounds lie beyond overflow and underflow; NaN passes
        x = x < -104.0f ? -104.0f : x;
        float shifted = Math.fma(x, 1.442695041f, 12582912.0f); // 1.5 · 2²³: the low bits of the sum are n, rounded
        float n = shifted - 12582912.0f;
        float r = Math.fma(n, -6.93145752e-1f, x); // ln 2 in two parts; n times the first is exact
        r = Math.fma(n, -1.42860677e-6f, r);
        float p = 1.382121700e-3f;
        p = Math.fma(p, r, 8.368667215e-3f);
        p = Math.fma(p, r, 4.166825861e-2f);
        p = Math.fma(p, r, 1.666652113e-1f);
        p = Math.fma(p, r, 4.999999404e-1f);
        p = Math.fma(p, r, 1.0f);
        p = Math.fma(p, r, 1.0f);
        // Two factors, since 2ⁿ itself may not be a float: the first product is exact, the second rounds once.
        int exponent = Float.floatToRawIntBits(shifted) - 0x4b400000;
        int first = exponent >> 1;
        return p * powerOfTwo(first) * powerOfTwo(exponent - first);
    }

    /// exp x in f64, within 1 ulp of `StrictMath.exp` for results above 2⁻¹⁰²²; below that 0, from 709.78 up +∞.
    public static double exp(double x) {
        if (!(x > -708.3964185322641)) {
            return x == x ? 0.0 : x;
        }
        x = x > 710.0 ? 710.0 : x;
        double shifted = Math.fma(x, 1.4426950408889634, 0x1.8p52); // the low bits of the sum are n, rounded
        double n = shifted - 0x1.8p52;
        double r = Math.fma(n, -0x1.62e42fefa38p-1, x); // ln 2 in two parts; n times the first is exact
        r = Math.fma(n, -0x1.ef35793c7673p-45, r);
        double p = 1.0 / 6227020800.0;
        p = Math.fma(p, r, 1.0 / 479001600.0);
        p = Math.fma(p, r, 1.0 / 39916800.0);
        p = Math.fma(p, r, 1.0 / 3628800.0);
        p = Math.fma(p, r, 1.0 / 362880.0);
        p = Math.fma(p, r, 1.0 / 40320.0);
        p = Math.fma(p, r, 1.0 / 5040.0);
        p = Math.fma(p, r, 1.0 / 720.0);
        p = Math.fma(p, r, 1.0 / 120.0);
        p = Math.fma(p, r, 1.0 / 24.0);
        p = Math.fma(p, r, 1.0 / 6.0);
        p = Math.fma(p, r, 0.5);
        p = Math.fma(p, r, 1.0);
        p = Math.fma(p, r, 1.0);
        long exponent = Double.doubleToRawLongBits(shifted) - 0x4338000000000000L;
        long first = exponent >> 1;
        return p * powerOfTwo(first) * powerOfTwo(exponent - first);
    }

    /// log x in f64, natural, within 2 ulp of `StrictMath.log`; ±0 ↦ −∞, x < 0 ↦ NaN.
    ///
    /// x = 2ᵉ m with √½ ≤ m < √2, and log m = 2 artanh s = 2 s (1 + s²/3 + s⁴/5 + …) for s = (m − 1) / (m + 1).
    public static double log(double x) {
        boolean subnormal = x < Double.MIN_NORMAL;
        long bits = Double.doubleToRawLongBits(subnormal ? x * 0x1p54 : x);
        long e = (bits - 0x3fe6a09e667f3bcdL) >> 52;
        double m = Double.longBitsToDouble(bits - (e << 52));
        double s = (m - 1.0) / (m + 1.0);
        double square = s * s;
        double p = 1.0 / 21.0;
        p = Math.fma(p, square, 1.0 / 19.0);
        p = Math.fma(p, square, 1.0 / 17.0);
        p = Math.fma(p, square, 1.0 / 15.0);
        p = Math.fma(p, square, 1.0 / 13.0);
        p = Math.fma(p, square, 1.0 / 11.0);
        p = Math.fma(p, square, 1.0 / 9.0);
        p = Math.fma(p, square, 1.0 / 7.0);
        p = Math.fma(p, square, 1.0 / 5.0);
        p = Math.fma(p, square, 1.0 / 3.0);
        double twice = s + s;
        double n = subnormal ? e - 54 : e;
        double low = Math.fma(n, 0x1.ef35793c7673p-45, twice * square * p);
        double y = Math.fma(n, 0x1.62e42fefa38p-1, twice + low);
        double edge = x < 0.0 ? Double.NaN : x == 0.0 ? Double.NEGATIVE_INFINITY : x; // what remains is +∞ or NaN
        return x > 0.0 && x < Double.POSITIVE_INFINITY ? y : edge;
    }

    private static double powerOfTwo(long n) {
        return Double.longBitsToDouble((n + 1023) << 52);
    }

    private static float powerOfTwo(int n) {
        return Float.intBitsToFloat((n + 127) << 23);
    }

    /// log x, natural.
    public static float log(float x) {
        boolean subnormal = x < Float.MIN_NORMAL;
        int bits = Float.floatToRawIntBits(subnormal ? x * 8388608.0f : x);
        int e = (bits - 0x3f3504f4) >> 23; // the significand at and above √½ belongs to the exponent above
        float t = Float.intBitsToFloat(bits - (e << 23)) - 1.0f;
        float y = logReduced(subnormal ? e - 23 : e, t);
        float edge = x < 0.0f ? Float.NaN : x == 0.0f ? Float.NEGATIVE_INFINITY : x; // what remains is +∞ or NaN
        return x > 0.0f && x < Float.POSITIVE_INFINITY ? y : edge;
    }

    /// log(2ᵉ (1 + t)) for √½ ≤ 1 + t ≤ √2: the one polynomial behind log, log1p and the normal draws.
    ///
    /// @param e a whole number
    public static float logReduced(float e, float t) {
        float p = -7.974110463e-2f;
        p = Math.fma(p, t, 1.265565098e-1f);
        p = Math.fma(p, t, -1.298929081e-1f);
        p = Math.fma(p, t, 1.420995208e-1f);
        p = Math.fma(p, t, -1.664158102e-1f);
        p = Math.fma(p, t, 2.000120075e-1f);
        p = Math.fma(p, t, -2.500030393e-1f);
        p = Math.fma(p, t, 3.333332995e-1f);
        float square = t * t;
        float y = p * t * square;
        y = Math.fma(e, -2.12194440e-4f, y); // ln 2 = 0.693359375 − 2.12194440e-4; e times the first is exact
        y = Math.fma(-0.5f, square, y);
        return Math.fma(e, 0.693359375f, t + y);
    }

    /// log(1 + x) for 0 ≤ x ≤ 1. From √2 on, half of 1 + x is reduced: (1 + x) / 2 = 1 + (x − 1) / 2.
    public static float log1pUnit(float x) {
        boolean upper = x > 0.414213562f;
        return logReduced(upper ? 1.0f : 0.0f, upper ? Math.fma(x, 0.5f, -0.5f) : x);
    }

    /// −|x|, by setting the sign bit.
    public static float minusAbs(float x) {
        return Float.intBitsToFloat(Float.floatToRawIntBits(x) | 0x80000000);
    }

    /// 1 / (1 + exp(−x)), with exp(−|x|) so that neither tail cancels or overflows.
    public static float sigmoid(float x) {
        float e = exp(minusAbs(x));
        return (x < 0.0f ? e : 1.0f) / (1.0f + e);
    }

    /// log(1 + exp x) = max(x, 0) + log(1 + exp(−|x|)).
    public static float softplus(float x) {
        return (x > 0.0f ? x : 0.0f) + log1pUnit(exp(minusAbs(x)));
    }

    /// tanh x: an odd polynomial near 0, 1 − 2 / (exp 2|x| + 1) beyond; the sign is put back at the end.
    public static float tanh(float x) {
        float a = Math.abs(x);
        float square = a * a;
        float p = -5.692296661e-3f;
        p = Math.fma(p, square, 2.062816732e-2f);
        p = Math.fma(p, square, -5.373651534e-2f);
        p = Math.fma(p, square, 1.333140582e-1f);
        p = Math.fma(p, square, -3.333328068e-1f);
        float near = Math.fma(a * square, p, a);
        float far = 1.0f + -2.0f / (exp(a + a) + 1.0f);
        float y = a < 0.625f ? near : far;
        return Float.intBitsToFloat(Float.floatToRawIntBits(y) | Float.floatToRawIntBits(x) & 0x80000000);
    }
}
