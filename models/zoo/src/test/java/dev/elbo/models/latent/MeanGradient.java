package dev.elbo.models.latent;

import dev.elbo.models.latent.Bounds.Estimator;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.random.Purpose;
import java.util.List;

/// A gradient of L_K towards some parameters, averaged over many draws.
///
/// @param mean  of the gradients of all rounds, parameter by parameter
/// @param error of that mean, one standard error
record MeanGradient(double[] mean, double[] error) {
    /// @param model  watched and read
    /// @param x      (n, features), one example again and again: n draws a round
    /// @param names  of the parameters, in order
    static MeanGradient of(
            Parameters<? extends BoundModel> model,
            List<String> names,
            Tensor x,
            int samples,
            Estimator estimator,
            int rounds,
            Memory memory) {
        List<Parameters.Parameter> wanted =
                names.stream().map(name -> parameter(model, name)).toList();
        int size = wanted.stream()
                .mapToInt(each -> Math.toIntExact(each.value().shape().size()))
                .sum();
        double[] sum = new double[size];
        double[] squares = new double[size];
        Clock clock = Clock.of(9, 0, memory);
        try (Step<Tensor> step = Step.record(clock, "gradient", m -> {
            Tape tape = new Tape(m);
            model.watch(tape);
            Ops f = Ops.taped(m, tape);
            Tensor bound = f.mean(
                    Bounds.importanceWeighted(f, model.model(), x, samples, clock.next(Purpose.TRAIN), estimator));
            tape.pullback(bound, 1);
            return bound;
        })) {
            for (int round = 0; round < rounds; round++) {
                step.run();
                int at = 0;
                for (Parameters.Parameter each : wanted) {
                    for (float value : x.device().floats(each.gradient())) {
                        sum[at] += value;
                        squares[at++] += (double) value * value;
                    }
                }
            }
        }
        double[] error = new double[size];
        for (int i = 0; i < size; i++) {
            sum[i] /= rounds;
            error[i] = Math.sqrt(Math.max(0, squares[i] / rounds - sum[i] * sum[i]) / (rounds - 1));
        }
        return new MeanGradient(sum, error);
    }

    static Parameters.Parameter parameter(Parameters<?> model, String name) {
        return model.all().stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(name));
    }
}
