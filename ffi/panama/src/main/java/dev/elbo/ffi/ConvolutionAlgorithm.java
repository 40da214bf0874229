package dev.elbo.ffi;

/// One way in which a library can compute a [ConvolutionTask].
///
/// Its name outlives the process: a checkpoint keeps it, and [Dnn#plan] with the same task on the same GPU model and
/// library version computes the same bits.
///
/// @param name           `engine 34 knobs 2:1 5:3` (cuDNN's graph interface) or `algorithm 1 math 3` (its older one)
/// @param workspaceBytes scratch memory a run needs
public record ConvolutionAlgorithm(String name, long workspaceBytes) {}
