package dev.elbo.ffi;

import java.util.Objects;

/// The shape of a two-dimensional convolution (in truth a cross-correlation, as everywhere in deep learning).
///
/// ```
/// y[n, f, p, q] = Σ_c Σ_i Σ_j w[f, c, i, j] · x[n, c, row, col]
/// row           = p · strideH − padH + i · dilationH
/// col           = q · strideW − padW + j · dilationW
///
/// x  (n, channels, height, width)               zero outside
/// w  (filters, channels, kernelH, kernelW)
/// y  (n, filters, ⌊(height + 2·padH − dilationH·(kernelH − 1) − 1) / strideH⌋ + 1, likewise)
/// ```
///
/// x, w and y lie in the layout of `images`: with NHWC, w is (filters, kernelH, kernelW, channels).
///
/// @param images  shape and layout of x
/// @param filters channels of y
public record ConvolutionShape(
        Images images,
        int filters,
        int kernelH,
        int kernelW,
        int strideH,
        int strideW,
        int padH,
        int padW,
        int dilationH,
        int dilationW,
        Precision precision) {

    /// What is computed from the other two of x, w and y.
    ///
    /// Operands come in the order x, w, dy without the one computed.
    public enum Pass {
        /// (x, w) → y
        FORWARD,
        /// (w, dy) → dx; as a layer of its own, the transposed convolution
        DATA_GRADIENT,
        /// (x, dy) → dw
        FILTER_GRADIENT
    }

    /// @throws IllegalArgumentException if an extent, stride or dilation is below 1, a padding negative, or y empty
    public ConvolutionShape {
        Objects.requireNonNull(images, "images");
        Objects.requireNonNull(precision, "precision");
        boolean positive = filters >= 1
                && kernelH >= 1
                && kernelW >= 1
                && strideH >= 1
                && strideW >= 1
                && dilationH >= 1
                && dilationW >= 1;
        boolean fits = positive
                && padH >= 0
                && padW >= 0
                && extent(images.height(), kernelH, strideH, padH, dilationH) >= 1
                && extent(images.width(), kernelW, strideW, padW, dilationW) >= 1;
        if (!fits) {
            throw new IllegalArgumentException("convolution: the filter does not fit; "
                    + describe(images, filters, kernelH, kernelW, strideH, strideW, padH, padW, dilationH, dilationW));
        }
    }

    private static int extent(int input, int kernel, int stride, int pad, int dilation) {
        int last = input + 2 * pad - dilation * (kernel - 1) - 1;
        return last < 0 ? 0 : last / stride + 1;
    }

    /// An FP32 convolution of stride 1 without padding.
    public static ConvolutionShape of(Images images, int filters, int kernelH, int kernelW) {
        return new ConvolutionShape(images, filters, kernelH, kernelW, 1, 1, 0, 0, 1, 1, Precision.FP32);
    }

    /// The same with other strides.
    public ConvolutionShape stride(int h, int w) {
        return new ConvolutionShape(
                images, filters, kernelH, kernelW, h, w, padH, padW, dilationH, dilationW, precision);
    }

    /// The same with `h` rows and `w` columns of zeros on each side of x.
    public ConvolutionShape padding(int h, int w) {
        return new ConvolutionShape(
                images, filters, kernelH, kernelW, strideH, strideW, h, w, dilationH, dilationW, precision);
    }

    /// The same with the taps of the filter `h` rows and `w` columns apart.
    public ConvolutionShape dilation(int h, int w) {
        return new ConvolutionShape(images, filters, kernelH, kernelW, strideH, strideW, padH, padW, h, w, precision);
    }

    /// The same in another precision.
    public ConvolutionShape in(Precision other) {
        return new ConvolutionShape(
                images, filters, kernelH, kernelW, strideH, strideW, padH, padW, dilationH, dilationW, other);
    }

    /// Shape of y and dy.
    public Images output() {
        return new Images(
                images.n(),
                filters,
                extent(images.height(), kernelH, strideH, padH, dilationH),
                extent(images.width(), kernelW, strideW, padW, dilationW),
                images.layout());
    }

    /// Shape of w and dw, whose filters stand where the images of a batch do.
    public Images weights() {
        return new Images(filters, images.channels(), kernelH, kernelW, images.layout());
    }

    /// Shape of what `pass` computes.
    public Images result(Pass pass) {
        return switch (pass) {
            case FORWARD -> output();
            case DATA_GRADIENT -> images;
            case FILTER_GRADIENT -> weights();
        };
    }

    /// Shape of the first operand of `pass`.
    public Images first(Pass pass) {
        return pass == Pass.DATA_GRADIENT ? weights() : images;
    }

    /// Shape of the second operand of `pass`.
    public Images second(Pass pass) {
        return pass == Pass.FORWARD ? weights() : output();
    }

    /// As messages have it: `images=(8, 3, 32, 32), filters=(64, 3, 4, 4), stride=(2, 2), …`.
    @Override
    public String toString() {
        return describe(images, filters, kernelH, kernelW, strideH, strideW, padH, padW, dilationH, dilationW)
                + ", precision=" + precision;
    }

    private static String describe(
            Images images,
            int filters,
            int kernelH,
            int kernelW,
            int strideH,
            int strideW,
            int padH,
            int padW,
            int dilationH,
            int dilationW) {
        return "images=(" + images.n() + ", " + images.channels() + ", " + images.height() + ", " + images.width()
                + "), filters=(" + filters + ", " + images.channels() + ", " + kernelH + ", " + kernelW + "), stride=("
                + strideH + ", " + strideW + "), padding=(" + padH + ", " + padW + "), dilation=(" + dilationH + ", "
                + dilationW + ")";
    }
}
