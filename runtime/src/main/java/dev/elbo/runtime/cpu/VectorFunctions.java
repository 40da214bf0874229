package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Lanes.F;
import static dev.elbo.runtime.cpu.Lanes.I;
import static dev.elbo.runtime.cpu.Lanes.all;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.XOR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/// The functions of [dev.elbo.runtime.portable.PortableMath], a vector at a time: the same operations in the same
/// order, so the same bits. The comments are there.
final class VectorFunctions {
    static final int SIGN = 0x80000000;

    private VectorFunctions() {}

    static FloatVector exp(FloatVector x) {
        x = x.blend(89.0f, x.compare(GT, 89.0f));
        x = x.blend(-104.0f, x.compare(LT, -104.0f));
        FloatVector shifted = x.fma(all(1.442695041f), all(12582912.0f));
        FloatVector n = shifted.sub(12582912.0f);
        FloatVector r = n.fma(all(-6.93145752e-1f), x);
        r = n.fma(all(-1.42860677e-6f), r);
        FloatVector p = all(1.382121700e-3f);
        p = p.fma(r, all(8.368667215e-3f));
        p = p.fma(r, all(4.166825861e-2f));
        p = p.fma(r, all(1.666652113e-1f));
        p = p.fma(r, all(4.999999404e-1f));
        p = p.fma(r, all(1.0f));
        p = p.fma(r, all(1.0f));
        IntVector exponent = shifted.reinterpretAsInts().sub(0x4b400000);
        IntVector first = exponent.lanewise(ASHR, 1);
        return p.mul(powerOfTwo(first)).mul(powerOfTwo(exponent.sub(first)));
    }

    private static FloatVector powerOfTwo(IntVector n) {
        return n.add(127).lanewise(LSHL, 23).reinterpretAsFloats();
    }

    static FloatVector log(FloatVector x) {
        VectorMask<Float> subnormal = x.compare(LT, Float.MIN_NORMAL);
        IntVector bits = x.blend(x.mul(8388608.0f), subnormal).reinterpretAsInts();
        IntVector e = bits.sub(0x3f3504f4).lanewise(ASHR, 23);
        FloatVector t = bits.sub(e.lanewise(LSHL, 23)).reinterpretAsFloats().sub(1.0f);
        FloatVector y = logReduced(asFloats(e.blend(e.sub(23), subnormal.cast(I))), t);
        FloatVector edge = x.blend(Float.NEGATIVE_INFINITY, x.compare(EQ, 0.0f)).blend(Float.NaN, x.compare(LT, 0.0f));
        return edge.blend(y, x.compare(GT, 0.0f).and(x.compare(LT, Float.POSITIVE_INFINITY)));
    }

    static FloatVector logReduced(FloatVector e, FloatVector t) {
        FloatVector p = all(-7.974110463e-2f);
        p = p.fma(t, all(1.265565098e-1f));
        p = p.fma(t, all(-1.298929081e-1f));
        p = p.fma(t, all(1.420995208e-1f));
        p = p.fma(t, all(-1.664158102e-1f));
        p = p.fma(t, all(2.000120075e-1f));
        p = p.fma(t, all(-2.500030393e-1f));
        p = p.fma(t, all(3.333332995e-1f));
        FloatVector square = t.mul(t);
        FloatVector y = p.mul(t).mul(square);
        y = e.fma(all(-2.12194440e-4f), y);
        y = square.fma(all(-0.5f), y);
        return e.fma(all(0.693359375f), t.add(y));
    }

    static FloatVector log1pUnit(FloatVector x) {
        VectorMask<Float> upper = x.compare(GT, 0.414213562f);
        return logReduced(all(0.0f).blend(1.0f, upper), x.blend(x.fma(all(0.5f), all(-0.5f)), upper));
    }

    static FloatVector sigmoid(FloatVector x) {
        FloatVector e = exp(minusAbs(x));
        return all(1.0f).blend(e, x.compare(LT, 0.0f)).div(e.add(1.0f));
    }

    static FloatVector softplus(FloatVector x) {
        return all(0.0f).blend(x, x.compare(GT, 0.0f)).add(log1pUnit(exp(minusAbs(x))));
    }

    static FloatVector tanh(FloatVector x) {
        FloatVector a = abs(x);
        FloatVector square = a.mul(a);
        FloatVector p = all(-5.692296661e-3f);
        p = p.fma(square, all(2.062816732e-2f));
        p = p.fma(square, all(-5.373651534e-2f));
        p = p.fma(square, all(1.333140582e-1f));
        p = p.fma(square, all(-3.333328068e-1f));
        FloatVector near = a.mul(square).fma(p, a);
        FloatVector far = all(-2.0f).div(exp(a.add(a)).add(1.0f)).add(1.0f);
        FloatVector y = far.blend(near, a.compare(LT, 0.625f));
        return y.reinterpretAsInts().or(x.reinterpretAsInts().and(SIGN)).reinterpretAsFloats();
    }

    static FloatVector abs(FloatVector x) {
        return x.reinterpretAsInts().and(~SIGN).reinterpretAsFloats();
    }

    static FloatVector minusAbs(FloatVector x) {
        return x.reinterpretAsInts().or(SIGN).reinterpretAsFloats();
    }

    static FloatVector minus(FloatVector x) {
        return flip(x, IntVector.broadcast(I, SIGN));
    }

    /// x with the sign flipped where `signs` has its sign bit.
    static FloatVector flip(FloatVector x, IntVector signs) {
        return x.reinterpretAsInts().lanewise(XOR, signs).reinterpretAsFloats();
    }

    static FloatVector asFloats(IntVector whole) {
        return (FloatVector) whole.convertShape(I2F, F, 0);
    }

    /// See [Term#bounded].
    static FloatVector bounded(FloatVector v) {
        return v.blend(-Term.LOG_VARIANCE_BOUND, v.compare(LT, -Term.LOG_VARIANCE_BOUND))
                .blend(Term.LOG_VARIANCE_BOUND, v.compare(GT, Term.LOG_VARIANCE_BOUND));
    }

    /// See [Term#boundedGradient].
    static FloatVector boundedGradient(FloatVector v, FloatVector dv) {
        return dv.blend(0.0f, abs(v).compare(GT, Term.LOG_VARIANCE_BOUND));
    }
}
