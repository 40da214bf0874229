package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.get;
import static dev.elbo.runtime.cpu.Floats.put;

import java.lang.foreign.MemorySegment;

/// [AdamLoop] in plain Java.
final class PlainAdamLoop implements AdamLoop {
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
        for (long e = from; e < to; e++) {
            float p = get(parameters, e);
            float g = scale * get(gradient, e);
            float mean = Math.fma(beta1, get(m, e), (1.0f - beta1) * g);
            float square = Math.fma(beta2, get(v, e), (1.0f - beta2) * g * g);
            float update = mean * correction1 / ((float) Math.sqrt(square * correction2) + epsilon);
            put(m, e, mean);
            put(v, e, square);
            put(parameters, e, Math.fma(-rate, Math.fma(decay, p, update), p));
        }
    }
}
