package dev.elbo.models.energy;

import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Assign;
import dev.elbo.runtime.ops.Fill;
import dev.elbo.runtime.random.Purpose;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// log Z of an [Rbm] by annealed importance sampling (Neal 2001; Salakhutdinov & Murray 2008), forward from base rates
/// and backward from the model.
///
/// ```
/// log f_β(v) = −(1 − β) energy₀(v) − β energy(v) + Σ_j softplus(β (b + v̂ᵀW)_j)
///              energy₀ is energy with the base rates' bias a₀;  f₀: independent units, f₁ = exp(−F)
/// forward    v ~ f₀;  for each β: log w += log f_β(v) − log f_β'(v), then v by a Gibbs step that keeps f_β
///            Z = Z₀ E[w],  so log Z₀ + log mean w is too low on average
/// backward   v ~ f₁;  the same path down;  1/Z = E[w] / Z₀, so log Z₀ − log mean w is too high on average
/// ```
///
/// An estimate comes with the effective sample size of its weights and an error. There is no number but a
/// reason where a few chains carry all the weight, or where backward is above forward by more than their
/// errors: the forward chains then missed what the model holds likely. Backward below forward is no such
/// sign. E[w] = Z / Z₀ has no bias, so that forward is too high by t nats with a probability of at most
/// exp(−t) (Markov); backward is too low whenever its chains had not reached the model before they were
/// annealed, as those of machines that hardly mix do not.
public final class Annealing {
    /// Backward chains start here: Gibbs steps from the data's base rates, as no exact sample of the model is to be
    /// had.
    private static final int BURN_IN = 1000;

    private static final double LEAST_EFFECTIVE = 5;

    private static final double LEAST_ERROR = 0.1;

    /// What an error of backward's excuses at most, in nats: one of many nats says that its chains know nothing, which
    /// is no excuse for being far above.
    private static final double MOST_EXCUSED = 1;

    private Annealing() {}

    /// What one direction says.
    ///
    /// ```
    /// error² = jackknife² + missed²
    /// jackknife² = (n − 1)/n Σ_i (logZ without chain i − their mean)²
    /// missed = log ((1 + 2 max_i ŵ_i) / (1 + 2/n))                        ŵ_i = w_i / Σ_j w_j
    /// ```
    ///
    /// The heaviest chain stands for states that one chain in n reaches; of such, none or three may come
    /// as well as one. The second term is what two more of it would have changed: 0 where all weights are
    /// alike, as large as the first where few chains carry them. Either alone is too small there.
    ///
    /// @param logZ      nats
    /// @param error     one standard error, nats
    /// @param effective sample size of the weights, 1 to chains
    /// @param each      what each chain alone would say, nats, ascending
    public record Direction(double logZ, double error, double effective, List<Double> each) {
        private static final int MISSED = 2;

        /// What some chains say together.
        ///
        /// @param each    what each chain alone would say, nats
        /// @param forward whether they went up to the model: their mean is one of Z, else of 1/Z
        public static Direction of(double[] each, boolean forward) {
            int sign = forward ? 1 : -1;
            int n = each.length;
            double highest = Arrays.stream(each).map(one -> sign * one).max().orElseThrow();
            double[] weights = Arrays.stream(each)
                    .map(one -> Math.exp(sign * one - highest))
                    .toArray();
            double sum = Arrays.stream(weights).sum();
            double squares =
                    Arrays.stream(weights).map(weight -> weight * weight).sum();
            // The heaviest weight is 1.
            double missed = Math.log((1 + MISSED / sum) / (1 + (double) MISSED / n));
            return new Direction(
                    sign * (highest + Math.log(sum / n)),
                    Math.hypot(jackknife(weights, sum), missed),
                    sum * sum / squares,
                    Arrays.stream(each).sorted().boxed().toList());
        }

        private static double jackknife(double[] weights, double sum) {
            int n = weights.length;
            double[] without = Arrays.stream(weights)
                    .map(weight -> Math.log(Math.max(sum - weight, Double.MIN_NORMAL)))
                    .toArray();
            double mean = Arrays.stream(without).average().orElseThrow();
            double squares = Arrays.stream(without)
                    .map(one -> (one - mean) * (one - mean))
                    .sum();
            return Math.sqrt(squares * (n - 1) / n);
        }
    }

    /// An estimate of log Z, or why there is none.
    ///
    /// @param forward  from base rates up to the model
    /// @param backward from the model down to base rates
    /// @param refused  why neither is to be believed; empty when they are
    public record Estimate(Direction forward, Direction backward, String refused) {
        static Estimate of(Direction forward, Direction backward) {
            return new Estimate(forward, backward, contradiction(forward, backward));
        }

        /// log Z, nats: the forward estimate.
        ///
        /// @throws IllegalStateException with the reason, when the diagnostics contradict it
        public double logZ() {
            if (!refused.isEmpty()) {
                throw new IllegalStateException("log Z: " + refused);
            }
            return forward.logZ;
        }

        private static String contradiction(Direction forward, Direction backward) {
            if (!Double.isFinite(forward.logZ) || !Double.isFinite(backward.logZ)) {
                return "not a number; forward=" + forward.logZ + ", backward=" + backward.logZ;
            }
            if (forward.effective < LEAST_EFFECTIVE) {
                return String.format(
                        Locale.ROOT,
                        "a few chains carry all the weight; effective sample size=%.1f, needed=%.0f; use more betas",
                        forward.effective,
                        LEAST_EFFECTIVE);
            }
            double gap = backward.logZ - forward.logZ;
            double excused = Math.min(MOST_EXCUSED, backward.error);
            double allowed = 3 * Math.max(LEAST_ERROR, Math.hypot(forward.error, excused));
            return gap <= allowed
                    ? ""
                    : String.format(
                            Locale.ROOT,
                            "backward is far above forward; forward=%.2f, backward=%.2f, allowed=%.2f; use more betas",
                            forward.logZ,
                            backward.logZ,
                            forward.logZ + allowed);
        }
    }

    /// Betas from 0 to 1, evenly spaced.
    ///
    /// @param count at least 30
    public static float[] betas(int count) {
        if (count < 30) {
            throw new IllegalArgumentException("Annealing: too few betas; betas=" + count + ", least=30");
        }
        float[] betas = new float[count];
        for (int i = 0; i < count; i++) {
            betas[i] = (float) ((double) i / (count - 1));
        }
        return betas;
    }

    /// The 14,500 betas of Salakhutdinov & Murray (2008): 500 up to ½, 4,000 up to 0.9, 10,000 up to 1.
    public static float[] literature() {
        float[] betas = new float[14_500];
        for (int i = 0; i < betas.length; i++) {
            double beta = i < 500
                    ? 0.5 * i / 500
                    : i < 4500 ? 0.5 + 0.4 * (i - 500) / 4000 : 0.9 + 0.1 * (i - 4500) / (betas.length - 1 - 4500);
            betas[i] = (float) beta;
        }
        return betas;
    }

    /// Base rates that the model itself gives, where there is no data to count: the log odds, or the means, of its
    /// visible units over chains that have forgotten where they began.
    ///
    /// @param chains at least 1
    /// @param seed   of all draws
    /// @return (visible), a₀
    public static float[] ownRates(Rbm rbm, int chains, long seed) {
        Device device = rbm.weights().device();
        try (Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(device, "base rates", owner);
            Ops f = Ops.plain(memory);
            Clock clock = Clock.of(seed, 0, memory);
            Tensor h = f.bernoullis(f.constant(Shape.of(chains, rbm.hidden()), 0.5f), clock.next(Purpose.EVALUATE));
            Tensor v = rbm.drawVisible(f, h, clock.next(Purpose.EVALUATE));
            Gibbs.advance(rbm, v, BURN_IN, clock, Purpose.EVALUATE);
            float[] rates = device.floats(f.meanColumns(seen(f, rbm, v)));
            if (rbm.units() instanceof Visible.Bernoulli) {
                for (int i = 0; i < rates.length; i++) {
                    double p = Math.clamp(rates[i], 0.05, 0.95);
                    rates[i] = (float) Math.log(p / (1 - p));
                }
            }
            return rates;
        }
    }

    /// What the hidden units see of v when it has passed through them once: less noisy than v itself.
    private static Tensor seen(Ops f, Rbm rbm, Tensor v) {
        return rbm.units().seen(f, rbm.visibleGivenHidden(f, rbm.hiddenGivenVisible(f, v)));
    }

    /// Estimates log Z both ways; the backward chains reach the model by Gibbs steps from the base rates.
    ///
    /// @param base   (visible), a₀: log odds of the data's base rates, or zeros for a uniform start;
    ///               of real units, their means in units of σ
    /// @param betas  rising from 0 to 1
    /// @param chains at least 10
    /// @param seed   of all draws
    public static Estimate estimate(Rbm rbm, float[] base, float[] betas, int chains, long seed) {
        return estimate(rbm, base, betas, chains, seed, new float[0]);
    }

    /// The same, with backward chains that reach the model from states that it should find likely.
    ///
    /// @param from (any number of rows, visible), taken in turn: data, or the end of long chains
    public static Estimate estimate(Rbm rbm, float[] base, float[] betas, int chains, long seed, float[] from) {
        if (base.length != rbm.visible() || betas.length < 2 || betas[0] != 0 || betas[betas.length - 1] != 1) {
            throw new IllegalArgumentException("Annealing: betas run from 0 to 1 and base has a number for each visible"
                    + " unit; base=" + base.length + ", visible=" + rbm.visible() + ", betas=" + betas.length);
        }
        if (chains < 10) {
            throw new IllegalArgumentException("Annealing: too few chains to judge them; chains=" + chains);
        }
        if (from.length % rbm.visible() != 0) {
            throw new IllegalArgumentException(
                    "Annealing: no whole rows to start from; values=" + from.length + ", visible=" + rbm.visible());
        }
        Device device = rbm.weights().device();
        try (Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(device, "annealing", owner);
            Path path = new Path(rbm, memory, base, chains, seed);
            try (Step<Tensor> move = path.record()) {
                double logZ0 = path.logZ0();
                path.start();
                Direction forward = Direction.of(path.walk(move, betas, false, logZ0), true);
                if (from.length == 0) {
                    path.start();
                } else {
                    path.startAt(from);
                }
                path.settle(move, BURN_IN);
                Direction backward = Direction.of(path.walk(move, betas, true, logZ0), false);
                return Estimate.of(forward, backward);
            }
        }
    }

    /// The chains, and one recorded move of all of them.
    private static final class Path {
        private final Rbm rbm;
        private final Memory memory;
        private final Device device;
        private final Tensor base;
        private final Tensor chains;
        private final Tensor before;
        private final Tensor after;
        private final Clock clock;
        private final float[] baseValues;

        Path(Rbm rbm, Memory memory, float[] base, int chains, long seed) {
            this.rbm = rbm;
            this.memory = memory;
            this.device = memory.device();
            this.baseValues = base;
            this.base = memory.floats(Shape.of(base.length), base);
            this.chains = memory.empty(Shape.of(chains, rbm.visible()));
            this.before = memory.floats(Shape.of(1), 0);
            this.after = memory.floats(Shape.of(1), 0);
            this.clock = Clock.of(seed, 0, memory);
            Fill.bind(this.chains, 0);
        }

        /// log Z₀: the visible units of f₀ apart, and hidden · log 2.
        double logZ0() {
            double sum = rbm.hidden() * Math.log(2);
            switch (rbm.units()) {
                case Visible.Bernoulli _ -> {
                    for (float odds : baseValues) {
                        sum += Math.max(odds, 0) + Math.log1p(Math.exp(-Math.abs(odds)));
                    }
                }
                case Visible.Gaussian gaussian -> {
                    for (float sigma : device.floats(gaussian.deviation().value())) {
                        sum += 0.5 * Math.log(2 * Math.PI) + Math.log(sigma);
                    }
                }
            }
            return sum;
        }

        /// One move: the change of log f between the two betas, then a Gibbs step that keeps the later one.
        ///
        /// The change is taken term by term: both values of log f are large, their difference is not.
        Step<Tensor> record() {
            return Step.record(clock, "annealing", memory -> {
                Ops f = Ops.plain(memory);
                Visible units = rbm.units();
                Tensor input = rbm.hiddenLogits(f, chains);
                Tensor later = f.times(input, after);
                Tensor hidden = f.minus(f.softplus(later), f.softplus(f.times(input, before)));
                Tensor visible = f.minus(units.energy(f, chains, base), units.energy(f, chains, rbm.visibleBias()));
                Tensor change = f.plus(f.times(visible, f.minus(after, before)), f.sumRows(hidden));
                Tensor h = f.bernoulliLogits(later, clock.next(Purpose.EVALUATE));
                Assign.bind(mixed(f, h, after), chains);
                return change;
            });
        }

        /// v given h under f_β.
        private Tensor mixed(Ops f, Tensor h, Tensor beta) {
            Tensor weights = f.times(rbm.weights(), beta);
            Tensor bias = f.plus(f.times(f.minus(rbm.visibleBias(), base), beta), base);
            return rbm.units().draw(f, h, weights, bias, clock.next(Purpose.EVALUATE));
        }

        /// Exact draws from f₀.
        void start() {
            Ops f = Ops.plain(memory);
            Tensor h = f.constant(Shape.of(chains.shape().rows(), rbm.hidden()), 0);
            Assign.bind(mixed(f, h, f.constant(Shape.of(1), 0)), chains);
            clock.tick();
        }

        void startAt(float[] rows) {
            float[] states = new float[Math.toIntExact(chains.shape().size())];
            for (int i = 0; i < states.length; i++) {
                states[i] = rows[i % rows.length];
            }
            device.write(states, chains);
        }

        /// Gibbs steps at β = 1.
        void settle(Step<Tensor> move, int steps) {
            device.write(new float[] {1}, before);
            device.write(new float[] {1}, after);
            for (int i = 0; i < steps; i++) {
                move.run();
            }
        }

        /// What each chain alone says of log Z, walked along the betas up or down, its log weight summed
        /// in f64.
        double[] walk(Step<Tensor> move, float[] betas, boolean down, double logZ0) {
            double[] logZ = new double[chains.shape().extent(0)];
            Arrays.fill(logZ, logZ0);
            for (int i = 1; i < betas.length; i++) {
                float from = down ? betas[betas.length - i] : betas[i - 1];
                float to = down ? betas[betas.length - i - 1] : betas[i];
                device.write(new float[] {from}, before);
                device.write(new float[] {to}, after);
                move.run();
                float[] change = device.floats(move.result());
                for (int c = 0; c < change.length; c++) {
                    logZ[c] += down ? -change[c] : change[c];
                }
            }
            return logZ;
        }
    }
}
