package dev.elbo.runtime;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// The rarer conventions of [UpdateRule] on the CPU, and the sums that decide about an update: the twin of
/// `optimize.cu`, rounding where it does.
///
/// Plain loops: the compiler makes vectors of gradient descent by itself, 0.31 ns an element, 0.59 with momentum, where
/// [dev.elbo.runtime.cpu.UpdateMath#sgd] by the Vector API also takes 0.59 (400,000 elements, 512-bit vectors, best of
/// 600 on a busy machine). RMSProp and the rarer forms of Adam it leaves one by one, at 2.3 against 0.28 for the common
/// form of Adam: loops of their own are worth it once a model trains by them.
final class UpdateLoops {
    private static final int LANES = 16;

    private UpdateLoops() {}

    /// Σ partials in the order of [dev.elbo.runtime.cpu.CpuMath].
    ///
    /// @param lanes (16), any content
    static double sum(MemorySegment partials, int count, double[] lanes) {
        Arrays.fill(lanes, 0);
        for (int s = 0; s < count; s++) {
            lanes[s % LANES] += partials.getAtIndex(JAVA_DOUBLE, s);
        }
        for (int step = LANES / 2; step > 0; step /= 2) {
            for (int i = 0; i < step; i++) {
                lanes[i] += lanes[i + step];
            }
        }
        return lanes[0];
    }

    /// bᵗ: the powers of two of the exponent, from the lowest up.
    static double power(double b, int t) {
        double p = 1;
        for (; t != 0; t >>>= 1) {
            p = (t & 1) != 0 ? p * b : p;
            b *= b;
        }
        return p;
    }

    /// @param u velocity, or null without momentum
    static void sgd(
            UpdateRule.Sgd rule,
            MemorySegment p,
            MemorySegment g,
            MemorySegment u,
            long from,
            long to,
            float scale,
            float rate) {
        for (long e = from; e < to; e++) {
            float h = gradient(g, p, e, scale, rule.weightDecay());
            move(p, u, e, h, rate, rule.momentum(), rule.nesterov());
        }
    }

    /// @param v mean square
    /// @param u velocity, or null without momentum
    static void rmsProp(
            UpdateRule.RmsProp rule,
            MemorySegment p,
            MemorySegment g,
            MemorySegment v,
            MemorySegment u,
            long from,
            long to,
            float scale,
            float rate) {
        for (long e = from; e < to; e++) {
            float h = gradient(g, p, e, scale, rule.weightDecay());
            float square = Math.fma(rule.decay(), at(v, e), (1 - rule.decay()) * h * h);
            v.setAtIndex(JAVA_FLOAT, e, square);
            move(p, u, e, h / ((float) Math.sqrt(square) + rule.epsilon()), rate, rule.momentum(), false);
        }
    }

    /// @param m mean
    /// @param v mean square
    static void adam(
            UpdateRule.Adam rule,
            MemorySegment p,
            MemorySegment g,
            MemorySegment m,
            MemorySegment v,
            long from,
            long to,
            float scale,
            float rate,
            float correction1,
            float correction2) {
        boolean inside = rule.root() == UpdateRule.Adam.Root.INSIDE;
        float decay = rule.decoupled() ? rule.weightDecay() : 0;
        for (long e = from; e < to; e++) {
            float h = gradient(g, p, e, scale, rule.decoupled() ? 0 : rule.weightDecay());
            float mean = Math.fma(rule.beta1(), at(m, e), (1 - rule.beta1()) * h);
            float square = Math.fma(rule.beta2(), at(v, e), (1 - rule.beta2()) * h * h);
            m.setAtIndex(JAVA_FLOAT, e, mean);
            v.setAtIndex(JAVA_FLOAT, e, square);
            float corrected = square * correction2;
            float root = inside
                    ? (float) Math.sqrt(corrected + rule.epsilon())
                    : (float) Math.sqrt(corrected) + rule.epsilon();
            float step = mean * correction1 / root;
            step = decay == 0 ? step : Math.fma(decay, at(p, e), step);
            p.setAtIndex(JAVA_FLOAT, e, Math.fma(-rate, step, at(p, e)));
        }
    }

    private static float gradient(MemorySegment g, MemorySegment p, long e, float scale, float decay) {
        float h = scale * at(g, e);
        return decay == 0 ? h : Math.fma(decay, at(p, e), h);
    }

    private static void move(
            MemorySegment p, MemorySegment u, long e, float d, float rate, float momentum, boolean nesterov) {
        if (u != null) {
            float velocity = Math.fma(momentum, at(u, e), d);
            u.setAtIndex(JAVA_FLOAT, e, velocity);
            d = nesterov ? Math.fma(momentum, velocity, d) : velocity;
        }
        p.setAtIndex(JAVA_FLOAT, e, Math.fma(-rate, d, at(p, e)));
    }

    private static float at(MemorySegment x, long e) {
        return x.getAtIndex(JAVA_FLOAT, e);
    }
}
