package dev.elbo.models.latent;

import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Assign;
import dev.elbo.runtime.random.Purpose;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;

/// log p(x) of a [BoundModel] over a data set, by importance sampling from its own encoder, in bounded
/// memory.
///
/// ```
/// log p(x) ≈ log (1/K) Σ_k w_k                     too low on average, less so with more samples
/// ESS(x)   = (Σ_k w_k)² / Σ_k w_k²                 1 to K
/// ```
///
/// Samples come in rounds, drawn from counters, and are summed in f64: K may be as large as patience allows.
/// The mean over examples is an estimate of the bound L_K, without bias.
///
/// @param mean      of log p(x) over the examples, nats
/// @param error     of that mean over examples, one standard error, nats
/// @param effective median effective sample size
/// @param collapsed share of examples whose effective sample size is below 2: their estimate hangs on one sample
/// @param samples   K
public record Evidence(double mean, double error, double effective, double collapsed, int samples) {
    private static final int EXAMPLES_AT_ONCE = 100;
    private static final int SAMPLES_AT_ONCE = 50;
    private static final double TOO_MANY_COLLAPSED = 0.5;

    /// Why the number should not be quoted; empty when it may.
    public String doubt() {
        return doubt(collapsed);
    }

    /// Why a number of which this share of examples collapsed should not be quoted; empty when it may.
    public static String doubt(double collapsed) {
        return collapsed > TOO_MANY_COLLAPSED
                ? "for %.0f %% of the examples one sample carries the weight; take more samples"
                        .formatted(100 * collapsed)
                : "";
    }

    /// Estimates log p(x) of every row.
    ///
    /// @param x       (n, features), on the model's device
    /// @param samples K, at least 1; rounded up to whole rounds of 50 beyond 50
    /// @param seed    of all draws
    public static Evidence of(BoundModel model, Tensor x, int samples, long seed) {
        int whole = samples <= SAMPLES_AT_ONCE ? samples : Math.ceilDiv(samples, SAMPLES_AT_ONCE) * SAMPLES_AT_ONCE;
        return of(model, x, List.of(whole), seed).getFirst();
    }

    /// The same for several K in one pass: L_K is of the first K of the samples that the largest K takes.
    ///
    /// @param x       (n, features), on the model's device
    /// @param samples K₁ < K₂ < …, at least 1
    /// @param seed    of all draws
    /// @return one for each K
    public static List<Evidence> of(BoundModel model, Tensor x, List<Integer> samples, long seed) {
        for (int i = 0; i < samples.size(); i++) {
            if (samples.get(i) < (i == 0 ? 1 : samples.get(i - 1) + 1)) {
                throw new IllegalArgumentException("Evidence: numbers of samples rise from 1; samples=" + samples);
            }
        }
        if (samples.isEmpty() || x.shape().rows() < 1) {
            throw new IllegalArgumentException(
                    "Evidence: nothing to estimate; samples=" + samples + ", x=" + x.shape());
        }
        int n = x.shape().rows();
        List<Estimates> estimates =
                samples.stream().map(k -> new Estimates(k, n)).toList();
        try (Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(x.device(), "evidence", owner);
            int full = n - n % EXAMPLES_AT_ONCE;
            if (full > 0) {
                new Rounds(model, memory, EXAMPLES_AT_ONCE, estimates, seed).over(x, 0, full);
            }
            if (full < n) {
                new Rounds(model, memory, n - full, estimates, seed).over(x, full, n);
            }
        }
        return estimates.stream().map(Estimates::summary).toList();
    }

    /// What is known of each example with K samples.
    private record Estimates(int samples, double[] logP, double[] effective) {
        Estimates(int samples, int n) {
            this(samples, new double[n], new double[n]);
        }

        Evidence summary() {
            return Evidence.summary(logP, effective, samples);
        }
    }

    private static Evidence summary(double[] logP, double[] effective, int samples) {
        int n = logP.length;
        double mean = Arrays.stream(logP).average().orElseThrow();
        double squares = Arrays.stream(logP)
                .map(value -> (value - mean) * (value - mean))
                .sum();
        double error = n > 1 ? Math.sqrt(squares / (n - 1) / n) : Double.NaN;
        double[] sorted = Arrays.stream(effective).sorted().toArray();
        double collapsed = samples == 1
                ? 0
                : Arrays.stream(effective).filter(size -> size < 2).count() / (double) n;
        return new Evidence(mean, error, sorted[n / 2], collapsed, samples);
    }

    /// One recorded round of samples for a batch of fixed size.
    private static final class Rounds {
        private final BoundModel model;
        private final Device device;
        private final Tensor input;
        private final Clock clock;
        private final List<Estimates> estimates;
        private final int most;
        private final int each;
        private final long seed;

        Rounds(BoundModel model, Memory memory, int size, List<Estimates> estimates, long seed) {
            this.model = model;
            this.device = memory.device();
            this.input = memory.empty(Shape.of(size, model.features()));
            this.clock = Clock.of(seed, 0, memory);
            this.estimates = estimates;
            this.most = estimates.getLast().samples;
            this.each = Math.min(most, SAMPLES_AT_ONCE);
            this.seed = seed;
        }

        void over(Tensor x, int from, int to) {
            int size = input.shape().rows();
            int rounds = Math.ceilDiv(most, each);
            Assign.bind(x.rows(from, from + size), input);
            try (Step<Tensor> round = Step.record(device, "evidence", memory -> {
                Tensor logWeights = model.logWeights(Ops.plain(memory), input, each, clock.next(Purpose.EVALUATE));
                clock.tick();
                return logWeights;
            })) {
                for (int at = from; at < to; at += size) {
                    Assign.bind(x.rows(at, at + size), input);
                    // No two batches share a step of the clock.
                    clock.set(seed, (long) at * rounds);
                    WeightSums sums = new WeightSums(size);
                    for (int i = 0; i < rounds; i++) {
                        round.run();
                        note(sums, device.floats(round.result()), i * each, at);
                    }
                }
            }
        }

        /// Adds a round's weights, and stops on the way wherever somebody asked for just so many samples.
        private void note(WeightSums sums, float[] logWeights, int before, int at) {
            int added = 0;
            for (Estimates wanted : estimates) {
                int until = wanted.samples - before;
                if (until > added && until <= each) {
                    sums.add(logWeights, each, added, until);
                    sums.into(wanted, at);
                    added = until;
                }
            }
            sums.add(logWeights, each, added, each);
        }
    }

    /// Running Σ w and Σ w² of each example, relative to the largest weight so far.
    private static final class WeightSums {
        private final double[] highest;
        private final double[] sums;
        private final double[] squares;

        WeightSums(int size) {
            highest = new double[size];
            Arrays.fill(highest, Double.NEGATIVE_INFINITY);
            sums = new double[size];
            squares = new double[size];
        }

        /// Adds the weights `from` … `to − 1` of each example.
        void add(float[] logWeights, int each, int from, int to) {
            for (int i = 0; i < highest.length; i++) {
                for (int k = from; k < to; k++) {
                    double logWeight = logWeights[i * each + k];
                    if (logWeight > highest[i]) {
                        double shrink = Math.exp(highest[i] - logWeight);
                        sums[i] *= shrink;
                        squares[i] *= shrink * shrink;
                        highest[i] = logWeight;
                    }
                    double weight = Math.exp(logWeight - highest[i]);
                    sums[i] += weight;
                    squares[i] += weight * weight;
                }
            }
        }

        void into(Estimates estimates, int at) {
            for (int i = 0; i < highest.length; i++) {
                estimates.logP[at + i] = highest[i] + Math.log(sums[i] / estimates.samples);
                estimates.effective[at + i] = sums[i] * sums[i] / squares[i];
            }
        }
    }
}
