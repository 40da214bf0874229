package dev.elbo.bench;

/// A training step that every library under test takes: one batch gathered from a data set at shuffled places and
/// binarised by a draw, objective, gradients, one update.
///
/// ```
/// VAE     784-400-20, tanh, one sample, batch 128, Adam 0.001             (Kingma & Welling 2014)
/// IWAE    784-200-200-50, tanh, 50 samples, batch 20, Adam 0.001          (Burda, Grosse & Salakhutdinov 2016)
/// RBM     784-500, contrastive divergence of one step, momentum 0.5       (Hinton 2002)
/// ```
public enum Workload {
    VAE(128, 1, 20, 419_840_000),
    IWAE(20, 50, 50, 1_257_600_000),
    RBM_100(100, 1, 500, 392_000_000),
    RBM_1000(1000, 1, 500, 3_920_000_000L);

    /// Rows of the data set.
    public static final int ROWS = 10_000;

    /// Columns of the data set.
    public static final int PIXELS = 784;

    /// Learning rate of the RBMs.
    public static final float RBM_RATE = 0.01f;

    private final int batch;
    private final int samples;
    private final int latent;
    private final long flops;

    Workload(int batch, int samples, int latent, long flops) {
        this.batch = batch;
        this.samples = samples;
        this.latent = latent;
        this.flops = flops;
    }

    /// Examples of a step.
    public int batch() {
        return batch;
    }

    /// Samples of z for an example.
    public int samples() {
        return samples;
    }

    /// Width of the last hidden layer.
    public int latent() {
        return latent;
    }

    /// Floating-point operations of the matrix products that the step cannot do without.
    public long flops() {
        return flops;
    }

    /// Whether it is an RBM.
    public boolean isRbm() {
        return this == RBM_100 || this == RBM_1000;
    }
}
