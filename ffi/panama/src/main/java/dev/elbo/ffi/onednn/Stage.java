package dev.elbo.ffi.onednn;

/// A stretch of work, bound to its buffers and cut into blocks.
///
/// The cut depends on the sizes alone, never on who runs it, so that the result is the same for any number of threads.
/// Blocks of one stage may run at the same time, on any threads; the next stage of a list starts when all have
/// ended. The buffers must outlive the stage; so must the owner of what it came from. Running allocates nothing on
/// the Java heap once each thread has run a block.
///
/// ```java
/// for (Stage stage : product.stages(x, w, bias, y, workspace)) {
///     cpu.bind("product", stage.blocks(), stage.flops() / 32, stage::run);
/// }
/// ```
public interface Stage {
    /// How many blocks there are.
    int blocks();

    /// About how many floating-point operations one block is.
    long flops();

    /// Runs the blocks `[from, to)` on this thread.
    ///
    /// @throws IllegalStateException when a buffer or the owner of the primitive was closed
    void run(long from, long to);
}
