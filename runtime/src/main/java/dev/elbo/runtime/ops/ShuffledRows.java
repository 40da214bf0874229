package dev.elbo.runtime.ops;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.DType;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.KernelCall;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;

/// Which rows of a data set make a step's batch: every epoch takes each row once, in an order of its own.
///
/// ```
/// position = step · rows + r                 epoch, slot = position / count, position mod count
/// index[r] = permutation(seed, operation, epoch) of slot, or slot itself        → index (rows) i32
/// ```
///
/// Epochs follow each other without a gap: a batch may hold the end of one and the start of the next. The permutation
/// is a Feistel network keyed by noise, walked until it lands inside; it stores nothing, so the host is not needed
/// between steps. Where nothing but the rows themselves is wanted, [ShuffledBatch] fetches them in one launch.
public final class ShuffledRows {
    private static final long WORK = 16;
    private static final int STEP = 2; // the first word of the step among those of a draw

    private ShuffledRows() {}

    /// Binds the choice.
    ///
    /// @param rows    of a batch
    /// @param count   of the data set
    /// @param shuffle false for the order of the data
    /// @param draw    its step counts the batches, its seed and operation name the permutations
    public static Tensor of(int rows, int count, boolean shuffle, Draw draw, Memory memory) {
        check("shuffledRows", rows, count);
        Tensor index = memory.empty(Shape.of(rows), DType.I32);
        switch (index.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block some = (from, to) -> {
                    for (long r = from; r < to; r++) {
                        index.data().setAtIndex(JAVA_INT, r, row(cpu, r, rows, count, shuffle, draw));
                    }
                };
                cpu.bind("shuffledRows", rows, WORK, some);
            }
            case CudaDevice cuda ->
                cuda.kernel("shuffled_rows_i32")
                        .args(
                                index,
                                KernelCall.at(draw.words(), STEP),
                                draw.words(),
                                draw.operation(),
                                rows,
                                count,
                                shuffle)
                        .bind("shuffledRows");
        }
        return index;
    }

    static void check(String call, int rows, int count) {
        if (rows < 1 || count < 1) {
            throw new IllegalArgumentException(
                    call + ": a batch and a data set have rows; rows=" + rows + ", count=" + count);
        }
    }

    /// The row that stands in place r of the current batch.
    static int row(CpuDevice cpu, long r, int rows, int count, boolean shuffle, Draw draw) {
        long position = draw.step() * rows + r;
        return shuffle
                ? cpu.math().shuffledRow(position, count, draw.seed(), draw.operation())
                : (int) Long.remainderUnsigned(position, count);
    }
}
