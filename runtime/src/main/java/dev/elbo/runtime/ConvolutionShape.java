package dev.elbo.runtime;

import dev.elbo.runtime.ops.Window;

/// Extents of a convolution of packed images whose channels lie innermost. Its transpose, from y to x, has
/// the same.
///
/// ```
/// x (n, height, width, channels)   weight (outputs, window height, window width, channels)
/// y (n, outHeight, outWidth, outputs)
/// ```
///
/// @param n        images, at least 1
/// @param height   rows of x
/// @param width    columns of x
/// @param channels of x, at least 1
/// @param outputs  channels of y, at least 1
/// @param window   fits into x and its padding
public record ConvolutionShape(int n, int height, int width, int channels, int outputs, Window window) {
    public ConvolutionShape {
        boolean fits = n > 0
                && channels > 0
                && outputs > 0
                && height > 0
                && width > 0
                && window.outHeight(height) > 0
                && window.outWidth(width) > 0;
        if (!fits) {
            throw new IllegalArgumentException(
                    "convolution: nothing to compute; x=" + Shape.of(n, height, width, channels) + ", weight="
                            + Shape.of(outputs, window.height(), window.width(), channels) + ", window=" + window);
        }
    }

    /// Rows of y.
    public int outHeight() {
        return window.outHeight(height);
    }

    /// Columns of y.
    public int outWidth() {
        return window.outWidth(width);
    }

    /// Pixels of y in all images.
    public long pixels() {
        return (long) n * outHeight() * outWidth();
    }

    /// Taps of the window.
    public int taps() {
        return window.height() * window.width();
    }

    /// Elements of x that one pixel of y sees: taps times channels.
    public int patch() {
        return taps() * channels;
    }

    /// Shape of x.
    public Shape x() {
        return Shape.of(n, height, width, channels);
    }

    /// Shape of the weight.
    public Shape weight() {
        return Shape.of(outputs, window.height(), window.width(), channels);
    }

    /// Shape of y.
    public Shape y() {
        return Shape.of(n, outHeight(), outWidth(), outputs);
    }

    /// Whether all outputs of an image are one product of the weight, (outputs, height · width · channels),
    /// and the whole image.
    boolean coversImage() {
        return window.padDown() == 0 && window.padAcross() == 0 && window.height() == height && window.width() == width;
    }

    /// Multiply-adds, the same in all three directions; those with the zeros around the images count.
    public long multiplyAdds() {
        return pixels() * patch() * outputs;
    }
}
