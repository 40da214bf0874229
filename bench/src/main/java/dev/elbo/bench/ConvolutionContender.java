package dev.elbo.bench;

/// One library, ready to run one layer.
public interface ConvolutionContender extends AutoCloseable {
    /// The mean of y².
    double loss();

    /// Computes y so many times, and where wanted the gradients of x, weight and bias as well.
    void run(int times, boolean gradients);

    @Override
    void close();

    /// A library that may be here or not.
    interface Library {
        /// Its name in the results: a lower-case word.
        String name();

        /// Its full name and version, or why it is not here.
        String description();

        /// Whether it can run here.
        boolean present();

        /// Prepares a layer, biases zero.
        ConvolutionContender open(ConvolutionLayer layer, int threads);
    }
}
