package dev.elbo.runtime.ops;

/// How a convolution walks over an image: extents of its kernel, steps, and zeros around the image.
///
/// ```
/// y[p,q] = Σ_{r,s} w[r,s] · x[p · strideDown + r − padDown, q · strideAcross + s − padAcross]
/// outHeight = ⌊(height of x + 2 padDown − height) / strideDown⌋ + 1        likewise across
/// ```
///
/// @param height       rows of the kernel, at least 1
/// @param width        columns of the kernel, at least 1
/// @param strideDown   rows from one output to the next, at least 1
/// @param strideAcross columns from one output to the next, at least 1
/// @param padDown      rows of zeros above and below the image
/// @param padAcross    columns of zeros on either side of the image
public record Window(int height, int width, int strideDown, int strideAcross, int padDown, int padAcross) {
    public Window {
        if (height < 1 || width < 1 || strideDown < 1 || strideAcross < 1 || padDown < 0 || padAcross < 0) {
            throw new IllegalArgumentException("window: kernel and stride are at least 1, padding at least 0; kernel=("
                    + height + ", " + width + "), stride=(" + strideDown + ", " + strideAcross + "), padding=("
                    + padDown + ", " + padAcross + ")");
        }
    }

    /// A square window that steps and pads alike in both directions.
    public static Window of(int size, int stride, int padding) {
        return new Window(size, size, stride, stride, padding, padding);
    }

    /// A window over sequences: images of height 1, whose width is time.
    public static Window across(int taps, int stride, int padding) {
        return new Window(1, taps, 1, stride, 0, padding);
    }

    /// Rows of the output for an image of so many rows; below 1 where the window does not fit.
    public int outHeight(int rows) {
        return Math.floorDiv(rows + 2 * padDown - height, strideDown) + 1;
    }

    /// Columns of the output for an image of so many columns; below 1 where the window does not fit.
    public int outWidth(int columns) {
        return Math.floorDiv(columns + 2 * padAcross - width, strideAcross) + 1;
    }

    /// Rows of the smallest image whose output has so many rows.
    public int inHeight(int rows) {
        return (rows - 1) * strideDown + height - 2 * padDown;
    }

    /// Columns of the smallest image whose output has so many columns.
    public int inWidth(int columns) {
        return (columns - 1) * strideAcross + width - 2 * padAcross;
    }

    /// `kernel (4, 4), stride (2, 2), padding (1, 1)`.
    @Override
    public String toString() {
        return "kernel (" + height + ", " + width + "), stride (" + strideDown + ", " + strideAcross + "), padding ("
                + padDown + ", " + padAcross + ")";
    }
}
