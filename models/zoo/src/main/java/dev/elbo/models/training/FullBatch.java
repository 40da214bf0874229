package dev.elbo.models.training;

import dev.elbo.runtime.Checkpoint;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Fill;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// Training by L-BFGS on all data at once, for objectives without noise.
///
/// ```
/// f(θ) = Σ_batches Σ_q loss[q] + ½ decay ‖θ‖²          the sums in f64, on the host
/// ```
///
/// Each batch is a step that is recorded once; the parameters are moved on the host. What L-BFGS remembers of earlier
/// steps is not saved: a resumed run goes on from the same parameters and finds its way anew.
///
/// @param <M> the model
public final class FullBatch<M> implements Training {
    /// What training makes small.
    ///
    /// @param <M> the model
    /// @param <B> a part of the data
    @FunctionalInterface
    public interface Objective<M, B> {
        /// @return (n), the loss of each example
        Tensor losses(Ops f, M model, B batch);
    }

    private final Parameters<M> parameters;
    private final Lbfgs search;
    private final double decay;
    private final long examples;
    private final List<Step<Tensor>> batches = new ArrayList<>();
    private long done;
    private boolean begun;

    /// A run that has not begun. Every batch is run once, to be recorded.
    ///
    /// @param parameters borrowed; changed by training
    /// @param data       all of it, in parts that fit into memory
    /// @param decay      weight of ½ ‖θ‖², at least 0
    public <B> FullBatch(
            Parameters<M> parameters, List<B> data, Objective<M, B> objective, double decay, Lbfgs search) {
        this.parameters = parameters;
        this.search = search;
        this.decay = decay;
        Fill.bind(parameters.gradients(), 0);
        try {
            data.forEach(batch -> batches.add(step(batch, objective)));
        } catch (Throwable t) {
            try (FullBatch<M> _ = this) {
                throw t;
            }
        }
        this.examples =
                batches.stream().mapToLong(step -> step.result().shape().size()).sum();
    }

    private <B> Step<Tensor> step(B batch, Objective<M, B> objective) {
        return Step.record(device(), "batch " + batches.size(), memory -> {
            Tape tape = new Tape(memory);
            parameters.all().forEach(parameter -> tape.accumulate(parameter.value(), parameter.gradient()));
            Ops f = Ops.taped(memory, tape);
            Tensor losses = objective.losses(f, parameters.model(), batch);
            tape.pullback(f.sum(losses), 1);
            return losses;
        });
    }

    /// @throws TrainingStoppedException when loss or gradient has no value where the search begins
    @Override
    public long run(Trainer.Watcher watcher) {
        long began = System.nanoTime();
        long from = done;
        int left = Math.toIntExact(search.iterations() - done);
        if (left < 1) {
            return done;
        }
        double[] x = doubles(parameters.values());
        begun = false;
        new Lbfgs(search.memory(), left, search.tolerance()).minimise(this::at, x, (iteration, value) -> {
            done = from + iteration;
            double seconds = (System.nanoTime() - began) * 1e-9;
            write(x);
            return watcher.goOn(new Trainer.Progress(
                    done, search.iterations(), done, value / examples, 0, seconds, iteration / seconds));
        });
        write(x);
        return done;
    }

    private double at(double[] x, double[] g) {
        write(x);
        Fill.bind(parameters.gradients(), 0);
        double value = 0;
        for (Step<Tensor> batch : batches) {
            batch.run();
            for (float loss : device().floats(batch.result())) {
                value += loss;
            }
        }
        float[] gradient = device().floats(parameters.gradients());
        for (int i = 0; i < g.length; i++) {
            g[i] = gradient[i] + decay * x[i];
            value += 0.5 * decay * x[i] * x[i];
        }
        // Later, where there is no value, the search goes back.
        if (!begun && !(Double.isFinite(value) && Arrays.stream(g).allMatch(Double::isFinite))) {
            throw new TrainingStoppedException(done, "loss or gradient is no number; loss=" + value / examples);
        }
        begun = true;
        return value;
    }

    private void write(double[] x) {
        float[] values = new float[x.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) x[i];
        }
        device().write(values, parameters.values());
    }

    private double[] doubles(Tensor from) {
        float[] values = device().floats(from);
        double[] x = new double[values.length];
        for (int i = 0; i < x.length; i++) {
            x[i] = values[i];
        }
        return x;
    }

    @Override
    public long steps() {
        return done;
    }

    @Override
    public Map<String, Tensor> state() {
        return Trainer.modelState(parameters);
    }

    @Override
    public void restore(Checkpoint checkpoint) {
        checkpoint.restore(state());
        done = Long.parseLong(checkpoint.facts().getOrDefault("step", "0"));
    }

    /// What L-BFGS remembers of earlier steps is not saved.
    @Override
    public boolean resumesExactly() {
        return false;
    }

    @Override
    public void close() {
        Step.closeAll(batches);
    }

    private Device device() {
        return parameters.values().device();
    }
}
