package dev.elbo.runtime.random;

/// What a draw is for: the upper 8 bits of its operation word, so that no two purposes ever share noise.
///
/// The code is part of every stored run: it may not change, and a new purpose goes to the end.
public enum Purpose {
    /// First values of parameters.
    INITIALISE,
    /// Order, augmentation and binarisation of the data.
    DATA,
    /// Noise of a training step.
    TRAIN,
    /// Noise of an evaluation, which so never reuses that of training.
    EVALUATE,
    /// Draws from a finished model.
    SAMPLE,
    /// Persistent Markov chains.
    CHAIN;

    /// The purpose as the upper 8 bits of an operation word.
    public int code() {
        return ordinal() << 24;
    }
}
