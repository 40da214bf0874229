package dev.elbo.runtime.cpu;

import dev.elbo.runtime.ConvolutionShape;
import java.lang.foreign.MemorySegment;

/// Convolutions whose bits are fixed: slower than a tuned library, equal on every device. The twin is
/// `convolution.cu`; x, w and y lie as [ConvolutionShape] says.
///
/// Each is a product in the order of [ProductMath], a single chain of fused multiply-adds per element:
///
/// ```
/// y[i,p,q,o]   chain over r, s, c ascending, c fastest        of x[i,h,v,c], w[o,r,s,c]
/// x[i,h,v,c]   chain over r, s, o ascending, o fastest        of y[i,p,q,o], w[o,r,s,c]
/// w[o,r,s,c]   chains over i, p, q ascending, q fastest       of y[i,p,q,o], x[i,h,v,c]
///                                             h = p · stride + r − pad, v = q · stride + s − pad
/// ```
///
/// What lies outside of x or y is 0 and takes part in its chain; taps r, s between which the stride of x[i,h,v]
/// leaves no p, q do not. The gradient of w has one chain for each part of ⌈pixels / parts⌉ pixels of y, parts =
/// clamp(⌊pixels / 1024⌋, 1, 16); they are added in f32 in their order. After the chain v: `v = old + v` where it
/// adds, then `v + bias`, then f.
public interface ConvolutionMath {
    /// Pixels that a part of a weight's gradient has at least.
    int PART = 1024;

    /// The most parts of a weight's gradient.
    int MOST_PARTS = 16;

    /// How many chains an element of a weight's gradient is added up from.
    static int parts(ConvolutionShape shape) {
        return Math.clamp(shape.pixels() / PART, 1, MOST_PARTS);
    }

    /// `y = f((y +) x ∗ w + bias)`, for a range of pixels of y in all images.
    ///
    /// @param bias (outputs), or null
    void convolve(
            ConvolutionShape shape,
            MemorySegment x,
            MemorySegment w,
            MemorySegment bias,
            MemorySegment y,
            long from,
            long to,
            boolean first,
            Unary f,
            float parameter);

    /// The weight as [#convolveTransposed] reads it, for a range of taps: taps that meet the same pixels
    /// follow each other, and of each tap (outputs, channels).
    ///
    /// @param laid as many elements as w, overwritten
    void layTaps(ConvolutionShape shape, MemorySegment w, MemorySegment laid, long from, long to);

    /// `x = f((x +) wᵀ ∗ y + bias)`, for a range of rows of x in all images.
    ///
    /// @param laid what [#layTaps] made of w
    /// @param bias (channels), or null
    void convolveTransposed(
            ConvolutionShape shape,
            MemorySegment y,
            MemorySegment laid,
            MemorySegment bias,
            MemorySegment x,
            long from,
            long to,
            boolean first,
            Unary f,
            float parameter);

    /// First half of the weight's gradient, for a range of pairs (part, tap).
    ///
    /// @param partials (parts, taps, outputs, channels), overwritten
    void convolveParts(
            ConvolutionShape shape, MemorySegment x, MemorySegment dy, MemorySegment partials, long from, long to);

    /// Second half, `dw (+)= Σ_part partials`, for a range of taps.
    void sumParts(ConvolutionShape shape, MemorySegment partials, MemorySegment dw, long from, long to, boolean first);

    /// What each pixel of y sees of x, zeros included, for a range of pixels of y in all images.
    ///
    /// @param patches (pixels, window height, window width, channels), overwritten
    void layPatches(ConvolutionShape shape, MemorySegment x, MemorySegment patches, long from, long to);

    /// The transpose of a matrix, for a range of its columns.
    ///
    /// @param x (rows, cols)
    /// @param y (cols, rows), overwritten
    void turn(MemorySegment x, MemorySegment y, long from, long to, int rows, int cols);
}
