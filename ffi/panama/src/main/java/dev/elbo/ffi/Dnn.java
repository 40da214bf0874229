package dev.elbo.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Convolutions, batch normalisation and activations on one stream of a GPU: the seam behind which cuDNN is reached in
/// two ways.
///
/// An instance is one library handle with its stream, opened by [CudaBinding#dnn]. It belongs to the thread that
/// opened it and ends with its owner. Calls return at once; results are there when the stream has come so far.
/// Everything offered here computes the same bits from run to run.
public interface Dnn {
    /// The version of the library that answers.
    Version version();

    /// The ways to compute `task` that are deterministic and keep its precision, the library's favourite first.
    ///
    /// The order is the library's estimate; whoever wants the fastest times them.
    ///
    /// @param workspaceLimit bytes that an algorithm may need at most
    /// @param count          how many to return at most
    /// @return empty if the library has none
    List<ConvolutionAlgorithm> algorithms(ConvolutionTask task, long workspaceLimit, int count);

    /// Makes `task` ready.
    ///
    /// @param algorithm one of [#algorithms] for the same task, now or in an earlier process
    /// @param owner     what the plan ends with
    /// @throws IllegalArgumentException if this provider does not know the algorithm
    /// @throws NativeException          if the library refuses it
    ConvolutionPlan plan(ConvolutionTask task, ConvolutionAlgorithm algorithm, Arena owner);

    /// Applies an activation.
    ///
    /// @param x shape `images`, borrowed
    /// @param y shape `images`, overwritten; may be x
    void activate(Activation activation, Images images, MemorySegment x, MemorySegment y);

    /// The pullback of [#activate].
    ///
    /// @param dx shape `images`; becomes dy · f′(x) + beta · dx
    void activateGradient(
            Activation activation,
            Images images,
            MemorySegment x,
            MemorySegment y,
            MemorySegment dy,
            float beta,
            MemorySegment dx);

    /// Normalises each channel by the mean and variance of the batch, and keeps running ones.
    ///
    /// ```
    /// m[c] = mean of x[:, c, :, :]        v[c] = mean of (x[:, c, :, :] − m[c])²
    /// y    = scale · (x − m) · s + shift  s[c] = 1 / √(v[c] + epsilon)
    /// runningMean     = (1 − momentum) · runningMean     + momentum · m
    /// runningVariance = (1 − momentum) · runningVariance + momentum · v · count / (count − 1)
    /// ```
    ///
    /// `count` is n · height · width. All but x and y have shape (channels).
    ///
    /// @param running      mean and variance, updated in place
    /// @param saved        m and s, overwritten: what [#normaliseGradient] wants
    void normaliseTraining(
            Images images,
            MemorySegment x,
            MemorySegment scale,
            MemorySegment shift,
            double momentum,
            Moments running,
            double epsilon,
            MemorySegment y,
            Moments saved);

    /// Normalises by given moments: y = scale · (x − mean) / √(variance + epsilon) + shift.
    ///
    /// @param running mean and variance, (channels) each
    /// @param y       shape `images`, overwritten
    void normaliseInference(
            Images images,
            MemorySegment x,
            MemorySegment scale,
            MemorySegment shift,
            Moments running,
            double epsilon,
            MemorySegment y);

    /// The pullback of [#normaliseTraining].
    ///
    /// @param saved  what the forward pass saved
    /// @param beta   factor of what dx, dscale and dshift held; 0 overwrites
    /// @param dx     shape `images`
    /// @param dscale (channels)
    /// @param dshift (channels)
    void normaliseGradient(
            Images images,
            MemorySegment x,
            MemorySegment dy,
            MemorySegment scale,
            Moments saved,
            double epsilon,
            float beta,
            MemorySegment dx,
            MemorySegment dscale,
            MemorySegment dshift);

    /// Two statistics of each channel, in device memory.
    ///
    /// @param mean   (channels)
    /// @param spread (channels): the variance of running moments, 1 / √(variance + epsilon) of saved ones
    record Moments(MemorySegment mean, MemorySegment spread) {}
}
