package dev.elbo.runtime;

/// A component of a model that is saved with it and has no gradient: a running mean, the state of a Gibbs chain.
///
/// @param value any shape and type, owned by the model
public record Statistic(Tensor value) {}
