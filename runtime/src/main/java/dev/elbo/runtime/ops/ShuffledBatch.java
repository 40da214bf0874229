package dev.elbo.runtime.ops;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.DType;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;

/// A step's batch from a data set that lies on the device, in one launch: the rows of [ShuffledRows], or coins of
/// their probabilities. Nothing flows back.
///
/// ```
/// x[r,j] = data[index[r],j]                       index as ShuffledRows has it → x (rows, cols) f32
/// y[r,j] ~ Bernoulli(x[r,j])                      stochastic binarisation, by element r · cols + j of the coins
/// ```
///
/// A data set of bytes is read as byte / 255 and takes a quarter of the memory that numbers would.
public final class ShuffledBatch {
    private static final String NAME = "shuffledBatch";
    private static final int WORK = 8;

    private ShuffledBatch() {}

    /// Binds the fetching of x.
    ///
    /// @param data    (count, cols), f32 or u8
    /// @param rows    of a batch
    /// @param shuffle false for the order of the data
    /// @param order   its step counts the batches, its seed and operation name the permutations
    public static Tensor of(Tensor data, int rows, boolean shuffle, Draw order, Memory memory) {
        return bind(data, rows, shuffle, order, null, memory);
    }

    /// Binds the drawing of y.
    ///
    /// @param data    (count, cols), f32 or u8
    /// @param rows    of a batch
    /// @param shuffle false for the order of the data
    /// @param order   its step counts the batches, its seed and operation name the permutations
    /// @param coins   of all elements of the batch
    public static Tensor bits(Tensor data, int rows, boolean shuffle, Draw order, Draw coins, Memory memory) {
        return bind(data, rows, shuffle, order, coins, memory);
    }

    private static Tensor bind(Tensor data, int rows, boolean shuffle, Draw order, Draw coins, Memory memory) {
        int count = data.shape().rows();
        int cols = data.shape().cols();
        boolean bytes = data.dtype() == DType.U8;
        ShuffledRows.check(NAME, rows, count);
        if (!bytes && data.dtype() != DType.F32) {
            throw new IllegalArgumentException(NAME + ": numbers or bytes; data=" + data);
        }
        Tensor y = memory.empty(Shape.of(rows, cols));
        switch (y.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block some = (from, to) -> {
                    for (long r = from; r < to; r++) {
                        long row = ShuffledRows.row(cpu, r, rows, count, shuffle, order);
                        GatherRows.copy(data, row, y.data(), r, cols);
                    }
                    if (coins != null) {
                        long end = to * cols;
                        cpu.math()
                                .bernoulli(
                                        y.data(),
                                        y.data(),
                                        from * cols,
                                        end,
                                        coins.seed(),
                                        coins.step(),
                                        coins.operation());
                    }
                };
                cpu.bind(NAME, rows, (long) WORK * cols, some);
            }
            case CudaDevice cuda ->
                cuda.kernel(bytes ? "shuffled_batch_u8" : "shuffled_batch_f32")
                        .args(data, y, order.words(), order.operation())
                        .args(coins == null ? null : coins.words(), coins == null ? 0 : coins.operation())
                        .args(rows, cols, count, shuffle)
                        .bind(NAME);
        }
        return y;
    }
}
