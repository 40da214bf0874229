package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Lanes.F;
import static dev.elbo.runtime.cpu.Lanes.WIDTH;
import static dev.elbo.runtime.cpu.Lanes.all;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;

/// [StepLoop] on the Vector API.
final class VectorStepLoop implements StepLoop {
    @Override
    public void bounds(float[] x, int length, float[] bounds) {
        for (int l = 0; l < LANES; l += WIDTH) {
            FloatVector max = all(Float.NEGATIVE_INFINITY);
            FloatVector min = all(Float.POSITIVE_INFINITY);
            for (int e = l; e < length; e += LANES) {
                FloatVector score = FloatVector.fromArray(F, x, e);
                max = max.blend(score, score.compare(GT, max));
                min = min.blend(score, score.compare(LT, min));
            }
            max.intoArray(bounds, l);
            min.intoArray(bounds, LANES + l);
        }
        StepLoop.settle(bounds);
    }

    @Override
    public void weigh(float[] x, int from, int length, float max) {
        FloatVector most = all(max);
        FloatVector minus = VectorFunctions.minus(most);
        for (int e = from; e < from + length; e += WIDTH) {
            FloatVector score = FloatVector.fromArray(F, x, e);
            FloatVector difference = score.sub(most);
            FloatVector seen = difference.sub(score);
            FloatVector lost = score.sub(difference.sub(seen)).add(minus.sub(seen));
            FloatVector p = VectorFunctions.exp(difference);
            p.blend(p.fma(lost, p), difference.compare(GT, -104.0f)).intoArray(x, e);
        }
    }

    @Override
    public void multiply(float[] x, int from, float[] a, float[] y, int to, int states) {
        for (int j = 0; j < states; j += WIDTH) {
            FloatVector total = all(0.0f);
            for (int chain = 0; chain < states; chain += LANES) {
                FloatVector sum = all(0.0f);
                for (int i = chain; i < chain + LANES; i++) {
                    sum = all(x[from + i]).fma(FloatVector.fromArray(F, a, i * states + j), sum);
                }
                total = total.add(sum);
            }
            total.intoArray(y, to + j);
        }
    }

    @Override
    public void multiplyRows(float[] a, float[] x, float[] y, int states, float[] terms) {
        for (int i = 0; i < states; i++) {
            for (int l = 0; l < LANES; l += WIDTH) {
                FloatVector sum = all(0.0f);
                for (int j = l; j < states; j += LANES) {
                    sum = FloatVector.fromArray(F, a, i * states + j).fma(FloatVector.fromArray(F, x, j), sum);
                }
                sum.intoArray(terms, l);
            }
            y[i] = StepLoop.tree(terms);
        }
    }

    @Override
    public void pairs(float[] a, int row, float scalar, float[] w, float[] y, int states) {
        FloatVector left = all(scalar);
        for (int j = 0; j < states; j += WIDTH) {
            FloatVector p = FloatVector.fromArray(F, a, row + j).mul(left).mul(FloatVector.fromArray(F, w, j));
            p.intoArray(y, j);
        }
    }
}
