package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.get;

import dev.elbo.runtime.portable.PortableMath;
import java.lang.foreign.MemorySegment;

/// [Runs] in plain Java.
final class PlainRuns implements Runs {
    @Override
    public float max(MemorySegment x, long start, long length) {
        float max = Float.NEGATIVE_INFINITY;
        for (long e = start; e < start + length; e++) {
            float candidate = get(x, e);
            max = candidate > max || candidate != candidate ? candidate : max;
        }
        return max;
    }

    @Override
    public long find(float value, MemorySegment x, long start, long length) {
        for (long k = 0; k < length; k++) {
            float candidate = get(x, start + k);
            if (candidate == value || candidate != candidate && value != value) {
                return k;
            }
        }
        return length;
    }

    @Override
    public long nonZeros(MemorySegment x, long start, int length) {
        long bits = 0;
        for (int k = 0; k < length; k++) {
            bits |= (get(x, start + k) != 0.0f ? 1L : 0L) << k;
        }
        return bits;
    }

    @Override
    public boolean finite(MemorySegment x, long start, long length) {
        float zero = 0.0f;
        for (long e = start; e < start + length; e++) {
            zero = Math.fma(get(x, e), 0.0f, zero); // NaN from the first that is not finite on
        }
        return zero == 0.0f;
    }

    @Override
    public void add(MemorySegment x, long start, long stride, int count, double[] sums, int at, int length) {
        for (int i = 0; i < count; i++) {
            for (int k = 0; k < length; k++) {
                sums[at + k] += get(x, start + i * stride + k);
            }
        }
    }

    @Override
    public void exp(float[] x, int length) {
        for (int e = 0; e < length; e++) {
            x[e] = PortableMath.exp(x[e]);
        }
    }

    @Override
    public void log(float[] x, int length) {
        for (int e = 0; e < length; e++) {
            x[e] = PortableMath.log(x[e]);
        }
    }
}
