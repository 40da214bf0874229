package dev.elbo.simulator.machine;

import java.math.BigDecimal;
import java.util.Locale;

/// The four roundings of PTX, for results that Java rounds to nearest only.
///
/// A result is known as the double nearest to it and the sign of what that misses; the two decide every rounding to a
/// float, and the directed ones to a double.
enum Rounding {
    /// To nearest, ties to even.
    RN,
    /// Towards zero.
    RZ,
    /// Towards minus infinity.
    RM,
    /// Towards plus infinity.
    RP;

    /// @param name modifier, null for the default
    static Rounding of(String name) {
        return name == null ? RN : valueOf(name.toUpperCase(Locale.ROOT));
    }

    /// The float for a value `nearest + rest`.
    ///
    /// @param rest anything of the right sign, 0 if `nearest` is exact
    float toFloat(double nearest, double rest) {
        if (this == RN) {
            // Rounding twice errs only on doubles half-way between floats; an odd last bit keeps inexact ones off them.
            boolean even = (Double.doubleToRawLongBits(nearest) & 1) == 0;
            return (float) (rest == 0 || !even ? nearest : rest > 0 ? Math.nextUp(nearest) : Math.nextDown(nearest));
        }
        float f = (float) nearest;
        if (Float.isNaN(f) || Double.isInfinite(nearest)) {
            return f;
        }
        double above = f != nearest ? f - nearest : -rest;
        boolean down = this == RM || this == RZ && (nearest > 0 || nearest == 0 && rest > 0);
        if (down) {
            return above > 0 ? Math.nextDown(f) : f;
        }
        return above < 0 ? Math.nextUp(f) : f;
    }

    /// The float for a value, with its last bit set if it is not exact: what may be rounded again.
    static float toOdd(double nearest, double rest) {
        float f = RZ.toFloat(nearest, rest);
        return f == nearest && rest == 0 || Float.isNaN(f) ? f : Float.intBitsToFloat(Float.floatToRawIntBits(f) | 1);
    }

    /// The double for a value `nearest + rest`.
    double toDouble(double nearest, double rest) {
        if (this == RN || rest == 0 || Double.isNaN(nearest)) {
            return nearest;
        }
        boolean down = this == RM || this == RZ && nearest > 0;
        if (down) {
            return rest < 0 ? Math.nextDown(nearest) : nearest;
        }
        return rest > 0 ? Math.nextUp(nearest) : nearest;
    }

    /// The sum of two doubles that are exact.
    float addToFloat(double a, double b) {
        double sum = a + b;
        if (sum == 0) {
            return zero(a, b, (float) sum);
        }
        double bPart = sum - a;
        double rest = a - (sum - bPart) + (b - bPart);
        return toFloat(sum, Double.isNaN(rest) ? 0 : rest);
    }

    /// x − x is −0 when rounding down, else +0.
    private float zero(double a, double b, float sum) {
        return this == RM && Math.copySign(1, a) != Math.copySign(1, b) ? -0f : sum;
    }

    float divideToFloat(double a, double b) {
        double quotient = a / b;
        double rest = Math.fma(-quotient, b, a) * Math.signum(b);
        return toFloat(quotient, Double.isNaN(rest) ? 0 : rest);
    }

    float sqrtToFloat(double a) {
        double root = Math.sqrt(a);
        double rest = Math.fma(-root, root, a);
        return toFloat(root, Double.isNaN(rest) ? 0 : rest);
    }

    double add(double a, double b) {
        double sum = a + b;
        if (sum == 0) {
            return this == RM && Math.copySign(1, a) != Math.copySign(1, b) ? -0.0 : sum;
        }
        return directed(sum, a, b, 0, () -> exact(a).add(exact(b)));
    }

    double multiply(double a, double b) {
        return directed(a * b, a, b, 0, () -> exact(a).multiply(exact(b)));
    }

    double fma(double a, double b, double c) {
        double result = Math.fma(a, b, c);
        boolean opposite = Math.copySign(1, a) * Math.copySign(1, b) != Math.copySign(1, c);
        if (this == RM
                && result == 0
                && opposite
                && exact(a).multiply(exact(b)).add(exact(c)).signum() == 0) {
            return -0.0;
        }
        return directed(result, a, b, c, () -> exact(a).multiply(exact(b)).add(exact(c)));
    }

    double divide(double a, double b) {
        double quotient = a / b;
        if (this == RN || !Double.isFinite(a) || !Double.isFinite(b) || b == 0) {
            return quotient;
        }
        if (Double.isInfinite(quotient)) {
            return toDouble(quotient, -quotient);
        }
        int rest = exact(a).subtract(exact(quotient).multiply(exact(b))).signum();
        return underflow(quotient, rest * Math.signum(b), Math.copySign(1, a) * Math.copySign(1, b));
    }

    double sqrt(double a) {
        double root = Math.sqrt(a);
        if (this == RN || !(root > 0) || Double.isInfinite(root)) {
            return root;
        }
        return toDouble(root, exact(a).subtract(exact(root).pow(2)).signum());
    }

    private interface Exact {
        BigDecimal value();
    }

    private double directed(double nearest, double a, double b, double c, Exact exact) {
        if (this == RN || !Double.isFinite(a) || !Double.isFinite(b) || !Double.isFinite(c)) {
            return nearest;
        }
        if (Double.isInfinite(nearest)) {
            return toDouble(nearest, -nearest);
        }
        BigDecimal rest = exact.value().subtract(exact(nearest));
        return underflow(nearest, rest.signum(), exact.value().signum());
    }

    /// A result rounded to zero has lost the sign that tells which way is down.
    private double underflow(double nearest, double rest, double sign) {
        if (nearest != 0 || rest == 0) {
            return toDouble(nearest, rest);
        }
        boolean away = this == RP && sign > 0 || this == RM && sign < 0;
        return Math.copySign(away ? Double.MIN_VALUE : 0, sign);
    }

    private static BigDecimal exact(double a) {
        return new BigDecimal(a);
    }
}
