package dev.elbo.runtime.cpu;

import dev.elbo.runtime.portable.PortableMath;
import java.util.Arrays;

/// [ChainLoop] in plain Java.
final class PlainChainLoop implements ChainLoop {
    @Override
    public void spread(float[] rows, int stride, float[] lanes, int steps, int own, int states) {
        int run = own == states ? RUN : own;
        for (int e = 0; e < steps * own; e += run) {
            int at = e / own * states + e % own;
            int length = Math.min(run, steps * own - e);
            for (int l = 0; l < LANES; l++) {
                for (int k = 0; k < length; k++) {
                    lanes[(at + k) * LANES + l] = rows[l * stride + e + k];
                }
            }
        }
    }

    @Override
    public void collect(float[] lanes, float[] rows, int stride, int steps, int own, int states) {
        int run = own == states ? RUN : own;
        for (int e = 0; e < steps * own; e += run) {
            int at = e / own * states + e % own;
            int length = Math.min(run, steps * own - e);
            for (int l = 0; l < LANES; l++) {
                for (int k = 0; k < length; k++) {
                    rows[l * stride + e + k] = lanes[(at + k) * LANES + l];
                }
            }
        }
    }

    @Override
    public void emit(float[] b, int steps, int states, double[] maxima) {
        for (int t = 0; t < steps; t++) {
            for (int l = 0; l < LANES; l++) {
                int at = t * states * LANES + l;
                float max = Float.NEGATIVE_INFINITY;
                for (int j = 0; j < states; j++) {
                    max = b[at + j * LANES] > max ? b[at + j * LANES] : max;
                }
                max = max == Float.NEGATIVE_INFINITY ? 0.0f : max;
                maxima[l] += max;
                for (int j = 0; j < states; j++) {
                    b[at + j * LANES] = expOfDifference(b[at + j * LANES], max);
                }
            }
        }
    }

    @Override
    public void forward(
            float[] a, float[] b, float[] f, float[] scales, int steps, int states, int[] lengths, int[] exponents) {
        Arrays.fill(exponents, 0);
        float[] sums = Scratch.ofThread().chain().work(2 * states * LANES);
        System.arraycopy(b, 0, f, 0, states * LANES);
        for (int l = 0; l < LANES; l++) {
            scales[l] = scale(largest(f, l, states));
        }
        for (int t = 1; t < steps; t++) {
            int now = t * states * LANES;
            int before = now - states * LANES;
            multiply(a, f, before, sums, states);
            for (int l = 0; l < LANES; l++) {
                float scale = scales[(t - 1) * LANES + l];
                boolean live = t < lengths[l];
                for (int e = l; e < states * LANES; e += LANES) {
                    f[now + e] = live ? sums[e] * (b[now + e] * scale) : f[before + e];
                }
                exponents[l] += live ? Math.getExponent(scale) : 0;
                scales[t * LANES + l] = scale(largest(f, now + l, states));
            }
        }
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
        Arrays.fill(exponents, 0);
        float[] sums = Scratch.ofThread().chain().work(2 * states * LANES);
        int follow = states * LANES;
        for (int t = steps - 1; t >= 0; t--) {
            int now = t * states * LANES;
            for (int l = 0; l < LANES; l++) {
                boolean live = t < lengths[l];
                float joint = joint(f, now + l, r, l, states);
                float inverse = 1.0f / joint;
                float before = scales[Math.max(t - 1, 0) * LANES + l];
                float scale = scale(largest(r, l, states));
                for (int e = l; e < states * LANES; e += LANES) {
                    float product = b[now + e] * r[e];
                    gamma[now + e] = live ? f[now + e] * r[e] * inverse : 0.0f;
                    b[now + e] = live ? product * inverse * before : 0.0f;
                    r[follow + e] = product * scale;
                }
                exponents[l] += live && t > 0 ? Math.getExponent(scale) : 0;
                first[l] = joint;
            }
            if (t > 0) {
                multiply(transposed, r, follow, sums, states);
                for (int e = 0; e < states * LANES; e++) {
                    r[e] = t < lengths[e % LANES] ? sums[e] : r[e];
                }
            }
        }
    }

    @Override
    public void pairs(float[] f, float[] w, int steps, int states, int i, int j, double[] sums) {
        Arrays.fill(sums, 0, 16 * LANES, 0.0);
        for (int e = 0; e < 16 * LANES; e++) {
            int left = (i + e / (4 * LANES)) * LANES + e % LANES;
            int right = (states + j + e / LANES % 4) * LANES + e % LANES;
            for (int chunk = 0; chunk < steps - 1; chunk += CHUNK) {
                float sum = 0;
                for (int t = chunk; t < Math.min(chunk + CHUNK, steps - 1); t++) {
                    sum = Math.fma(f[t * states * LANES + left], w[t * states * LANES + right], sum);
                }
                sums[e] += sum;
            }
        }
    }

    /// exp(x − max), with what rounding took from the difference put back: its error counts whole in the result.
    static float expOfDifference(float x, float max) {
        float difference = x - max;
        float seen = difference - x; // −max, as far as the difference has it
        float lost = (x - (difference - seen)) + (-max - seen);
        float p = PortableMath.exp(difference);
        return difference > -104.0f ? Math.fma(p, lost, p) : p;
    }

    /// `y[j,l] = Σ_i x[i,l] m[i,j]`.
    private static void multiply(float[] m, float[] x, int at, float[] y, int states) {
        int cells = states * LANES;
        for (int chain = 0; chain < states; chain += CHAIN) {
            Arrays.fill(y, cells, 2 * cells, 0.0f);
            for (int i = chain; i < Math.min(chain + CHAIN, states); i++) {
                for (int j = 0; j < states; j++) {
                    addLanes(m[i * states + j], x, at + i * LANES, y, cells + j * LANES);
                }
            }
            for (int e = 0; e < cells; e++) {
                y[e] = chain == 0 ? y[cells + e] : y[e] + y[cells + e];
            }
        }
    }

    private static void addLanes(float scalar, float[] x, int at, float[] y, int to) {
        for (int l = 0; l < LANES; l++) {
            y[to + l] = Math.fma(x[at + l], scalar, y[to + l]);
        }
    }

    private static float joint(float[] f, int at, float[] r, int l, int states) {
        float total = 0;
        for (int chain = 0; chain < states; chain += CHAIN) {
            float sum = 0;
            for (int j = chain; j < Math.min(chain + CHAIN, states); j++) {
                sum = Math.fma(f[at + j * LANES], r[l + j * LANES], sum);
            }
            total = chain == 0 ? sum : total + sum;
        }
        return total;
    }

    private static int largest(float[] x, int at, int states) {
        int bits = 0;
        for (int j = 0; j < states; j++) {
            bits = Math.max(bits, Float.floatToRawIntBits(x[at + j * LANES]));
        }
        return bits;
    }

    private static float scale(int largestBits) {
        return Float.intBitsToFloat(ChainLoop.scaleField(largestBits) << 23);
    }
}
