package dev.elbo.models.sequence;

import dev.elbo.models.training.Trainer;
import dev.elbo.models.training.Training;
import dev.elbo.models.training.TrainingStoppedException;
import dev.elbo.runtime.Checkpoint;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.chain.Inference;
import dev.elbo.runtime.chain.LinearChain;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// Expectation maximisation for a hidden Markov model (Baum et al. 1970).
///
/// ```
/// E   γ_t(s) = p(y_t = s | x),  Ξ(i,j) = Σ_t p(y_t = i, y_{t+1} = j | x)          or counted, where labels are given
///     or both given x and the transcript, where what was said is known, but not when
/// M   π ∝ Σ_q γ_0 + prior,  A[i,:] ∝ Ξ(i,:) + prior,  emissions as [Emitted] says
/// ```
///
/// Without priors log p(x), or the log p(x, y) or log p(x, words) of what is given, never falls. A position that was
/// not observed is summed out: it counts where its state goes, not what it emits. Expectations are found on the
/// device, a step for each batch that is recorded once; they are summed and maximised in f64 on the host. A network
/// between what was recorded and what is observed stays as it is.
public final class BaumWelch implements Training {
    /// What is believed before anything is seen, as counts of what was never seen.
    ///
    /// @param states    of each start and each transition
    /// @param emissions of each symbol, or of a unit covariance
    public record Prior(double states, double emissions) {}

    /// What a batch tells, on the device.
    ///
    /// @param posterior  (n, t, s)
    /// @param pairs      (n, s, s), or (s, s) of all sequences
    /// @param value      (n), log p(x), log p(x, y) or log p(x, words), nats
    /// @param observed   (n, t, d)
    /// @param components of Gaussians, or null
    private record Told(Tensor posterior, Tensor pairs, Tensor value, Tensor observed, Tensor components) {}

    private record Part(Ragged batch, Step<Told> step) {}

    private final Parameters<Hmm> parameters;
    private final Prior prior;
    private final boolean labelled;
    private final int iterations;
    private final List<Part> parts = new ArrayList<>();
    private long done;

    /// A run that has not begun. Every batch is run once, to be recorded.
    ///
    /// @param parameters borrowed; changed by training
    /// @param data       all of it, in parts that fit into memory
    /// @param labelled   whether labels are states that were seen, not hidden
    public BaumWelch(Parameters<Hmm> parameters, List<Ragged> data, Prior prior, boolean labelled, int iterations) {
        this(parameters, prior, labelled, iterations);
        for (Ragged batch : data) {
            add(batch, memory -> expectations(batch, memory));
        }
    }

    /// A run that has not begun, on sequences of which it is known what was said.
    ///
    /// @param parameters  borrowed; changed by training
    /// @param data        all of it, in parts that fit into memory
    /// @param transcripts of each part
    public BaumWelch(
            Parameters<Hmm> parameters, List<Ragged> data, List<Transcripts> transcripts, Prior prior, int iterations) {
        this(parameters, prior, false, iterations);
        for (int i = 0; i < data.size(); i++) {
            Ragged batch = data.get(i);
            Transcripts said = transcripts.get(i);
            add(batch, memory -> expectations(batch, said, memory));
        }
    }

    private BaumWelch(Parameters<Hmm> parameters, Prior prior, boolean labelled, int iterations) {
        this.parameters = parameters;
        this.prior = prior;
        this.labelled = labelled;
        this.iterations = iterations;
    }

    /// Runs the expectations of a batch and keeps them; where that fails, those before are given back.
    private void add(Ragged batch, Function<Memory, Told> expectations) {
        try {
            parts.add(new Part(batch, Step.record(device(), "expectations", expectations)));
        } catch (Throwable t) {
            try (BaumWelch _ = this) {
                throw t;
            }
        }
    }

    private Told expectations(Ragged batch, Memory memory) {
        Ops f = Ops.plain(memory);
        Hmm hmm = parameters.model();
        Inference inference = Inference.of(f, hmm.chain(f, batch));
        Inference.Marginals marginals = inference.marginals();
        Tensor value = labelled
                ? f.plus(
                        marginals.logPartition(),
                        inference.logLikelihood(batch.labels()).value())
                : marginals.logPartition();
        return told(f, batch, marginals.unary(), marginals.transitions(), value);
    }

    /// The expectations given a transcript are the gradients of its likelihood.
    private Told expectations(Ragged batch, Transcripts said, Memory memory) {
        Ops plain = Ops.plain(memory);
        LinearChain chain = parameters.model().chain(plain, batch);
        Tensor posterior = memory.empty(chain.unary().shape());
        Tensor pairs = memory.empty(chain.transitions().shape());
        Tape tape = new Tape(memory);
        tape.watch(chain.unary(), posterior);
        tape.watch(chain.transitions(), pairs);
        Ops f = Ops.taped(memory, tape);
        Tensor value = said.logLikelihood(f, chain);
        tape.pullback(f.sum(value), 1);
        return told(plain, batch, posterior, pairs, value);
    }

    private Told told(Ops f, Ragged batch, Tensor posterior, Tensor pairs, Tensor value) {
        Tensor observed = parameters.model().observed(f, batch);
        Tensor components = parameters.model().emissions() instanceof Emissions.Gaussians gaussians
                ? gaussians.components(f, observed)
                : null;
        return new Told(posterior, pairs, value, observed, components);
    }

    @Override
    public long run(Trainer.Watcher watcher) {
        long began = System.nanoTime();
        long from = done;
        boolean goOn = true;
        int sequences = parts.stream().mapToInt(part -> part.batch.count()).sum();
        while (goOn && done < iterations) {
            double value = iterate();
            done++;
            double seconds = (System.nanoTime() - began) * 1e-9;
            goOn = watcher.goOn(new Trainer.Progress(
                    done, iterations, done, -value / sequences, 0, seconds, (done - from) / seconds));
        }
        return done;
    }

    /// One step; the value before it.
    private double iterate() {
        Hmm hmm = parameters.model();
        int states = hmm.emissions().states();
        double[] start = new double[states];
        double[] transitions = new double[states * states];
        Emitted emitted = Emitted.of(hmm.emissions());
        double value = 0;
        for (Part part : parts) {
            part.step.run();
            value += count(part, start, transitions, emitted);
        }
        if (Double.isNaN(value) || !(Arrays.stream(start).sum() > 0)) {
            throw new TrainingStoppedException(done, "a likelihood is no number, or no sequence is possible");
        }
        List<Emitted.Estimate> estimates = new ArrayList<>(emitted.estimates(prior.emissions, device()));
        estimates.add(shares(start, states, hmm.allowed().start().value(), hmm.start()));
        estimates.add(shares(transitions, states, hmm.allowed().transitions().value(), hmm.transitions()));
        // All or none: the parameters are those before the step that is not taken.
        if (!estimates.stream().allMatch(Emitted.Estimate::sound)) {
            throw new TrainingStoppedException(done, "an estimate of a start, transition or emission is no number");
        }
        estimates.forEach(estimate -> device().write(estimate.values(), estimate.of()));
        return value;
    }

    private double count(Part part, double[] start, double[] transitions, Emitted emitted) {
        Told told = part.step.result();
        Ragged batch = part.batch;
        int states = start.length;
        int[] lengths = device().ints(batch.lengths());
        float[] seen = device().floats(batch.seen());
        float[] posterior = device().floats(told.posterior);
        float[] pairs = device().floats(told.pairs);
        if (labelled) {
            replaceByLabels(device().ints(batch.labels()), lengths, batch.steps(), states, posterior, pairs);
        }
        boolean symbols = told.components == null;
        Emitted.Observations observations = new Emitted.Observations(
                symbols ? device().ints(told.observed) : null,
                symbols ? null : device().floats(told.observed),
                symbols ? null : device().floats(told.components));
        for (int q = 0; q < lengths.length; q++) {
            for (int t = 0; t < lengths[q]; t++) {
                int position = q * batch.steps() + t;
                if (seen[position] != 0) {
                    emitted.add(observations, position, posterior, position * states);
                }
            }
            for (int i = 0; i < states && lengths[q] > 0; i++) {
                start[i] += posterior[q * batch.steps() * states + i];
            }
        }
        for (int e = 0; e < pairs.length; e++) {
            transitions[e % transitions.length] += pairs[e];
        }
        double value = 0;
        for (float each : device().floats(told.value)) {
            value += each;
        }
        return value;
    }

    private static void replaceByLabels(
            int[] labels, int[] lengths, int steps, int states, float[] posterior, float[] pairs) {
        Arrays.fill(posterior, 0);
        Arrays.fill(pairs, 0);
        for (int q = 0; q < lengths.length; q++) {
            for (int t = 0; t < lengths[q]; t++) {
                int at = q * steps + t;
                posterior[at * states + labels[at]] = 1;
                if (t > 0) {
                    pairs[(q * states + labels[at - 1]) * states + labels[at]]++;
                }
            }
        }
    }

    /// The log of each count's share of its row, with the prior's counts of what is allowed; a row without any becomes
    /// uniform.
    private Emitted.Estimate shares(double[] counts, int states, Tensor allowed, Tensor logits) {
        float[] scores = device().floats(allowed);
        float[] logs = new float[counts.length];
        for (int row = 0; row < counts.length; row += states) {
            double total = 0;
            for (int e = row; e < row + states; e++) {
                counts[e] = scores[e] == 0 ? Math.max(0, counts[e]) + prior.states : 0;
                total += counts[e];
            }
            for (int e = row; e < row + states && total > 0; e++) {
                logs[e] = scores[e] == 0 ? (float) Math.log(counts[e] / total) : 0;
            }
        }
        return new Emitted.Estimate(logits, logs);
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

    @Override
    public void close() {
        Step.closeAll(parts.stream().map(Part::step).toList());
    }

    private Device device() {
        return parameters.values().device();
    }
}
