package dev.elbo.runtime.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Working memory of one thread, so that a replayed loop does not allocate.
final class Scratch {
    /// Accumulators of a sum, see [CpuMath].
    static final int LANES = 16;

    /// Longest run of [#copies].
    static final int RUN = 1024;

    private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

    private final double[] sums = new double[LANES];
    private final float[] terms = new float[LANES];
    private final int[] words = new int[4];
    private final MemorySegment[] copies = {
        Arena.ofAuto().allocate(JAVA_FLOAT, RUN), Arena.ofAuto().allocate(JAVA_FLOAT, RUN)
    };
    private final MemorySegment edge = Arena.ofAuto().allocate(JAVA_FLOAT, 4 * LANES);
    private int[] batch = new int[0];
    private MemorySegment run = MemorySegment.NULL;
    private MemorySegment chains = MemorySegment.NULL;
    private final ChainScratch chain = new ChainScratch();
    private final StepScratch steps = new StepScratch();
    private final Shuffle shuffle = new Shuffle();
    private NonZeros nonZeros;
    private float[] product = new float[0];
    private float[] floats = new float[0];
    private double[] doubles = new double[0];

    static Scratch ofThread() {
        return OF_THREAD.get();
    }

    /// What chains need.
    ChainScratch chain() {
        return chain;
    }

    /// What chains with a matrix for every step need.
    StepScratch steps() {
        return steps;
    }

    /// What sums of rows need.
    NonZeros nonZeros() {
        if (nonZeros == null) {
            nonZeros = new NonZeros();
        }
        return nonZeros;
    }

    /// The order of a data set.
    Shuffle shuffle() {
        return shuffle;
    }

    /// The sixteen accumulators, zeroed.
    double[] zeroedSums() {
        Arrays.fill(sums, 0.0);
        return sums;
    }

    /// The sixteen accumulators, of any content.
    double[] sums() {
        return sums;
    }

    /// Room for sixteen terms.
    float[] terms() {
        return terms;
    }

    /// Room for the words of a batch of Philox blocks.
    int[] batch(int length) {
        if (batch.length < length) {
            batch = new int[length];
        }
        return batch;
    }

    /// Native room for what a vector of Philox blocks draws.
    MemorySegment edge() {
        return edge;
    }

    /// Room for one Philox block.
    int[] words() {
        return words;
    }

    /// `value`, `length` times over.
    ///
    /// @param slot 0 or 1, so that two operands may be spread at once
    MemorySegment copies(int slot, float value, int length) {
        MemorySegment run = copies[slot];
        for (int e = 0; e < length; e++) {
            Floats.put(run, e, value);
        }
        return run;
    }

    /// At least `length` floats of native memory, of any content.
    MemorySegment run(int length) {
        if (run.byteSize() < (long) length * Float.BYTES) {
            run = Arena.ofAuto().allocate(JAVA_FLOAT, length);
        }
        return run;
    }

    /// At least `length` floats of native memory, of any content, beside [#run].
    MemorySegment chains(int length) {
        if (chains.byteSize() < (long) length * Float.BYTES) {
            chains = Arena.ofAuto().allocate(JAVA_FLOAT, length);
        }
        return chains;
    }

    /// At least `length` floats of any content.
    float[] floats(int length) {
        if (floats.length < length) {
            floats = new float[length];
        }
        return floats;
    }

    /// At least `length` floats of any content, beside [#floats].
    float[] product(int length) {
        if (product.length < length) {
            product = new float[length];
        }
        return product;
    }

    /// At least `length` doubles of any content.
    double[] doubles(int length) {
        if (doubles.length < length) {
            doubles = new double[length];
        }
        return doubles;
    }

    /// The fixed tree over sixteen accumulators, which it uses up: eight apart, four, two, one.
    static double tree(double[] sums) {
        tree(sums, 1);
        return sums[0];
    }

    /// The same tree over `width` sums at once: accumulator i of sum j at i · `width` + j, the results in front.
    static void tree(double[] sums, int width) {
        for (int step = LANES / 2; step > 0; step /= 2) {
            for (int i = 0; i < step * width; i++) {
                sums[i] += sums[i + step * width];
            }
        }
    }
}
