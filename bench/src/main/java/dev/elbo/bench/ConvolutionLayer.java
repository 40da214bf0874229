package dev.elbo.bench;

import java.util.SplittableRandom;

/// A layer of the 64-feature DCGAN's discriminator, 32 images: y = leaky ReLU 0.2 (x ∗ w + b), kernel 4, stride 2,
/// padding 1. Its gradients are those of the mean of y².
public enum ConvolutionLayer {
    FROM_64_3(64, 3, 64),
    FROM_32_64(32, 64, 128),
    FROM_16_128(16, 128, 256),
    FROM_8_256(8, 256, 512),
    FROM_28_1(28, 1, 64),
    FROM_14_64(14, 64, 128);

    /// Images of a batch.
    public static final int IMAGES = 32;

    /// Rows and columns of the kernel.
    public static final int KERNEL = 4;

    private final int side;
    private final int channels;
    private final int outputs;

    ConvolutionLayer(int side, int channels, int outputs) {
        this.side = side;
        this.channels = channels;
        this.outputs = outputs;
    }

    /// Rows and columns of an image; of y half as many.
    public int side() {
        return side;
    }

    /// Channels of x.
    public int channels() {
        return channels;
    }

    /// Channels of y.
    public int outputs() {
        return outputs;
    }

    /// Floating-point operations of one direction: of y, of dx, of dw.
    public long flops() {
        return 2L * IMAGES * (side / 2) * (side / 2) * outputs * KERNEL * KERNEL * channels;
    }

    /// x, (images, side, side, channels).
    public float[] x() {
        return values(1, IMAGES * side * side * channels);
    }

    /// w, (outputs, kernel, kernel, channels).
    public float[] weight() {
        return values(2, outputs * KERNEL * KERNEL * channels);
    }

    private static float[] values(int seed, int count) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextDouble() - 0.5f;
        }
        return values;
    }
}
