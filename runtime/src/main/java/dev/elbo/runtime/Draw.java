package dev.elbo.runtime;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.elbo.runtime.random.Noise;

/// One draw of a step on a device: a [Noise] whose seed and step are read from device memory at every launch.
///
/// A recorded step freezes its arguments, so what changes from run to run lies in memory. Nothing drawn is stored: a
/// pullback that is given the same draw draws the same noise again.
///
/// @param words     (4) i32: seed low, seed high, step low, step high; borrowed
/// @param operation purpose and order of the draw, see [Noise]
public record Draw(Tensor words, int operation) {
    public Draw {
        if (words.dtype() != DType.I32 || words.shape().size() != 4) {
            throw new IllegalArgumentException("draw: four words of i32; words=" + words);
        }
    }

    /// A draw outside of any clock: that of `noise`, at every launch.
    public static Draw of(Noise noise, Memory memory) {
        Tensor words =
                memory.ints(Shape.of(4), (int) noise.seed(), (int) (noise.seed() >>> 32), (int) noise.step(), (int)
                        (noise.step() >>> 32));
        return new Draw(words, noise.operation());
    }

    /// The seed, on the CPU, now.
    public long seed() {
        return words.data().get(JAVA_LONG, 0);
    }

    /// The step, on the CPU, now.
    public long step() {
        return words.data().get(JAVA_LONG, Long.BYTES);
    }
}
