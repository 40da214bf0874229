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
import dev.elbo.runtime.random.Philox;

/// Which rows of a data set make a step's batch: every epoch takes each row once, in an order of its own.
///
/// ```
/// position = step · rows + r                 epoch, slot = position / count, position mod count
/// index[r] = permutation(seed, operation, epoch) of slot, or slot itself        → index (rows) i32
/// ```
///
/// Epochs follow each other without a gap: a batch may hold the end of one and the start of the next. The permutation
/// is a Feistel network keyed by noise, walked until it lands inside; it stores nothing, so the host is not needed
/// between steps.
public final class ShuffledRows {
    private static final int ROUNDS = 8;
    private static final int STEP = 2; // the first word of the step among those of a draw
    private static final int LEAST_HALF = 4; // bits; a network over fewer does not reach all permutations alike

    private ShuffledRows() {}

    /// Binds the choice.
    ///
    /// @param rows    of a batch
    /// @param count   of the data set
    /// @param shuffle false for the order of the data
    /// @param draw    its step counts the batches, its seed and operation name the permutations
    public static Tensor of(int rows, int count, boolean shuffle, Draw draw, Memory memory) {
        if (rows < 1 || count < 1) {
            throw new IllegalArgumentException(
                    "shuffledRows: a batch and a data set have rows; rows=" + rows + ", count=" + count);
        }
        Tensor index = memory.empty(Shape.of(rows), DType.I32);
        switch (index.device()) {
            case CpuDevice cpu -> {
                Shuffle order = new Shuffle(count, draw.operation());
                CpuDevice.Block all = (from, to) -> {
                    for (long r = from; r < to; r++) {
                        long position = draw.step() * rows + r;
                        index.data()
                                .setAtIndex(
                                        JAVA_INT,
                                        r,
                                        shuffle
                                                ? order.row(draw.seed(), position)
                                                : (int) Long.remainderUnsigned(position, count));
                    }
                };
                // One block: the keys of the current epoch are kept from row to row.
                cpu.bind("shuffledRows", 1, rows, (_, _) -> all.run(0, rows));
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

    /// The permutations of one data set, an epoch at a time.
    private static final class Shuffle {
        private final int count;
        private final int operation;
        private final int half;
        private final int[] keys = new int[ROUNDS];
        private final int[] words = new int[4];
        private long seed;
        private long epoch = -1;

        Shuffle(int count, int operation) {
            this.count = count;
            this.operation = operation;
            this.half = Math.max(LEAST_HALF, (33 - Integer.numberOfLeadingZeros(count - 1)) / 2);
        }

        int row(long nowSeed, long position) {
            long nowEpoch = Long.divideUnsigned(position, count);
            if (nowEpoch != epoch || nowSeed != seed) {
                epoch = nowEpoch;
                seed = nowSeed;
                for (int i = 0; i < ROUNDS; i += words.length) {
                    Philox.block(seed, epoch, operation, i / words.length, words);
                    System.arraycopy(words, 0, keys, i, words.length);
                }
            }
            int slot = (int) (position - nowEpoch * count);
            do {
                slot = permuted(slot);
            } while (slot >= count);
            return slot;
        }

        private int permuted(int slot) {
            int mask = (1 << half) - 1;
            int left = slot >>> half;
            int right = slot & mask;
            for (int key : keys) {
                int x = (right ^ key) * 0x9E3779B1;
                x = (x ^ x >>> 15) * 0x85EBCA6B;
                int next = left ^ (x ^ x >>> 13) & mask;
                left = right;
                right = next;
            }
            return left << half | right;
        }
    }
}
