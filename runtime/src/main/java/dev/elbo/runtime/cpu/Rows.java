package dev.elbo.runtime.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// A matrix whose rows may each stand for several: row r of the work reads row r / `repeat` of the data.
///
/// @param data   (rows / repeat, cols), borrowed
/// @param repeat how many consecutive rows of the work share one, at least 1
public record Rows(MemorySegment data, int repeat) {
    /// One row of data for each row of the work.
    public static Rows of(MemorySegment data) {
        return new Rows(data, 1);
    }

    /// One number for every row and column.
    ///
    /// @param owner of the one row that holds it
    public static Rows constant(float value, int cols, Arena owner) {
        float[] row = new float[cols];
        Arrays.fill(row, value);
        return new Rows(owner.allocateFrom(ValueLayout.JAVA_FLOAT, row), Integer.MAX_VALUE);
    }

    /// Index of the first element that row r of the work reads.
    long start(long r, int cols) {
        return r / repeat * cols;
    }
}
