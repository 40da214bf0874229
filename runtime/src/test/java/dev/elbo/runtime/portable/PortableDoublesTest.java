package dev.elbo.runtime.portable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

/// exp and log in f64 against `StrictMath`, which is within 1 ulp itself.
class PortableDoublesTest {
    private static final int DRAWS = 2_000_000;

    private static double worst(
            DoubleSupplier arguments, DoubleUnaryOperator portable, DoubleUnaryOperator strict, double least) {
        double worst = 0;
        for (int i = 0; i < DRAWS; i++) {
            double x = arguments.getAsDouble();
            double expected = strict.applyAsDouble(x);
            double error = Math.abs(portable.applyAsDouble(x) - expected) / Math.ulp(expected);
            worst = Math.abs(expected) < least ? worst : Math.max(worst, error);
        }
        return worst;
    }

    @Test
    void expIsWithinItsUlps() {
        SplittableRandom random = new SplittableRandom(1);
        double wide =
                worst(() -> random.nextDouble(-750, 709.7), PortableMath::exp, StrictMath::exp, Double.MIN_NORMAL);
        double near = worst(() -> random.nextDouble(-1, 1), PortableMath::exp, StrictMath::exp, 0);
        assertTrue(wide <= 1 && near <= 1, "ulps: " + wide + ", " + near);
    }

    @Test
    void logIsWithinItsUlps() {
        SplittableRandom random = new SplittableRandom(2);
        DoubleSupplier all = () -> Double.longBitsToDouble(random.nextLong(1, 0x7ff0000000000000L));
        double wide = worst(all, PortableMath::log, StrictMath::log, 0);
        double near = worst(() -> 1 + random.nextDouble(-0.3, 0.42), PortableMath::log, StrictMath::log, 0);
        assertTrue(wide <= 2 && near <= 2, "ulps: " + wide + ", " + near);
    }

    @Test
    void edges() {
        assertEquals(0.0, PortableMath.exp(Double.NEGATIVE_INFINITY));
        assertEquals(0.0, PortableMath.exp(-709.0));
        assertEquals(1.0, PortableMath.exp(-0.0));
        assertEquals(Double.POSITIVE_INFINITY, PortableMath.exp(709.79));
        assertEquals(Double.POSITIVE_INFINITY, PortableMath.exp(Double.POSITIVE_INFINITY));
        assertTrue(Double.isNaN(PortableMath.exp(Double.NaN)));
        assertEquals(Double.NEGATIVE_INFINITY, PortableMath.log(0.0));
        assertEquals(Double.NEGATIVE_INFINITY, PortableMath.log(-0.0));
        assertEquals(0.0, PortableMath.log(1.0));
        assertEquals(Double.POSITIVE_INFINITY, PortableMath.log(Double.POSITIVE_INFINITY));
        assertTrue(Double.isNaN(PortableMath.log(-1.0)));
        assertTrue(Double.isNaN(PortableMath.log(Double.NaN)));
        assertEquals(StrictMath.log(Double.MIN_VALUE), PortableMath.log(Double.MIN_VALUE), 1e-12);
    }
}
