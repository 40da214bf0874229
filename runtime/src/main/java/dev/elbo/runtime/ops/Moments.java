package dev.elbo.runtime.ops;

import dev.elbo.runtime.Tensor;

/// Mean and variance of each channel, as they run along with training.
///
/// @param mean     (channels)
/// @param variance (channels), unbiased
public record Moments(Tensor mean, Tensor variance) {}
