package dev.elbo.ffi;

/// The order in which the elements of [Images] and of filters lie in memory; the last letter runs fastest.
public enum Layout {
    /// (n, channels, height, width)
    NCHW,
    /// (n, height, width, channels): what tensor cores want
    NHWC
}
