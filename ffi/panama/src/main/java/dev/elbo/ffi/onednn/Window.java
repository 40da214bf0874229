package dev.elbo.ffi.onednn;

/// How a convolution walks along one axis.
///
/// ```
/// y[j] = Σ_t w[t] · x[j · stride + t · dilation − before]        t in [0, taps), x = 0 outside
/// length of y = ⌊(length of x + before + after − dilation · (taps − 1) − 1) / stride⌋ + 1
/// ```
///
/// @param taps     weights along the axis, at least 1
/// @param stride   step from one output to the next, at least 1
/// @param dilation step from one tap to the next, at least 1
/// @param before   zeros in front of the input
/// @param after    zeros behind the input
public record Window(int taps, int stride, int dilation, int before, int after) {
    public Window {
        if (taps < 1 || stride < 1 || dilation < 1 || before < 0 || after < 0) {
            throw new IllegalArgumentException("window: taps, stride and dilation are at least 1, padding at least 0;"
                    + " taps=" + taps + ", stride=" + stride + ", dilation=" + dilation + ", before=" + before
                    + ", after=" + after);
        }
    }

    /// Without dilation, padded alike on both sides.
    public static Window of(int taps, int stride, int padding) {
        return new Window(taps, stride, 1, padding, padding);
    }

    /// Length of the output for an input of length `in`; below 1 when the window does not fit.
    public long out(long in) {
        return Math.floorDiv(in + before + after - (long) dilation * (taps - 1) - 1, stride) + 1;
    }

    /// Length of the shortest input whose output has length `out`: what a transposed convolution makes of it.
    public long in(long out) {
        return (out - 1) * stride + (long) dilation * (taps - 1) + 1 - before - after;
    }
}
