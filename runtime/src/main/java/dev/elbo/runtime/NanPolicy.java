package dev.elbo.runtime;

/// What an optimizer does when the norm of a gradient or the loss is not finite. Decided on the device.
public enum NanPolicy {
    /// Apply the update all the same.
    IGNORE,
    /// Leave this update out and go on.
    SKIP,
    /// Leave this update and all that follow out until the host has looked: for stopping, or for dumping the step
    /// ([StepDump]).
    FREEZE
}
