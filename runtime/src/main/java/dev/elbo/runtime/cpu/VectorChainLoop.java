package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Lanes.D;
import static dev.elbo.runtime.cpu.Lanes.F;
import static dev.elbo.runtime.cpu.Lanes.I;
import static dev.elbo.runtime.cpu.Lanes.WIDTH;
import static dev.elbo.runtime.cpu.Lanes.all;
import static dev.elbo.runtime.cpu.Lanes.lower;
import static dev.elbo.runtime.cpu.Lanes.upper;
import static dev.elbo.runtime.cpu.VectorTranspose.ROWS;
import static dev.elbo.runtime.cpu.VectorTranspose.SIDE;
import static dev.elbo.runtime.cpu.VectorTranspose.T;
import static dev.elbo.runtime.cpu.VectorTranspose.evens;
import static dev.elbo.runtime.cpu.VectorTranspose.firstPairs;
import static dev.elbo.runtime.cpu.VectorTranspose.odds;
import static dev.elbo.runtime.cpu.VectorTranspose.putRows;
import static dev.elbo.runtime.cpu.VectorTranspose.rows;
import static dev.elbo.runtime.cpu.VectorTranspose.secondPairs;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/// [ChainLoop] on the Vector API: four states at a time, so that four chains advance together.
final class VectorChainLoop implements ChainLoop {
    // A step is moved by whole squares. The last may reach beyond the states that there are: what it brings into
    // the lanes is of no meaning, and what it leaves in the rows the next step writes over.

    @Override
    public void spread(float[] rows, int stride, float[] lanes, int steps, int own, int states) {
        for (int from = 0; from < steps * states; from += RUN) {
            int to = Math.min(from + RUN, steps * states);
            for (int l = 0; l < LANES; l += ROWS) {
                spread(rows, l * stride, stride, lanes, l, from, to, own, states);
            }
        }
    }

    private static void spread(
            float[] rows, int row, int stride, float[] lanes, int l, int from, int to, int own, int states) {
        int j = from % states;
        int e = row + from / states * own + j;
        for (int cell = from; cell < to; cell += SIDE) {
            FloatVector x0 = rows(rows, e, stride);
            FloatVector x1 = rows(rows, e + stride, stride);
            FloatVector x2 = rows(rows, e + 2 * stride, stride);
            FloatVector x3 = rows(rows, e + 3 * stride, stride);
            FloatVector y0 = firstPairs(x0, x2);
            FloatVector y1 = firstPairs(x1, x3);
            FloatVector y2 = secondPairs(x0, x2);
            FloatVector y3 = secondPairs(x1, x3);
            int at = cell * LANES + l;
            evens(y0, y1).intoArray(lanes, at);
            odds(y0, y1).intoArray(lanes, at + LANES);
            evens(y2, y3).intoArray(lanes, at + 2 * LANES);
            odds(y2, y3).intoArray(lanes, at + 3 * LANES);
            j += SIDE;
            e += j < states ? SIDE : SIDE + own - states;
            j = j < states ? j : 0;
        }
    }

    @Override
    public void collect(float[] lanes, float[] rows, int stride, int steps, int own, int states) {
        for (int from = 0; from < steps * states; from += RUN) {
            int to = Math.min(from + RUN, steps * states);
            for (int l = 0; l < LANES; l += ROWS) {
                collect(lanes, l, rows, l * stride, stride, from, to, own, states);
            }
        }
    }

    private static void collect(
            float[] lanes, int l, float[] rows, int row, int stride, int from, int to, int own, int states) {
        int j = from % states;
        int e = row + from / states * own + j;
        for (int cell = from; cell < to; cell += SIDE) {
            int at = cell * LANES + l;
            FloatVector x0 = FloatVector.fromArray(T, lanes, at);
            FloatVector x1 = FloatVector.fromArray(T, lanes, at + LANES);
            FloatVector x2 = FloatVector.fromArray(T, lanes, at + 2 * LANES);
            FloatVector x3 = FloatVector.fromArray(T, lanes, at + 3 * LANES);
            FloatVector y0 = firstPairs(x0, x2);
            FloatVector y1 = firstPairs(x1, x3);
            FloatVector y2 = secondPairs(x0, x2);
            FloatVector y3 = secondPairs(x1, x3);
            putRows(evens(y0, y1), rows, e, stride);
            putRows(odds(y0, y1), rows, e + stride, stride);
            putRows(evens(y2, y3), rows, e + 2 * stride, stride);
            putRows(odds(y2, y3), rows, e + 3 * stride, stride);
            j += SIDE;
            e += j < states ? SIDE : SIDE + own - states;
            j = j < states ? j : 0;
        }
    }

    @Override
    public void emit(float[] b, int steps, int states, double[] maxima) {
        float[] max = Scratch.ofThread().terms();
        for (int l = 0; l < LANES; l += WIDTH) {
            for (int t = 0; t < steps; t++) {
                int from = t * states * LANES + l;
                int to = from + states * LANES;
                largest(b, from, to, max, maxima, l);
                exponentials(b, from, to, max, l);
            }
        }
    }

    // Vectors cross no call: what is called takes arrays and puts back what it finds.

    private static void largest(float[] b, int from, int to, float[] largest, double[] maxima, int l) {
        FloatVector max = all(Float.NEGATIVE_INFINITY);
        for (int e = from; e < to; e += LANES) {
            FloatVector score = FloatVector.fromArray(F, b, e);
            max = max.blend(score, score.compare(GT, max));
        }
        max = max.blend(0.0f, max.compare(EQ, Float.NEGATIVE_INFINITY));
        max.intoArray(largest, l);
        DoubleVector.fromArray(D, maxima, l).add(lower(max)).intoArray(maxima, l);
        int half = l + WIDTH / 2;
        DoubleVector.fromArray(D, maxima, half).add(upper(max)).intoArray(maxima, half);
    }

    private static void exponentials(float[] b, int from, int to, float[] largest, int l) {
        FloatVector max = FloatVector.fromArray(F, largest, l);
        for (int e = from; e < to; e += LANES) {
            expOfDifference(FloatVector.fromArray(F, b, e), max).intoArray(b, e);
        }
    }

    private static FloatVector expOfDifference(FloatVector x, FloatVector max) {
        FloatVector difference = x.sub(max);
        FloatVector seen = difference.sub(x);
        FloatVector lost =
                x.sub(difference.sub(seen)).add(VectorFunctions.minus(max).sub(seen));
        FloatVector p = VectorFunctions.exp(difference);
        return p.blend(p.fma(lost, p), difference.compare(GT, -104.0f));
    }

    @Override
    public void forward(
            float[] a, float[] b, float[] f, float[] scales, int steps, int states, int[] lengths, int[] exponents) {
        System.arraycopy(b, 0, f, 0, states * LANES);
        Arrays.fill(exponents, 0);
        for (int l = 0; l < LANES; l += WIDTH) {
            scale(f, l, scales, l, states);
            for (int t = 1; t < steps; t++) {
                step(a, b, f, scales, t, states, lengths, exponents, l);
                scale(f, t * states * LANES + l, scales, t * LANES + l, states);
            }
        }
    }

    /// The scale that brings the largest of a step to 2⁴⁶.
    private static void scale(float[] x, int from, float[] scales, int to, int states) {
        IntVector largest = IntVector.zero(I);
        for (int j = 0; j < states; j += 4) {
            int at = from + j * LANES;
            IntVector x0 = FloatVector.fromArray(F, x, at).reinterpretAsInts();
            IntVector x1 = FloatVector.fromArray(F, x, at + LANES).reinterpretAsInts();
            IntVector x2 = FloatVector.fromArray(F, x, at + 2 * LANES).reinterpretAsInts();
            IntVector x3 = FloatVector.fromArray(F, x, at + 3 * LANES).reinterpretAsInts();
            largest = largest.max(x0.max(x1).max(x2.max(x3)));
        }
        IntVector field = IntVector.broadcast(I, 254 + HEADROOM)
                .sub(largest.lanewise(LSHR, 23))
                .min(254);
        field.lanewise(LSHL, 23).reinterpretAsFloats().intoArray(scales, to);
    }

    /// F_t of all states, from that of t − 1 before it.
    private static void step(
            float[] a, float[] b, float[] f, float[] scales, int t, int states, int[] lengths, int[] exponents, int l) {
        int now = t * states * LANES + l;
        int before = now - states * LANES;
        FloatVector scale = FloatVector.fromArray(F, scales, (t - 1) * LANES + l);
        VectorMask<Integer> live = IntVector.fromArray(I, lengths, l).compare(GT, t);
        for (int j = 0; j < states; j += 4) {
            FloatVector y0 = all(0.0f);
            FloatVector y1 = all(0.0f);
            FloatVector y2 = all(0.0f);
            FloatVector y3 = all(0.0f);
            for (int chain = 0; chain < states; chain += CHAIN) {
                FloatVector s0 = all(0.0f);
                FloatVector s1 = all(0.0f);
                FloatVector s2 = all(0.0f);
                FloatVector s3 = all(0.0f);
                int end = Math.min(chain + CHAIN, states);
                for (int i = chain; i < end; i++) {
                    FloatVector x = FloatVector.fromArray(F, f, before + i * LANES);
                    int at = i * states + j;
                    s0 = x.fma(all(a[at]), s0);
                    s1 = x.fma(all(a[at + 1]), s1);
                    s2 = x.fma(all(a[at + 2]), s2);
                    s3 = x.fma(all(a[at + 3]), s3);
                }
                y0 = y0.add(s0);
                y1 = y1.add(s1);
                y2 = y2.add(s2);
                y3 = y3.add(s3);
            }
            int at = j * LANES;
            settle(y0, b, f, now + at, before + at, scale, live);
            settle(y1, b, f, now + at + LANES, before + at + LANES, scale, live);
            settle(y2, b, f, now + at + 2 * LANES, before + at + 2 * LANES, scale, live);
            settle(y3, b, f, now + at + 3 * LANES, before + at + 3 * LANES, scale, live);
        }
        IntVector exponent = scale.reinterpretAsInts().lanewise(LSHR, 23).sub(127);
        IntVector.fromArray(I, exponents, l).add(exponent, live).intoArray(exponents, l);
    }

    private static void settle(
            FloatVector sum, float[] b, float[] f, int now, int before, FloatVector scale, VectorMask<Integer> live) {
        FloatVector y = sum.mul(FloatVector.fromArray(F, b, now).mul(scale));
        FloatVector.fromArray(F, f, before).blend(y, live.cast(F)).intoArray(f, now);
    }

    @Override
    public void backward(
            float[] transposed,
            float[] b,
            float[] f,
            float[] gamma,
            float[] scales,
            float[] r,
            int steps,
            int states,
            int[] lengths,
            float[] first,
            int[] exponents) {
        int follow = states * LANES;
        int factor = 2 * follow; // beyond both halves of r: the scale of a step
        Arrays.fill(exponents, 0);
        for (int l = 0; l < LANES; l += WIDTH) {
            for (int t = steps - 1; t >= 0; t--) {
                scale(r, l, r, factor + l, states);
                joint(f, t * states * LANES + l, r, l, states, first);
                posterior(b, f, gamma, scales, r, t, states, lengths, first, l);
                if (t > 0) {
                    precede(transposed, r, t, states, lengths, exponents, l);
                }
            }
        }
    }

    /// `first = Σ_j F(j) r(j)`.
    private static void joint(float[] f, int now, float[] r, int l, int states, float[] first) {
        FloatVector joint = all(0.0f);
        for (int chain = 0; chain < states; chain += CHAIN) {
            FloatVector sum = all(0.0f);
            int end = Math.min(chain + CHAIN, states);
            for (int j = chain; j < end; j++) {
                sum = FloatVector.fromArray(F, f, now + j * LANES).fma(FloatVector.fromArray(F, r, j * LANES + l), sum);
            }
            joint = joint.add(sum);
        }
        joint.intoArray(first, l);
    }

    /// γ and W of a step, and what its predecessors see of it.
    private static void posterior(
            float[] b,
            float[] f,
            float[] gamma,
            float[] scales,
            float[] r,
            int t,
            int states,
            int[] lengths,
            float[] first,
            int l) {
        int follow = states * LANES;
        int now = t * states * LANES + l;
        VectorMask<Float> live =
                IntVector.fromArray(I, lengths, l).compare(GT, t).cast(F);
        FloatVector inverse = all(1.0f).div(FloatVector.fromArray(F, first, l));
        FloatVector scale = FloatVector.fromArray(F, r, 2 * follow + l);
        FloatVector before = FloatVector.fromArray(F, scales, Math.max(t - 1, 0) * LANES + l);
        for (int at = 0; at < follow; at += LANES) {
            FloatVector x = FloatVector.fromArray(F, r, at + l);
            FloatVector product = FloatVector.fromArray(F, b, now + at).mul(x);
            FloatVector posterior = FloatVector.fromArray(F, f, now + at).mul(x).mul(inverse);
            all(0.0f).blend(posterior, live).intoArray(gamma, now + at);
            all(0.0f).blend(product.mul(inverse).mul(before), live).intoArray(b, now + at);
            product.mul(scale).intoArray(r, follow + at + l);
        }
    }

    /// r of the step before, from what follows; where nothing does yet it stays.
    private static void precede(float[] m, float[] r, int t, int states, int[] lengths, int[] exponents, int l) {
        int follow = states * LANES;
        VectorMask<Integer> longer = IntVector.fromArray(I, lengths, l).compare(GT, t);
        VectorMask<Float> live = longer.cast(F);
        for (int i = 0; i < states; i += 4) {
            FloatVector y0 = all(0.0f);
            FloatVector y1 = all(0.0f);
            FloatVector y2 = all(0.0f);
            FloatVector y3 = all(0.0f);
            for (int chain = 0; chain < states; chain += CHAIN) {
                FloatVector s0 = all(0.0f);
                FloatVector s1 = all(0.0f);
                FloatVector s2 = all(0.0f);
                FloatVector s3 = all(0.0f);
                int end = Math.min(chain + CHAIN, states);
                for (int j = chain; j < end; j++) {
                    FloatVector x = FloatVector.fromArray(F, r, follow + j * LANES + l);
                    int at = j * states + i;
                    s0 = x.fma(all(m[at]), s0);
                    s1 = x.fma(all(m[at + 1]), s1);
                    s2 = x.fma(all(m[at + 2]), s2);
                    s3 = x.fma(all(m[at + 3]), s3);
                }
                y0 = y0.add(s0);
                y1 = y1.add(s1);
                y2 = y2.add(s2);
                y3 = y3.add(s3);
            }
            int at = i * LANES + l;
            FloatVector.fromArray(F, r, at).blend(y0, live).intoArray(r, at);
            FloatVector.fromArray(F, r, at + LANES).blend(y1, live).intoArray(r, at + LANES);
            FloatVector.fromArray(F, r, at + 2 * LANES).blend(y2, live).intoArray(r, at + 2 * LANES);
            FloatVector.fromArray(F, r, at + 3 * LANES).blend(y3, live).intoArray(r, at + 3 * LANES);
        }
        FloatVector scale = FloatVector.fromArray(F, r, 2 * follow + l);
        IntVector exponent = scale.reinterpretAsInts().lanewise(LSHR, 23).sub(127);
        IntVector.fromArray(I, exponents, l).add(exponent, longer).intoArray(exponents, l);
    }

    @Override
    public void pairs(float[] f, float[] w, int steps, int states, int i, int j, double[] sums) {
        Arrays.fill(sums, 0, 16 * LANES, 0.0);
        for (int l = 0; l < LANES; l += WIDTH) {
            for (int chunk = 0; chunk < steps - 1; chunk += CHUNK) {
                int end = Math.min(chunk + CHUNK, steps - 1);
                pairs(f, w, chunk, end, states, i * LANES + l, (states + j) * LANES + l, sums, l);
            }
        }
    }

    private static void pairs(
            float[] f, float[] w, int from, int to, int states, int left, int right, double[] sums, int l) {
        FloatVector s00 = all(0.0f);
        FloatVector s01 = all(0.0f);
        FloatVector s02 = all(0.0f);
        FloatVector s03 = all(0.0f);
        FloatVector s10 = all(0.0f);
        FloatVector s11 = all(0.0f);
        FloatVector s12 = all(0.0f);
        FloatVector s13 = all(0.0f);
        FloatVector s20 = all(0.0f);
        FloatVector s21 = all(0.0f);
        FloatVector s22 = all(0.0f);
        FloatVector s23 = all(0.0f);
        FloatVector s30 = all(0.0f);
        FloatVector s31 = all(0.0f);
        FloatVector s32 = all(0.0f);
        FloatVector s33 = all(0.0f);
        for (int t = from; t < to; t++) {
            int x = t * states * LANES + left;
            int y = t * states * LANES + right;
            FloatVector w0 = FloatVector.fromArray(F, w, y);
            FloatVector w1 = FloatVector.fromArray(F, w, y + LANES);
            FloatVector w2 = FloatVector.fromArray(F, w, y + 2 * LANES);
            FloatVector w3 = FloatVector.fromArray(F, w, y + 3 * LANES);
            FloatVector f0 = FloatVector.fromArray(F, f, x);
            s00 = f0.fma(w0, s00);
            s01 = f0.fma(w1, s01);
            s02 = f0.fma(w2, s02);
            s03 = f0.fma(w3, s03);
            FloatVector f1 = FloatVector.fromArray(F, f, x + LANES);
            s10 = f1.fma(w0, s10);
            s11 = f1.fma(w1, s11);
            s12 = f1.fma(w2, s12);
            s13 = f1.fma(w3, s13);
            FloatVector f2 = FloatVector.fromArray(F, f, x + 2 * LANES);
            s20 = f2.fma(w0, s20);
            s21 = f2.fma(w1, s21);
            s22 = f2.fma(w2, s22);
            s23 = f2.fma(w3, s23);
            FloatVector f3 = FloatVector.fromArray(F, f, x + 3 * LANES);
            s30 = f3.fma(w0, s30);
            s31 = f3.fma(w1, s31);
            s32 = f3.fma(w2, s32);
            s33 = f3.fma(w3, s33);
        }
        add(s00, sums, l);
        add(s01, sums, l + LANES);
        add(s02, sums, l + 2 * LANES);
        add(s03, sums, l + 3 * LANES);
        add(s10, sums, l + 4 * LANES);
        add(s11, sums, l + 5 * LANES);
        add(s12, sums, l + 6 * LANES);
        add(s13, sums, l + 7 * LANES);
        add(s20, sums, l + 8 * LANES);
        add(s21, sums, l + 9 * LANES);
        add(s22, sums, l + 10 * LANES);
        add(s23, sums, l + 11 * LANES);
        add(s30, sums, l + 12 * LANES);
        add(s31, sums, l + 13 * LANES);
        add(s32, sums, l + 14 * LANES);
        add(s33, sums, l + 15 * LANES);
    }

    private static void add(FloatVector v, double[] sums, int at) {
        DoubleVector.fromArray(D, sums, at).add(lower(v)).intoArray(sums, at);
        int half = at + WIDTH / 2;
        DoubleVector.fromArray(D, sums, half).add(upper(v)).intoArray(sums, half);
    }
}
