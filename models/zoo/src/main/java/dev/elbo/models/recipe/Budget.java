package dev.elbo.models.recipe;

/// What a person grants a training.
///
/// @param epochs passes over the data
/// @param batch  examples of a step
/// @param rate   of learning
/// @param seed   of every draw
public record Budget(double epochs, int batch, double rate, long seed) {}
