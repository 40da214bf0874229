package dev.elbo.simulator.machine;

import static dev.elbo.simulator.machine.Lanes.COUNT;

import dev.elbo.simulator.machine.Lanes.L1;
import dev.elbo.simulator.machine.Lanes.L2;
import dev.elbo.simulator.machine.Lanes.L3;
import dev.elbo.simulator.machine.Lanes.W1;
import dev.elbo.simulator.machine.Lanes.W2;
import dev.elbo.simulator.machine.Lanes.W3;

/// Floating-point operations on rows of bits. A NaN result is the one that hardware writes, whatever came in.
final class FloatLanes {
    /// NaN of f32 results.
    static final int NAN = 0x7fff_ffff;

    /// NaN of f64 results.
    static final long NAN64 = 0xfff8_0000_0000_0000L;

    private FloatLanes() {}

    static float f(int bits) {
        return Float.intBitsToFloat(bits);
    }

    static double f(long bits) {
        return Double.longBitsToDouble(bits);
    }

    static int bits(float value) {
        return value != value ? NAN : Float.floatToRawIntBits(value);
    }

    static long bits(double value) {
        return value != value ? NAN64 : Double.doubleToRawLongBits(value);
    }

    static void add(int[] d, int[] a, int[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = bits(f(a[i]) + f(b[i]));
        }
    }

    static void subtract(int[] d, int[] a, int[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = bits(f(a[i]) - f(b[i]));
        }
    }

    static void multiply(int[] d, int[] a, int[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = bits(f(a[i]) * f(b[i]));
        }
    }

    static void divide(int[] d, int[] a, int[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = bits(f(a[i]) / f(b[i]));
        }
    }

    static void fma(int[] d, int[] a, int[] b, int[] c) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = bits(Math.fma(f(a[i]), f(b[i]), f(c[i])));
        }
    }

    static void reciprocal(int[] d, int[] a) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = bits(1 / f(a[i]));
        }
    }

    static void squareRoot(int[] d, int[] a) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = bits((float) Math.sqrt(f(a[i])));
        }
    }

    static void add(long[] d, long[] a, long[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = bits(f(a[i]) + f(b[i]));
        }
    }

    static void subtract(long[] d, long[] a, long[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = bits(f(a[i]) - f(b[i]));
        }
    }

    static void multiply(long[] d, long[] a, long[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = bits(f(a[i]) * f(b[i]));
        }
    }

    static void divide(long[] d, long[] a, long[] b) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = bits(f(a[i]) / f(b[i]));
        }
    }

    static void fma(long[] d, long[] a, long[] b, long[] c) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = bits(Math.fma(f(a[i]), f(b[i]), f(c[i])));
        }
    }

    static void reciprocal(long[] d, long[] a) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = bits(1 / f(a[i]));
        }
    }

    static void squareRoot(long[] d, long[] a) {
        for (int i = 0; i < COUNT; i++) {
            d[i] = bits(Math.sqrt(f(a[i])));
        }
    }

    /// `min` and `max` give the operand that is a number where one is not, and tell −0 from +0.
    static float min(float a, float b, boolean nan) {
        return nan || a == a && b == b ? Math.min(a, b) : a != a ? b : a;
    }

    static float max(float a, float b, boolean nan) {
        return nan || a == a && b == b ? Math.max(a, b) : a != a ? b : a;
    }

    static double min(double a, double b) {
        return a != a ? b : b != b ? a : Math.min(a, b);
    }

    static double max(double a, double b) {
        return a != a ? b : b != b ? a : Math.max(a, b);
    }

    static W2 directed2(String mnemonic, Rounding mode) {
        return switch (mnemonic) {
            case "add" ->
                (d, a, b) -> {
                    for (int i = 0; i < COUNT; i++) {
                        d[i] = bits(mode.addToFloat(f(a[i]), f(b[i])));
                    }
                };
            case "sub" ->
                (d, a, b) -> {
                    for (int i = 0; i < COUNT; i++) {
                        d[i] = bits(mode.addToFloat(f(a[i]), -f(b[i])));
                    }
                };
            case "mul" ->
                (d, a, b) -> {
                    for (int i = 0; i < COUNT; i++) {
                        d[i] = bits(mode.toFloat((double) f(a[i]) * f(b[i]), 0));
                    }
                };
            case "div" ->
                (d, a, b) -> {
                    for (int i = 0; i < COUNT; i++) {
                        d[i] = bits(mode.divideToFloat(f(a[i]), f(b[i])));
                    }
                };
            default -> null;
        };
    }

    static W1 directed1(String mnemonic, Rounding mode) {
        return mnemonic.equals("rcp")
                ? (d, a) -> {
                    for (int i = 0; i < COUNT; i++) {
                        d[i] = bits(mode.divideToFloat(1, f(a[i])));
                    }
                }
                : (d, a) -> {
                    for (int i = 0; i < COUNT; i++) {
                        d[i] = bits(mode.sqrtToFloat(f(a[i])));
                    }
                };
    }

    static W3 directed3(Rounding mode) {
        return (d, a, b, c) -> {
            for (int i = 0; i < COUNT; i++) {
                d[i] = bits(mode.addToFloat((double) f(a[i]) * f(b[i]), f(c[i])));
            }
        };
    }

    static L2 directedLong2(String mnemonic, Rounding mode) {
        return switch (mnemonic) {
            case "add" ->
                (d, a, b) -> {
                    for (int i = 0; i < COUNT; i++) {
                        d[i] = bits(mode.add(f(a[i]), f(b[i])));
                    }
                };
            case "sub" ->
                (d, a, b) -> {
                    for (int i = 0; i < COUNT; i++) {
                        d[i] = bits(mode.add(f(a[i]), -f(b[i])));
                    }
                };
            case "mul" ->
                (d, a, b) -> {
                    for (int i = 0; i < COUNT; i++) {
                        d[i] = bits(mode.multiply(f(a[i]), f(b[i])));
                    }
                };
            case "div" ->
                (d, a, b) -> {
                    for (int i = 0; i < COUNT; i++) {
                        d[i] = bits(mode.divide(f(a[i]), f(b[i])));
                    }
                };
            default -> null;
        };
    }

    static L1 directedLong1(String mnemonic, Rounding mode) {
        return mnemonic.equals("rcp")
                ? (d, a) -> {
                    for (int i = 0; i < COUNT; i++) {
                        d[i] = bits(mode.divide(1, f(a[i])));
                    }
                }
                : (d, a) -> {
                    for (int i = 0; i < COUNT; i++) {
                        d[i] = bits(mode.sqrt(f(a[i])));
                    }
                };
    }

    static L3 directedLong3(Rounding mode) {
        return (d, a, b, c) -> {
            for (int i = 0; i < COUNT; i++) {
                d[i] = bits(mode.fma(f(a[i]), f(b[i]), f(c[i])));
            }
        };
    }
}
