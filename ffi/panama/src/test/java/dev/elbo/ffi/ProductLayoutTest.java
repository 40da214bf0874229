package dev.elbo.ffi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class ProductLayoutTest {
    /// The law: what column-major loops make of the exchanged operands is what row-major loops make of the product.
    @Test
    void columnMajorIsTheSameProductWithOperandsExchanged() {
        float[] a = numbers(60, 1);
        float[] b = numbers(60, 2);
        for (int transposes = 0; transposes < 4; transposes++) {
            ProductLayout packed = ProductLayout.of(2, 3, 4).transposed((transposes & 1) != 0, (transposes & 2) != 0);
            ProductLayout product = packed.leading(packed.leadingA() + 1, packed.leadingB() + 2, packed.leadingC() + 3)
                    .batched(2, 25, 29, 17);
            float[] expected = new float[40];
            float[] actual = new float[40];
            rowMajor(product, a, b, expected);
            columnMajor(product.columnMajor(), b, a, actual);
            for (int i = 0; i < expected.length; i++) {
                assertEquals(expected[i], actual[i], "transposes " + transposes + ", element " + i);
            }
        }
    }

    private static float[] numbers(int count, int start) {
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = (start + 7 * i) % 11;
        }
        return numbers;
    }

    private static void rowMajor(ProductLayout p, float[] a, float[] b, float[] c) {
        for (int q = 0; q < p.batch(); q++) {
            for (int i = 0; i < p.rows(); i++) {
                for (int j = 0; j < p.cols(); j++) {
                    for (int k = 0; k < p.inner(); k++) {
                        int atA = p.transposedA() ? k * p.leadingA() + i : i * p.leadingA() + k;
                        int atB = p.transposedB() ? j * p.leadingB() + k : k * p.leadingB() + j;
                        c[(int) (q * p.strideC()) + i * p.leadingC() + j] +=
                                a[(int) (q * p.strideA()) + atA] * b[(int) (q * p.strideB()) + atB];
                    }
                }
            }
        }
    }

    private static void columnMajor(Gemm g, float[] a, float[] b, float[] c) {
        for (int q = 0; q < g.batch(); q++) {
            for (int i = 0; i < g.m(); i++) {
                for (int j = 0; j < g.n(); j++) {
                    for (int k = 0; k < g.k(); k++) {
                        int atA = g.transposedA() ? k + i * g.lda() : i + k * g.lda();
                        int atB = g.transposedB() ? j + k * g.ldb() : k + j * g.ldb();
                        c[(int) (q * g.strideC()) + i + j * g.ldc()] +=
                                a[(int) (q * g.strideA()) + atA] * b[(int) (q * g.strideB()) + atB];
                    }
                }
            }
        }
    }

    @Test
    void aRowLongerThanItsLeadingDimensionIsMisuse() {
        ProductLayout product = ProductLayout.of(2, 3, 4);
        assertEquals(
                "product: a row of a is longer than its leading dimension; row=4, leading=3",
                assertThrows(IllegalArgumentException.class, () -> product.leading(3, 3, 3))
                        .getMessage());
        assertEquals(
                "product: a row of b is longer than its leading dimension; row=4, leading=3",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> product.transposed(false, true).leading(4, 3, 3))
                        .getMessage());
        assertEquals(
                "product: a row of c is longer than its leading dimension; row=3, leading=2",
                assertThrows(IllegalArgumentException.class, () -> product.leading(4, 3, 2))
                        .getMessage());
    }

    @Test
    void extentsStridesAndOverlapAreChecked() {
        assertEquals(
                "product: extents must be at least 1; rows=0, cols=3, inner=4, batch=1",
                assertThrows(IllegalArgumentException.class, () -> ProductLayout.of(0, 3, 4))
                        .getMessage());
        ProductLayout product = ProductLayout.of(2, 3, 4);
        assertEquals(
                "product: strides must not be negative; strideA=-1, strideB=0",
                assertThrows(IllegalArgumentException.class, () -> product.batched(2, -1, 0, 6))
                        .getMessage());
        assertEquals(
                "product: the results of the batch overlap; strideC=5, elements of c=6",
                assertThrows(IllegalArgumentException.class, () -> product.batched(2, 0, 0, 5))
                        .getMessage());
    }
}
