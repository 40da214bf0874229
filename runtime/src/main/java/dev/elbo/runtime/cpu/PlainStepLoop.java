package dev.elbo.runtime.cpu;

import java.util.Arrays;

/// [StepLoop] in plain Java.
final class PlainStepLoop implements StepLoop {
    @Override
    public void bounds(float[] x, int length, float[] bounds) {
        Arrays.fill(bounds, 0, LANES, Float.NEGATIVE_INFINITY);
        Arrays.fill(bounds, LANES, 2 * LANES, Float.POSITIVE_INFINITY);
        for (int e = 0; e < length; e++) {
            int l = e % LANES;
            bounds[l] = x[e] > bounds[l] ? x[e] : bounds[l];
            bounds[LANES + l] = x[e] < bounds[LANES + l] ? x[e] : bounds[LANES + l];
        }
        StepLoop.settle(bounds);
    }

    @Override
    public void weigh(float[] x, int from, int length, float max) {
        for (int e = from; e < from + length; e++) {
            x[e] = PlainChainLoop.expOfDifference(x[e], max);
        }
    }

    @Override
    public void multiply(float[] x, int from, float[] a, float[] y, int to, int states) {
        for (int j = 0; j < states; j++) {
            float total = 0;
            for (int chain = 0; chain < states; chain += LANES) {
                float sum = 0;
                for (int i = chain; i < chain + LANES; i++) {
                    sum = Math.fma(x[from + i], a[i * states + j], sum);
                }
                total += sum;
            }
            y[to + j] = total;
        }
    }

    @Override
    public void multiplyRows(float[] a, float[] x, float[] y, int states, float[] terms) {
        for (int i = 0; i < states; i++) {
            for (int l = 0; l < LANES; l++) {
                float sum = 0;
                for (int j = l; j < states; j += LANES) {
                    sum = Math.fma(a[i * states + j], x[j], sum);
                }
                terms[l] = sum;
            }
            y[i] = StepLoop.tree(terms);
        }
    }

    @Override
    public void pairs(float[] a, int row, float scalar, float[] w, float[] y, int states) {
        for (int j = 0; j < states; j++) {
            y[j] = a[row + j] * scalar * w[j];
        }
    }
}
