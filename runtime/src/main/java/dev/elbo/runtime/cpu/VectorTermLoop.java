package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Lanes.D;
import static dev.elbo.runtime.cpu.Lanes.WIDTH;
import static dev.elbo.runtime.cpu.Lanes.contribute;
import static dev.elbo.runtime.cpu.Lanes.get;
import static dev.elbo.runtime.cpu.Lanes.lower;
import static dev.elbo.runtime.cpu.Lanes.upTo;
import static dev.elbo.runtime.cpu.Lanes.upper;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// Template of [LoopCopies].
final class VectorTermLoop implements TermLoop {
    private static final VectorTerm F = LoopCopies.function(MethodHandles.lookup(), VectorTerm.class);
    private static final Term SCALAR = Term.valueOf(F.name());
    private static final boolean READS_2 = SCALAR.arity() >= 2;
    private static final boolean READS_3 = SCALAR.arity() >= 3;

    /// Doubles of a vector.
    private static final int HALF = WIDTH / 2;

    @Override
    public double sum(
            MemorySegment x1, long start1, MemorySegment x2, long start2, MemorySegment x3, long start3, long length) {
        // Sixteen accumulators in as many vectors as the machine needs for them, at most eight: the others fold away.
        DoubleVector s0 = DoubleVector.zero(D);
        DoubleVector s1 = s0;
        DoubleVector s2 = s0;
        DoubleVector s3 = s0;
        DoubleVector s4 = s0;
        DoubleVector s5 = s0;
        DoubleVector s6 = s0;
        DoubleVector s7 = s0;
        long e = 0;
        for (; e <= length - Scratch.LANES; e += Scratch.LANES) {
            FloatVector t = value(x1, start1 + e, x2, start2 + e, x3, start3 + e);
            s0 = s0.add(lower(t));
            s1 = s1.add(upper(t));
            if (WIDTH <= 8) {
                t = value(x1, start1 + e + WIDTH, x2, start2 + e + WIDTH, x3, start3 + e + WIDTH);
                s2 = s2.add(lower(t));
                s3 = s3.add(upper(t));
            }
            if (WIDTH <= 4) {
                t = value(x1, start1 + e + 2 * WIDTH, x2, start2 + e + 2 * WIDTH, x3, start3 + e + 2 * WIDTH);
                s4 = s4.add(lower(t));
                s5 = s5.add(upper(t));
                t = value(x1, start1 + e + 3 * WIDTH, x2, start2 + e + 3 * WIDTH, x3, start3 + e + 3 * WIDTH);
                s6 = s6.add(lower(t));
                s7 = s7.add(upper(t));
            }
        }
        Scratch scratch = Scratch.ofThread();
        double[] sums = scratch.sums();
        s0.intoArray(sums, 0);
        s1.intoArray(sums, HALF);
        if (WIDTH <= 8) {
            s2.intoArray(sums, 2 * HALF);
            s3.intoArray(sums, 3 * HALF);
        }
        if (WIDTH <= 4) {
            s4.intoArray(sums, 4 * HALF);
            s5.intoArray(sums, 5 * HALF);
            s6.intoArray(sums, 6 * HALF);
            s7.intoArray(sums, 7 * HALF);
        }
        int left = (int) (length - e);
        if (left > 0) {
            float[] terms = scratch.terms();
            for (int k = 0; k < left; k += WIDTH) {
                VectorMask<Float> mask = upTo(left - k);
                value(x1, start1 + e + k, x2, start2 + e + k, x3, start3 + e + k, mask)
                        .intoArray(terms, k);
            }
            for (int k = 0; k < left; k++) {
                sums[k] += terms[k];
            }
        }
        return Scratch.tree(sums);
    }

    private static FloatVector value(
            MemorySegment x1, long at1, MemorySegment x2, long at2, MemorySegment x3, long at3) {
        FloatVector one = get(x1, at1);
        FloatVector two = READS_2 ? get(x2, at2) : one;
        FloatVector three = READS_3 ? get(x3, at3) : one;
        return F.value(one, two, three);
    }

    private static FloatVector value(
            MemorySegment x1,
            long at1,
            MemorySegment x2,
            long at2,
            MemorySegment x3,
            long at3,
            VectorMask<Float> mask) {
        FloatVector one = get(x1, at1, mask);
        FloatVector two = READS_2 ? get(x2, at2, mask) : one;
        FloatVector three = READS_3 ? get(x3, at3, mask) : one;
        return F.value(one, two, three);
    }

    @Override
    public void pullback(
            int argument,
            float dy,
            MemorySegment x1,
            long start1,
            MemorySegment x2,
            long start2,
            MemorySegment x3,
            long start3,
            MemorySegment dx,
            long at,
            long length,
            boolean first) {
        switch (argument) {
            case 1 -> pullback1(dy, x1, start1, x2, start2, x3, start3, dx, at, length, first);
            case 2 -> pullback2(dy, x1, start1, x2, start2, x3, start3, dx, at, length, first);
            default -> pullback3(dy, x1, start1, x2, start2, x3, start3, dx, at, length, first);
        }
    }

    private static void pullback1(
            float dy,
            MemorySegment x1,
            long start1,
            MemorySegment x2,
            long start2,
            MemorySegment x3,
            long start3,
            MemorySegment dx,
            long at,
            long length,
            boolean first) {
        for (long e = 0; e < length; e += WIDTH) {
            VectorMask<Float> mask = upTo(length - e);
            FloatVector one = get(x1, start1 + e, mask);
            FloatVector two = READS_2 ? get(x2, start2 + e, mask) : one;
            FloatVector three = READS_3 ? get(x3, start3 + e, mask) : one;
            contribute(F.gradient(1, one, two, three, dy), dx, at + e, first, mask);
        }
    }

    private static void pullback2(
            float dy,
            MemorySegment x1,
            long start1,
            MemorySegment x2,
            long start2,
            MemorySegment x3,
            long start3,
            MemorySegment dx,
            long at,
            long length,
            boolean first) {
        for (long e = 0; e < length; e += WIDTH) {
            VectorMask<Float> mask = upTo(length - e);
            FloatVector one = get(x1, start1 + e, mask);
            FloatVector two = READS_2 ? get(x2, start2 + e, mask) : one;
            FloatVector three = READS_3 ? get(x3, start3 + e, mask) : one;
            contribute(F.gradient(2, one, two, three, dy), dx, at + e, first, mask);
        }
    }

    private static void pullback3(
            float dy,
            MemorySegment x1,
            long start1,
            MemorySegment x2,
            long start2,
            MemorySegment x3,
            long start3,
            MemorySegment dx,
            long at,
            long length,
            boolean first) {
        for (long e = 0; e < length; e += WIDTH) {
            VectorMask<Float> mask = upTo(length - e);
            FloatVector one = get(x1, start1 + e, mask);
            FloatVector two = READS_2 ? get(x2, start2 + e, mask) : one;
            FloatVector three = READS_3 ? get(x3, start3 + e, mask) : one;
            contribute(F.gradient(3, one, two, three, dy), dx, at + e, first, mask);
        }
    }
}
