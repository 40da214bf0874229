package dev.elbo.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class ShapeTest {
    @Test
    void rowsAreEverythingButTheInnermostExtent() {
        Shape shape = Shape.of(20, 50, 784);
        assertEquals(784, shape.cols());
        assertEquals(1000, shape.rows());
        assertEquals(784_000, shape.size());
        assertEquals("(20, 50, 784)", shape.toString());
    }

    @Test
    void vectorsAreOneRowAndTheScalarOneElement() {
        assertEquals(1, Shape.of(7).rows());
        assertEquals(1, Shape.SCALAR.size());
        assertEquals(1, Shape.SCALAR.cols());
        assertEquals("()", Shape.of().toString());
    }

    @Test
    void axesCountFromBothEnds() {
        assertEquals(5, Shape.of(3, 4, 5).extent(-1));
        assertEquals(3, Shape.of(3, 4, 5).extent(-3));
        assertEquals(
                "Shape: no such axis; axis=2, shape=(3, 4)",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> Shape.of(3, 4).extent(2))
                        .getMessage());
    }

    @Test
    void reductionsRemoveTheInnermostExtentAndInsideAddsOne() {
        assertEquals(Shape.of(20, 50), Shape.of(20, 50, 784).withoutCols());
        assertEquals(Shape.of(20, 50, 784), Shape.of(20, 50).inside(784));
        assertEquals(Shape.SCALAR, Shape.of(3).withoutCols());
    }

    @Test
    void negativeExtentsAreRefusedAndEmptyOnesAllowed() {
        assertEquals(0, Shape.of(0, 784).size());
        assertEquals(
                "Shape: extents are not negative; shape=(2, -1)",
                assertThrows(IllegalArgumentException.class, () -> Shape.of(2, -1))
                        .getMessage());
    }
}
