package dev.elbo.runtime;

import java.util.Arrays;

/// Extents of a tensor, outermost first. Elements are stored row-major and without gaps.
///
/// Most operations see a matrix: `cols` is the innermost extent and `rows` the product of all others, so that
/// (n, samples, latent) is a matrix of n·samples rows wherever samples need no special care.
public final class Shape {
    /// No extents, one element.
    public static final Shape SCALAR = new Shape();

    private final int[] extents;
    private final long size;

    private Shape(int... extents) {
        this.extents = extents;
        long product = 1;
        for (int extent : extents) {
            if (extent < 0) {
                throw new IllegalArgumentException("Shape: extents are not negative; shape=" + this);
            }
            product = Math.multiplyExact(product, (long) extent);
        }
        this.size = product;
    }

    /// A shape of the given extents, outermost first; none is the scalar.
    public static Shape of(int... extents) {
        return extents.length == 0 ? SCALAR : new Shape(extents.clone());
    }

    /// Number of extents.
    public int rank() {
        return extents.length;
    }

    /// One extent.
    ///
    /// @param axis 0 is the outermost; −1 the innermost, −2 the one before it
    public int extent(int axis) {
        int at = axis < 0 ? axis + extents.length : axis;
        if (at < 0 || at >= extents.length) {
            throw new IllegalArgumentException("Shape: no such axis; axis=" + axis + ", shape=" + this);
        }
        return extents[at];
    }

    /// Number of elements.
    public long size() {
        return size;
    }

    /// Innermost extent; 1 for a scalar.
    public int cols() {
        return extents.length == 0 ? 1 : extents[extents.length - 1];
    }

    /// Product of all extents but the innermost; 1 for a vector or a scalar.
    public int rows() {
        long rows = 1;
        for (int axis = 0; axis < extents.length - 1; axis++) {
            rows *= extents[axis];
        }
        return Math.toIntExact(rows);
    }

    /// This shape with the innermost extent replaced.
    public Shape withCols(int cols) {
        int[] changed = extents.clone();
        changed[changed.length - 1] = cols;
        return new Shape(changed);
    }

    /// This shape without its innermost extent: what a reduction of each row leaves.
    public Shape withoutCols() {
        return extents.length <= 1 ? SCALAR : new Shape(Arrays.copyOf(extents, extents.length - 1));
    }

    /// This shape with one more extent inside.
    public Shape inside(int cols) {
        int[] longer = Arrays.copyOf(extents, extents.length + 1);
        longer[extents.length] = cols;
        return new Shape(longer);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(extents, shape.extents);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(extents);
    }

    /// `(128, 784)`; a vector is `(784)` and the scalar `()`.
    @Override
    public String toString() {
        String list = Arrays.toString(extents);
        return "(" + list.substring(1, list.length() - 1) + ")";
    }
}
