package dev.elbo.ffi.onednn;

/// Where the channels of an image lie in memory, and those of x in a weight: it lies as `out` images do.
public enum ChannelOrder {
    /// (n, channels, height, width)
    FIRST,
    /// (n, height, width, channels)
    LAST;

    /// Strides of (n, channels, height, width), in elements.
    long[] strides(long channels, long height, long width) {
        return switch (this) {
            case FIRST -> new long[] {channels * height * width, height * width, width, 1};
            case LAST -> new long[] {channels * height * width, 1, width * channels, channels};
        };
    }
}
