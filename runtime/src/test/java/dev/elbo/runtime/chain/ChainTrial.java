package dev.elbo.runtime.chain;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CpuOptions;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.function.Function;

/// Everything that can be asked of some scores, asked on one device and brought to the host.
record ChainTrial(
        float[] logPartition,
        Form[] served,
        float[] unary,
        float[] transitions,
        float[] entropy,
        int[] paths,
        float[] pathScores,
        int[] samples) {
    static final int PATHS = 3;
    static final int SAMPLES = 2;

    static ChainTrial onCpu(Scores scores, Form form) {
        return onCpu(CpuOptions.best().threads(2), scores, form);
    }

    static ChainTrial onCpu(CpuOptions options, Scores scores, Form form) {
        return on(CpuDevice.open(options), memory -> of(memory, scores, form));
    }

    /// Opens nothing that it does not close.
    static <T> T on(Device opened, Function<Memory, T> body) {
        try (Device device = opened;
                Arena owner = Arena.ofShared()) {
            return body.apply(Memory.of(device, "trial", owner));
        }
    }

    static ChainTrial of(Memory memory, Scores scores, Form form) {
        Device device = memory.device();
        Inference inference = new Inference(Ops.plain(memory), scores.on(memory), form);
        Inference.Marginals marginals = inference.marginals();
        Inference.Paths best = inference.bestPaths(PATHS);
        Draw draw = Draw.of(Noise.of(3, 0, Purpose.SAMPLE, 0), memory);
        return new ChainTrial(
                device.floats(marginals.logPartition()),
                Arrays.stream(device.ints(marginals.served()))
                        .mapToObj(Form::of)
                        .toArray(Form[]::new),
                device.floats(marginals.unary()),
                device.floats(marginals.transitions()),
                device.floats(inference.entropy().value()),
                device.ints(best.paths()),
                device.floats(best.scores()),
                device.ints(inference.samples(SAMPLES, draw)));
    }

    /// A marginal.
    double unary(Scores scores, int q, int t, int i) {
        return unary[(q * scores.steps() + t) * scores.states() + i];
    }

    /// The part of `x` that belongs to sequence q of n.
    static float[] part(float[] x, int q, int n) {
        return Arrays.copyOfRange(x, x.length / n * q, x.length / n * (q + 1));
    }

    static int[] part(int[] x, int q, int n) {
        return Arrays.copyOfRange(x, x.length / n * q, x.length / n * (q + 1));
    }
}
