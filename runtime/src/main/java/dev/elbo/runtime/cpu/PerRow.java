package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// A number for each row: a buffer of them, or one that serves all rows.
///
/// @param each (rows), borrowed; or null
/// @param all  of every row where `each` is null
public record PerRow(MemorySegment each, float all) {
    /// Nothing for any row.
    public static final PerRow NONE = new PerRow(null, 0);

    /// A number for each row.
    ///
    /// @param each (rows), borrowed
    public static PerRow of(MemorySegment each) {
        return new PerRow(each, 0);
    }

    /// The number of row r.
    public float at(long r) {
        return each == null ? all : Floats.get(each, r);
    }
}
