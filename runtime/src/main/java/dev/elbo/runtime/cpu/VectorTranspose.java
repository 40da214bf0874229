package dev.elbo.runtime.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// What transposes floats in registers, 4 × 4 at a time: an exchange of pairs between the vectors two apart, then
/// one of single lanes between neighbours. A vector of eight lanes has a square in either half.
final class VectorTranspose {
    /// At most two squares side by side: each further one would be another load and blend for every vector.
    static final VectorSpecies<Float> T = Lanes.WIDTH > 8 ? FloatVector.SPECIES_256 : Lanes.F;

    /// Rows of a block: the lanes of T.
    static final int ROWS = T.length();

    /// Elements of each row in a block: the side of a square.
    static final int SIDE = 4;

    // Not private: the methods are written into a loop of another class.
    static final VectorShuffle<Float> HALVES = VectorShuffle.iota(T, ROWS / 2, 1, true);
    static final VectorShuffle<Float> PAIRS = VectorShuffle.fromOp(T, lane -> lane ^ 2);
    static final VectorShuffle<Float> NEIGHBOURS = VectorShuffle.fromOp(T, lane -> lane ^ 1);
    static final VectorMask<Float> SECOND_HALF = VectorMask.fromLong(T, 0b11110000);
    static final VectorMask<Float> SECOND_PAIRS = VectorMask.fromLong(T, 0b11001100);
    static final VectorMask<Float> ODD = VectorMask.fromLong(T, 0b10101010);

    private VectorTranspose() {}

    /// Four elements of a row and, in the second half, of the row four further on: its load begins four early, so
    /// that they arrive where they belong.
    static FloatVector rows(float[] x, int at, int stride) {
        FloatVector row = FloatVector.fromArray(T, x, at);
        return ROWS == SIDE ? row : row.blend(FloatVector.fromArray(T, x, at + SIDE * stride - SIDE), SECOND_HALF);
    }

    /// Undoes [#rows].
    static void putRows(FloatVector v, float[] y, int at, int stride) {
        lowerFour(v).intoArray(y, at);
        if (ROWS > SIDE) {
            lowerFour(v.rearrange(HALVES)).intoArray(y, at + SIDE * stride);
        }
    }

    private static FloatVector lowerFour(FloatVector v) {
        return (FloatVector) v.reinterpretShape(FloatVector.SPECIES_128, 0);
    }

    /// First pairs of x and of y.
    static FloatVector firstPairs(FloatVector x, FloatVector y) {
        return x.blend(y.rearrange(PAIRS), SECOND_PAIRS);
    }

    /// Second pairs of x and of y.
    static FloatVector secondPairs(FloatVector x, FloatVector y) {
        return x.rearrange(PAIRS).blend(y, SECOND_PAIRS);
    }

    /// Even lanes of x, each before that of y.
    static FloatVector evens(FloatVector x, FloatVector y) {
        return x.blend(y.rearrange(NEIGHBOURS), ODD);
    }

    /// Odd lanes of x, each before that of y.
    static FloatVector odds(FloatVector x, FloatVector y) {
        return x.rearrange(NEIGHBOURS).blend(y, ODD);
    }
}
