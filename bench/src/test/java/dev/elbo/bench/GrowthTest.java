package dev.elbo.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class GrowthTest {
    @Test
    void aPowerIsFound() {
        Growth growth = Growth.of(new double[] {1, 3, 10}, new double[] {2, 18, 200});
        assertEquals(2, growth.exponent(), 1e-12);
        assertEquals(2, growth.factor(), 1e-12);
        assertEquals(0, growth.residual(), 1e-12);
    }

    /// Of 1, e, e² with the middle one off by a factor of e³: exponent 1 by symmetry, differences of -1, 2 and -1.
    @Test
    void whatIsNoPowerHasAResidual() {
        double e = Math.E;
        Growth growth = Growth.of(new double[] {1, e, e * e}, new double[] {1, Math.pow(e, 4), e * e});
        assertEquals(1, growth.exponent(), 1e-12);
        assertEquals(Math.sqrt(2), growth.residual(), 1e-12);
    }
}
