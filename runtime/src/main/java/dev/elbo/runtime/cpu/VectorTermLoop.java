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
        Scratch scratch = Scratch.ofThread();
        double[] sums = scratch.sums();
        int left = (int) length & Scratch.LANES - 1;
        long whole = length - left;
        for (int lane = 0; lane < Scratch.LANES; lane += 2 * WIDTH) {
            accumulate(x1, start1 + lane, x2, start2 + lane, x3, start3 + lane, whole, sums, lane);
        }
        if (left > 0) {
            tail(x1, start1 + whole, x2, start2 + whole, x3, start3 + whole, left, scratch.terms(), sums);
        }
        return Scratch.tree(sums);
    }

    /// Two vectors of accumulators, of every sixteen terms those from `lane` on; one where it holds all sixteen.
    private static void accumulate(
            MemorySegment x1,
            long start1,
            MemorySegment x2,
            long start2,
            MemorySegment x3,
            long start3,
            long length,
            double[] sums,
            int lane) {
        DoubleVector s0 = DoubleVector.zero(D);
        DoubleVector s1 = s0;
        DoubleVector s2 = s0;
        DoubleVector s3 = s0;
        for (long e = 0; e < length; e += Scratch.LANES) {
            FloatVector t = value(x1, start1 + e, x2, start2 + e, x3, start3 + e);
            s0 = s0.add(lower(t));
            s1 = s1.add(upper(t));
            if (WIDTH < Scratch.LANES) {
                t = value(x1, start1 + e + WIDTH, x2, start2 + e + WIDTH, x3, start3 + e + WIDTH);
                s2 = s2.add(lower(t));
                s3 = s3.add(upper(t));
            }
        }
        s0.intoArray(sums, lane);
        s1.intoArray(sums, lane + HALF);
        if (WIDTH < Scratch.LANES) {
            s2.intoArray(sums, lane + 2 * HALF);
            s3.intoArray(sums, lane + 3 * HALF);
        }
    }

    /// Adds the last, fewer than sixteen terms, by loops that the compiler sees the end of: it takes up to a second
    /// to unroll others.
    private void tail(
            MemorySegment x1,
            long start1,
            MemorySegment x2,
            long start2,
            MemorySegment x3,
            long start3,
            int left,
            float[] terms,
            double[] sums) {
        for (int k = 0; k < Scratch.LANES; k += WIDTH) {
            VectorMask<Float> mask = upTo(left - k);
            FloatVector one = get(x1, start1 + k, mask);
            FloatVector two = READS_2 ? get(x2, start2 + k, mask) : one;
            FloatVector three = READS_3 ? get(x3, start3 + k, mask) : one;
            F.value(one, two, three).intoArray(terms, k);
        }
        for (int k = 0; k < (left & Scratch.LANES - 1); k++) {
            sums[k] += terms[k];
        }
    }

    private static FloatVector value(
            MemorySegment x1, long at1, MemorySegment x2, long at2, MemorySegment x3, long at3) {
        FloatVector one = get(x1, at1);
        FloatVector two = READS_2 ? get(x2, at2) : one;
        FloatVector three = READS_3 ? get(x3, at3) : one;
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
        long whole = length - length % WIDTH;
        long left = length - whole;
        switch (argument) {
            case 1 -> pullback1(dy, x1, start1, x2, start2, x3, start3, dx, at, whole, first);
            case 2 -> pullback2(dy, x1, start1, x2, start2, x3, start3, dx, at, whole, first);
            default -> pullback3(dy, x1, start1, x2, start2, x3, start3, dx, at, whole, first);
        }
        if (left > 0) {
            long s1 = start1 + whole;
            long s2 = start2 + whole;
            long s3 = start3 + whole;
            switch (argument) {
                case 1 -> tail1(dy, x1, s1, x2, s2, x3, s3, dx, at + whole, left, first);
                case 2 -> tail2(dy, x1, s1, x2, s2, x3, s3, dx, at + whole, left, first);
                default -> tail3(dy, x1, s1, x2, s2, x3, s3, dx, at + whole, left, first);
            }
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
        for (long e = 0; e <= length - WIDTH; e += WIDTH) {
            FloatVector one = get(x1, start1 + e);
            FloatVector two = READS_2 ? get(x2, start2 + e) : one;
            FloatVector three = READS_3 ? get(x3, start3 + e) : one;
            contribute(F.gradient(1, one, two, three, dy), dx, at + e, first);
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
        for (long e = 0; e <= length - WIDTH; e += WIDTH) {
            FloatVector one = get(x1, start1 + e);
            FloatVector two = READS_2 ? get(x2, start2 + e) : one;
            FloatVector three = READS_3 ? get(x3, start3 + e) : one;
            contribute(F.gradient(2, one, two, three, dy), dx, at + e, first);
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
        for (long e = 0; e <= length - WIDTH; e += WIDTH) {
            FloatVector one = get(x1, start1 + e);
            FloatVector two = READS_2 ? get(x2, start2 + e) : one;
            FloatVector three = READS_3 ? get(x3, start3 + e) : one;
            contribute(F.gradient(3, one, two, three, dy), dx, at + e, first);
        }
    }

    private void tail1(
            float dy,
            MemorySegment x1,
            long start1,
            MemorySegment x2,
            long start2,
            MemorySegment x3,
            long start3,
            MemorySegment dx,
            long at,
            long left,
            boolean first) {
        VectorMask<Float> mask = upTo(left);
        FloatVector one = get(x1, start1, mask);
        FloatVector two = READS_2 ? get(x2, start2, mask) : one;
        FloatVector three = READS_3 ? get(x3, start3, mask) : one;
        contribute(F.gradient(1, one, two, three, dy), dx, at, first, mask);
    }

    private void tail2(
            float dy,
            MemorySegment x1,
            long start1,
            MemorySegment x2,
            long start2,
            MemorySegment x3,
            long start3,
            MemorySegment dx,
            long at,
            long left,
            boolean first) {
        VectorMask<Float> mask = upTo(left);
        FloatVector one = get(x1, start1, mask);
        FloatVector two = READS_2 ? get(x2, start2, mask) : one;
        FloatVector three = READS_3 ? get(x3, start3, mask) : one;
        contribute(F.gradient(2, one, two, three, dy), dx, at, first, mask);
    }

    private void tail3(
            float dy,
            MemorySegment x1,
            long start1,
            MemorySegment x2,
            long start2,
            MemorySegment x3,
            long start3,
            MemorySegment dx,
            long at,
            long left,
            boolean first) {
        VectorMask<Float> mask = upTo(left);
        FloatVector one = get(x1, start1, mask);
        FloatVector two = READS_2 ? get(x2, start2, mask) : one;
        FloatVector three = READS_3 ? get(x3, start3, mask) : one;
        contribute(F.gradient(3, one, two, three, dy), dx, at, first, mask);
    }
}
