package dev.elbo.ffi;

import java.lang.foreign.MemorySegment;

/// A [ConvolutionTask] made ready: descriptors and algorithm are chosen, nothing is allocated any more.
public interface ConvolutionPlan {
    /// Bytes to which every operand must be aligned, as the fast engines want it.
    int ALIGNMENT = 16;

    /// How it is computed.
    ConvolutionAlgorithm algorithm();

    /// Runs on the stream of the [Dnn] that made the plan.
    ///
    /// @param first     first operand of the pass, device memory, borrowed until the stream has come so far
    /// @param second    second operand, borrowed likewise
    /// @param bias      (channels of `result`), borrowed likewise; not looked at if the task has none
    /// @param result    overwritten, or added into, as the task's `beta` says
    /// @param workspace at least `algorithm().workspaceBytes()` of device memory, overwritten
    /// @throws IllegalArgumentException if an operand is not aligned to [#ALIGNMENT] bytes or the workspace is
    ///     missing
    /// @throws NativeException          the library's status
    void run(
            MemorySegment first,
            MemorySegment second,
            MemorySegment bias,
            MemorySegment result,
            MemorySegment workspace);

    /// Refuses what an engine would read or write at a wrong address; for providers.
    static void require(ConvolutionAlgorithm algorithm, MemorySegment workspace, MemorySegment... operands) {
        if (algorithm.workspaceBytes() > 0 && workspace.address() == 0) {
            throw new IllegalArgumentException("convolution: workspace missing; algorithm=" + algorithm.name()
                    + ", bytes=" + algorithm.workspaceBytes());
        }
        for (MemorySegment operand : operands) {
            if (operand.address() % ALIGNMENT != 0) {
                throw new IllegalArgumentException("convolution: operand not aligned; address=0x"
                        + Long.toHexString(operand.address()) + ", alignment=" + ALIGNMENT);
            }
        }
    }
}
