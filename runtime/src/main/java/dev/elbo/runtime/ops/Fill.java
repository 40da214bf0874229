package dev.elbo.runtime.ops;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.Tensor;
import java.lang.foreign.MemorySegment;

/// A constant written into, or added to, every element.
///
/// ```
/// x[i] = value            overwrite
/// x[i] = x[i] + value     else
/// ```
public final class Fill {
    private Fill() {}

    /// Binds the launch.
    ///
    /// @param x         any shape, f32; overwritten or added into
    /// @param overwrite false to add
    public static void bind(Tensor x, float value, boolean overwrite) {
        switch (x.device()) {
            case CpuDevice cpu ->
                cpu.bind("fill", x.shape().size(), 1, (from, to) -> fill(x.data(), value, overwrite, from, to));
        }
    }

    private static void fill(MemorySegment x, float value, boolean overwrite, long from, long to) {
        for (long i = from; i < to; i++) {
            x.setAtIndex(JAVA_FLOAT, i, overwrite ? value : x.getAtIndex(JAVA_FLOAT, i) + value);
        }
    }
}
