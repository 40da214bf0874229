package dev.elbo.ffi;

import java.util.Objects;

/// The shape of a batch of images or feature maps, packed.
///
/// @param n number of images
public record Images(int n, int channels, int height, int width, Layout layout) {
    /// @throws IllegalArgumentException if an extent is below 1
    public Images {
        Objects.requireNonNull(layout, "layout");
        if (n < 1 || channels < 1 || height < 1 || width < 1) {
            throw new IllegalArgumentException("images: extents must be at least 1; n=" + n + ", channels=" + channels
                    + ", height=" + height + ", width=" + width);
        }
    }

    /// Number of elements.
    public long size() {
        return (long) n * channels * height * width;
    }

    /// Elements from one to the next along (n, channels, height, width), whatever the layout.
    public long[] strides() {
        long c = channels;
        long h = height;
        long w = width;
        return switch (layout) {
            case NCHW -> new long[] {c * h * w, h * w, w, 1};
            case NHWC -> new long[] {h * w * c, 1, w * c, c};
        };
    }

    /// As messages have it: `n=2, channels=3, height=5, width=4, layout=NCHW`.
    @Override
    public String toString() {
        return "n=" + n + ", channels=" + channels + ", height=" + height + ", width=" + width + ", layout=" + layout;
    }
}
