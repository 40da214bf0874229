package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Lanes.D;
import static dev.elbo.runtime.cpu.Lanes.WIDTH;
import static dev.elbo.runtime.cpu.Lanes.all;
import static dev.elbo.runtime.cpu.Lanes.get;
import static dev.elbo.runtime.cpu.Lanes.lower;
import static dev.elbo.runtime.cpu.Lanes.upTo;
import static dev.elbo.runtime.cpu.Lanes.upper;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.NE;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// [Runs] on the Vector API.
final class VectorRuns implements Runs {
    @Override
    public float max(MemorySegment x, long start, long length) {
        FloatVector max = all(Float.NEGATIVE_INFINITY);
        long e = 0;
        for (; e <= length - WIDTH; e += WIDTH) {
            FloatVector candidate = get(x, start + e);
            max = max.blend(candidate, larger(candidate, max));
        }
        if (e < length) {
            VectorMask<Float> mask = upTo(length - e);
            FloatVector candidate = get(x, start + e, mask);
            max = max.blend(candidate, larger(candidate, max).and(mask));
        }
        float[] lanes = Scratch.ofThread().terms();
        max.intoArray(lanes, 0);
        float result = lanes[0];
        for (int i = 1; i < WIDTH; i++) {
            result = lanes[i] > result || lanes[i] != lanes[i] ? lanes[i] : result;
        }
        return result;
    }

    private static VectorMask<Float> larger(FloatVector candidate, FloatVector max) {
        return candidate.compare(GT, max).or(candidate.compare(NE, candidate));
    }

    @Override
    public long find(float value, MemorySegment x, long start, long length) {
        boolean nan = value != value;
        for (long e = 0; e < length; e += WIDTH) {
            VectorMask<Float> mask = upTo(length - e);
            FloatVector candidate = get(x, start + e, mask);
            VectorMask<Float> found = (nan ? candidate.compare(NE, candidate) : candidate.compare(EQ, value)).and(mask);
            if (found.anyTrue()) {
                return e + found.firstTrue();
            }
        }
        return length;
    }

    @Override
    public long nonZeros(MemorySegment x, long start, int length) {
        long bits = 0;
        for (int k = 0; k < length; k += WIDTH) {
            bits |= get(x, start + k, upTo(length - k)).compare(NE, 0.0f).toLong() << k;
        }
        return bits;
    }

    @Override
    public boolean finite(MemorySegment x, long start, long length) {
        FloatVector even = all(0.0f); // NaN from the first that is not finite on
        FloatVector odd = even;
        long e = 0;
        for (; e <= length - 2 * WIDTH; e += 2 * WIDTH) {
            even = get(x, start + e).fma(all(0.0f), even);
            odd = get(x, start + e + WIDTH).fma(all(0.0f), odd);
        }
        for (; e < length; e += WIDTH) {
            even = get(x, start + e, upTo(length - e)).fma(all(0.0f), even);
        }
        return !even.add(odd).compare(NE, 0.0f).anyTrue();
    }

    @Override
    public void add(MemorySegment x, long start, long stride, int count, double[] sums, int at, int length) {
        int k = 0;
        for (; k <= length - WIDTH; k += WIDTH) {
            int half = at + k + WIDTH / 2;
            DoubleVector low = DoubleVector.fromArray(D, sums, at + k);
            DoubleVector high = DoubleVector.fromArray(D, sums, half);
            for (int i = 0; i < count; i++) {
                FloatVector v = get(x, start + i * stride + k);
                low = low.add(lower(v));
                high = high.add(upper(v));
            }
            low.intoArray(sums, at + k);
            high.intoArray(sums, half);
        }
        for (; k < length; k++) {
            for (int i = 0; i < count; i++) {
                sums[at + k] += Floats.get(x, start + i * stride + k);
            }
        }
    }

    @Override
    public void exp(float[] x, int length) {
        for (int e = 0; e < length; e += WIDTH) {
            VectorFunctions.exp(FloatVector.fromArray(Lanes.F, x, e)).intoArray(x, e);
        }
    }

    @Override
    public void log(float[] x, int length) {
        for (int e = 0; e < length; e += WIDTH) {
            VectorFunctions.log(FloatVector.fromArray(Lanes.F, x, e)).intoArray(x, e);
        }
    }
}
