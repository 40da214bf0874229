package dev.elbo.bench.trust;

import dev.elbo.models.training.Training;
import dev.elbo.models.training.TrainingStoppedException;
import dev.elbo.runtime.DType;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Tensor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;

/// Trainings among numbers that they should not meet: whatever they do, they may not go on in silence with
/// numbers that are not finite.
public final class SoakCampaign {
    /// What came of it.
    ///
    /// @param runs     trainings begun
    /// @param finite   ended, with a loss and a state that are finite all through
    /// @param stopped  ended with one message that says what was not finite, parameters still finite
    /// @param problems neither of both, in words
    public record Outcome(SmallRun run, int runs, int finite, int stopped, List<String> problems) {}

    private static final int EPOCHS = 4;
    private static final double RATE = 0.01;
    private static final List<Double> RATES = List.of(1e-30, 1.0, 1e3, 1e10, 1e30);
    private static final Map<String, DoubleUnaryOperator> DATA = Map.of(
            "zeros", _ -> 0,
            "ones", _ -> 1,
            "subnormal", x -> 1e-40 * x,
            "1e5", x -> 1e5 * (x - 0.5),
            "1e18", x -> 1e18 * (x - 0.5),
            "1e30", x -> 1e30 * (x - 0.5),
            "infinite", x -> x > 0.9 ? Double.POSITIVE_INFINITY : x,
            "NaN", x -> x > 0.9 ? Double.NaN : x);
    private static final List<Double> SCALES = List.of(0.0, 1e2, -1e4, 1e10, 1e30);

    private final SmallRun run;
    private final Device device;
    private final List<String> problems = new ArrayList<>();
    private int runs;
    private int finite;
    private int stopped;

    /// @param device of the trainings
    public SoakCampaign(SmallRun run, Device device) {
        this.run = run;
        this.device = device;
    }

    /// Trains with each rate, on each kind of data, and from parameters of each scale; biases, which say the
    /// log-variances, are among these.
    public Outcome run() {
        RATES.forEach(rate -> train("rate " + rate, rate, x -> x, 1));
        DATA.forEach((name, data) -> train("data " + name, RATE, data, 1));
        SCALES.forEach(scale -> train("parameters times " + scale, RATE, x -> x, scale));
        return new Outcome(run, runs, finite, stopped, List.copyOf(problems));
    }

    private void train(String what, double rate, DoubleUnaryOperator data, double scale) {
        runs++;
        String where = run + ", " + what + " on " + device + ": ";
        try (Arena owner = Arena.ofShared();
                Training training = run.training(device, EPOCHS, rate, data, owner)) {
            magnify(training.state(), scale);
            boolean sound = firstNotFinite(training.state()).isEmpty(); // a mean of the data may be in the first biases
            List<Double> losses = new ArrayList<>();
            boolean ended = true;
            try {
                training.run(progress -> losses.add(progress.loss()));
            } catch (TrainingStoppedException e) {
                ended = false;
                if (e.getMessage().lines().count() != 1) {
                    problems.add(where + "a message of several lines: " + e.getMessage());
                }
            }
            String bad = firstNotFinite(training.state());
            if (!bad.isEmpty() && (sound || ended)) {
                problems.add(where + (ended ? "ended in silence" : "stopped") + " with numbers that are none: " + bad);
            } else if (ended && losses.stream().anyMatch(loss -> !Double.isFinite(loss))) {
                problems.add(where + "went on with losses " + losses);
            } else if (ended) {
                finite++;
            } else {
                stopped++;
            }
        } catch (RuntimeException e) {
            problems.add(where + e);
        }
    }

    private void magnify(Map<String, Tensor> state, double scale) {
        if (scale == 1) {
            return;
        }
        state.forEach((name, tensor) -> {
            if (name.startsWith("model.") && tensor.dtype() == DType.F32) {
                float[] values = device.floats(tensor);
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) (scale * (values[i] == 0 ? 1 : values[i]));
                }
                device.write(values, tensor);
            }
        });
    }

    private String firstNotFinite(Map<String, Tensor> state) {
        for (Map.Entry<String, Tensor> each : state.entrySet()) {
            if (each.getValue().dtype() == DType.F32) {
                for (float value : device.floats(each.getValue())) {
                    if (!Float.isFinite(value)) {
                        return each.getKey() + " holds " + value;
                    }
                }
            }
        }
        return "";
    }
}
