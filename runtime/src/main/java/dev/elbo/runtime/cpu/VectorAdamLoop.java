package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Lanes.WIDTH;
import static dev.elbo.runtime.cpu.Lanes.all;
import static dev.elbo.runtime.cpu.Lanes.get;
import static dev.elbo.runtime.cpu.Lanes.put;
import static dev.elbo.runtime.cpu.Lanes.upTo;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// [AdamLoop] on the Vector API.
final class VectorAdamLoop implements AdamLoop {
    @Override
    public void run(
            MemorySegment parameters,
            MemorySegment gradient,
            MemorySegment m,
            MemorySegment v,
            long from,
            long to,
            float scale,
            float rate,
            float beta1,
            float beta2,
            float correction1,
            float correction2,
            float epsilon,
            float decay) {
        long whole = to - (to - from) % WIDTH;
        for (long e = from; e < whole; e += WIDTH) {
            FloatVector p = get(parameters, e);
            FloatVector g = get(gradient, e).mul(scale);
            FloatVector mean = get(m, e).fma(all(beta1), g.mul(1.0f - beta1));
            FloatVector square = get(v, e).fma(all(beta2), g.mul(1.0f - beta2).mul(g));
            FloatVector update =
                    mean.mul(correction1).div(square.mul(correction2).sqrt().add(epsilon));
            put(mean, m, e);
            put(square, v, e);
            put(p.fma(all(decay), update).fma(all(-rate), p), parameters, e);
        }
        if (whole < to) {
            tail(
                    parameters,
                    gradient,
                    m,
                    v,
                    whole,
                    to - whole,
                    scale,
                    rate,
                    beta1,
                    beta2,
                    correction1,
                    correction2,
                    epsilon,
                    decay);
        }
    }

    private void tail(
            MemorySegment parameters,
            MemorySegment gradient,
            MemorySegment m,
            MemorySegment v,
            long e,
            long left,
            float scale,
            float rate,
            float beta1,
            float beta2,
            float correction1,
            float correction2,
            float epsilon,
            float decay) {
        VectorMask<Float> mask = upTo(left);
        FloatVector p = get(parameters, e, mask);
        FloatVector g = get(gradient, e, mask).mul(scale);
        FloatVector mean = get(m, e, mask).fma(all(beta1), g.mul(1.0f - beta1));
        FloatVector square = get(v, e, mask).fma(all(beta2), g.mul(1.0f - beta2).mul(g));
        FloatVector update =
                mean.mul(correction1).div(square.mul(correction2).sqrt().add(epsilon));
        put(mean, m, e, mask);
        put(square, v, e, mask);
        put(p.fma(all(decay), update).fma(all(-rate), p), parameters, e, mask);
    }
}
