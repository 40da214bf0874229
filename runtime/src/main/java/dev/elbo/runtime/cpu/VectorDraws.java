package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Lanes.F;
import static dev.elbo.runtime.cpu.Lanes.I;
import static dev.elbo.runtime.cpu.Lanes.all;
import static dev.elbo.runtime.cpu.VectorFunctions.asFloats;
import static dev.elbo.runtime.cpu.VectorFunctions.flip;
import static jdk.incubator.vector.VectorOperators.F2I;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LEADING_ZEROS_COUNT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.NE;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/// The draws of [dev.elbo.runtime.random.Draws], a vector at a time: the same operations in the same order, so the
/// same bits. The comments are there.
final class VectorDraws {
    private VectorDraws() {}

    static FloatVector uniform(IntVector words) {
        return asFloats(words.lanewise(LSHR, 8)).mul(0x1p-24f);
    }

    static FloatVector bernoulli(IntVector words, FloatVector p) {
        IntVector threshold = (IntVector) p.mul(0x1p30f).convertShape(F2I, I, 0);
        return all(0.0f)
                .blend(1.0f, words.lanewise(LSHR, 2).compare(LT, threshold).cast(F));
    }

    static FloatVector radius(IntVector words) {
        words = words.or(1);
        IntVector zeros = words.lanewise(LEADING_ZEROS_COUNT);
        IntVector significand =
                words.lanewise(LSHL, zeros).lanewise(LSHR, 8).and(0x7fffff).or(0x3f800000);
        VectorMask<Integer> upper = significand.compare(GT, 0x3fb504f3);
        FloatVector t = significand
                .blend(significand.sub(0x00800000), upper)
                .reinterpretAsFloats()
                .sub(1.0f);
        FloatVector e = asFloats(IntVector.broadcast(I, -1).blend(0, upper).sub(zeros));
        return VectorFunctions.logReduced(e, t).mul(-2.0f).sqrt();
    }

    static FloatVector cosine(IntVector words) {
        IntVector quarter = quarter(words);
        FloatVector w = rest(words, quarter);
        VectorMask<Float> odd = quarter.and(1).compare(NE, 0).cast(F);
        return flip(
                evenSeries(w).blend(oddSeries(w), odd), quarter.add(1).and(2).lanewise(LSHL, 30));
    }

    static FloatVector sine(IntVector words) {
        IntVector quarter = quarter(words);
        FloatVector w = rest(words, quarter);
        VectorMask<Float> odd = quarter.and(1).compare(NE, 0).cast(F);
        return flip(oddSeries(w).blend(evenSeries(w), odd), quarter.and(2).lanewise(LSHL, 30));
    }

    private static IntVector quarter(IntVector words) {
        return words.add(0x20000000).lanewise(LSHR, 30);
    }

    /// What is left of a turn, in half turns.
    private static FloatVector rest(IntVector words, IntVector quarter) {
        return asFloats(words.sub(quarter.lanewise(LSHL, 30))).mul(4.65661287e-10f);
    }

    /// sin πw.
    private static FloatVector oddSeries(FloatVector w) {
        FloatVector square = w.mul(w);
        FloatVector s = all(-5.890122086e-1f);
        s = s.fma(square, all(2.549761049f));
        s = s.fma(square, all(-5.167707682f));
        s = s.fma(square, all(3.141592643f));
        return s.mul(w);
    }

    /// cos πw.
    private static FloatVector evenSeries(FloatVector w) {
        FloatVector square = w.mul(w);
        FloatVector c = all(2.312609210e-1f);
        c = c.fma(square, all(-1.335035906f));
        c = c.fma(square, all(4.058706922f));
        c = c.fma(square, all(-4.934802158f));
        return c.fma(square, all(1.0f));
    }
}
