package dev.elbo.runtime;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.elbo.runtime.cpu.RowMath;
import dev.elbo.runtime.cpu.Term;
import dev.elbo.runtime.ops.Fill;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Moves parameters along their gradients, in place, and decides on the device whether to.
///
/// ```
/// norm  = √ Σ g²                                   over all parameters, in f64
/// scale = maxNorm / norm where norm > maxNorm, else 1
/// apply unless norm or loss is not finite, by the policy; then t = t + 1 and p by the rule
/// ```
///
/// Parameters, gradients and moments are one range each, so an update is one launch. One before it decides, looks
/// the learning rate up, adds up losses and, if the update is the step's last, ends the step; where the norm is
/// wanted, one more begins it. The count t of applied updates is the optimizer's own: an update left out moves the
/// noise of the run but not Adam's t.
public final class Optimizer {
    /// Words of the control: updates applied so far.
    static final int UPDATES = 0;

    /// Whether this step's update is applied.
    static final int APPLY = 1;

    /// f32: sum of the losses since the host last took it.
    static final int LOSS_SUM = 2;

    /// Updates left out so far.
    static final int SKIPPED = 3;

    /// f32: norm of this step's gradient.
    static final int NORM = 4;

    /// f32: what the gradient is multiplied by.
    static final int SCALE = 5;

    /// f32: 1 / (1 − β₁ᵗ).
    static final int CORRECTION_1 = 6;

    /// f32: 1 / (1 − β₂ᵗ).
    static final int CORRECTION_2 = 7;

    private final Tensor values;
    private final Tensor gradients;
    private final UpdateRule rule;
    private final Scheduled rate;
    private final float maxNorm;
    private final NanPolicy policy;
    private final Clock clock;
    private final List<Tensor> moments = new ArrayList<>();
    private final Tensor partials;
    private final Tensor control;
    private final double[] lanes = new double[16];

    private Optimizer(
            Parameters<?> parameters,
            UpdateRule rule,
            Schedule rate,
            float maxNorm,
            NanPolicy policy,
            Clock clock,
            Memory memory) {
        this.values = parameters.values();
        this.gradients = parameters.gradients();
        this.rule = rule;
        this.rate = Scheduled.of(rate, memory);
        this.maxNorm = maxNorm;
        this.policy = policy;
        this.clock = clock;
        for (int k = 0; k < rule.moments(); k++) {
            Tensor moment = memory.empty(values.shape());
            Fill.bind(moment, rule.initial(k));
            moments.add(moment);
        }
        this.partials = memory.empty(Shape.of(segments()), DType.F64);
        this.control = memory.ints(Shape.of(8), new int[8]);
    }

    /// An optimizer of all parameters of a model.
    ///
    /// @param rate   of learning
    /// @param clock  what the rate follows
    /// @param memory where moments and control live, as long as the optimizer is used
    public static Optimizer of(Parameters<?> parameters, UpdateRule rule, Schedule rate, Clock clock, Memory memory) {
        return new Optimizer(parameters, rule, rate, 0, NanPolicy.IGNORE, clock, memory);
    }

    /// The same, clipped and guarded.
    ///
    /// @param maxNorm of the whole gradient; 0 for no clipping
    /// @param policy  when norm or loss is not finite; what freezes stops the clock and all its optimizers, so that
    ///                a run can go on where it froze
    public static Optimizer of(
            Parameters<?> parameters,
            UpdateRule rule,
            Schedule rate,
            float maxNorm,
            NanPolicy policy,
            Clock clock,
            Memory memory) {
        return new Optimizer(parameters, rule, rate, maxNorm, policy, clock, memory);
    }

    /// Binds one update. The gradients are those a tape left in [Parameters#gradients()].
    ///
    /// @param loss size 1, added to the sum of losses and looked at by the policy
    public void update(Tensor loss) {
        clock.checkGoing("update");
        bind(loss, false);
    }

    /// The same, and the end of the step, which then needs no launch of its own: until [Clock#tick] nothing may
    /// be drawn, scheduled or updated.
    ///
    /// @param loss size 1
    public void updateLast(Tensor loss) {
        clock.end();
        bind(loss, true);
    }

    private void bind(Tensor loss, boolean last) {
        switch (values.device()) {
            case CpuDevice cpu -> {
                decide(cpu, loss, last);
                CpuDevice.Block some = (from, to) -> {
                    if (word(APPLY) != 0) {
                        apply(cpu, rate.value().data().get(JAVA_FLOAT, 0), from, to);
                    }
                };
                cpu.bind(rule.getClass().getSimpleName(), values.shape().size(), 4, some);
            }
            case CudaDevice cuda -> {
                decide(cuda, loss, last);
                apply(cuda);
            }
        }
    }

    /// Binds what makes the latest update's leaving out whole: where it was not applied, a state that moves beside the
    /// parameters, as running moments do, is again what it was.
    ///
    /// @param state  any shape, f32, overwritten where the update was left out
    /// @param before shape of `state`, a copy from before the step touched it
    public void withdraw(Tensor state, Tensor before) {
        if (!before.shape().equals(state.shape())) {
            throw new IllegalArgumentException(
                    "withdraw: not of one shape; state=" + state.shape() + ", before=" + before.shape());
        }
        long n = state.shape().size();
        switch (values.device()) {
            case CpuDevice cpu ->
                cpu.bind("withdraw", 1, n, (_, _) -> {
                    if (word(APPLY) == 0) {
                        state.data().copyFrom(before.data());
                    }
                });
            case CudaDevice cuda ->
                cuda.kernel("withdraw_f32").args(state, before, control, n).bind("withdraw");
        }
    }

    /// How many updates were applied. Waits for the device.
    public long updates() {
        return Integer.toUnsignedLong(values.device().ints(control)[UPDATES]);
    }

    /// How many updates were left out. Waits for the device.
    public long skipped() {
        return Integer.toUnsignedLong(values.device().ints(control)[SKIPPED]);
    }

    /// Whether updates have stopped because a gradient or a loss was not finite, here or in another optimizer of the
    /// same clock. Waits for the device.
    public boolean frozen() {
        return values.device().ints(clock.frozen())[0] != 0;
    }

    /// Lets a frozen optimizer go on, with its clock and all that froze with it.
    public void thaw() {
        values.device().write(new int[] {0}, clock.frozen());
    }

    /// Sum of the losses since the last call. Waits for the device.
    public float takeLossSum() {
        float sum = Float.intBitsToFloat(values.device().ints(control)[LOSS_SUM]);
        values.device().write(new int[] {0}, control.part(LOSS_SUM, Shape.of(1)));
        return sum;
    }

    /// Norm of the latest gradient, before clipping. Waits for the device.
    public float norm() {
        return Float.intBitsToFloat(values.device().ints(control)[NORM]);
    }

    /// What it remembers, each shaped as [Parameters#values()]: to be saved with a run.
    public List<Tensor> moments() {
        return List.copyOf(moments);
    }

    /// Its counts and decisions, (8) i32: to be saved with a run.
    public Tensor control() {
        return control;
    }

    private int segments() {
        return Math.toIntExact(Math.ceilDiv(values.shape().size(), RowMath.SEGMENT));
    }

    private boolean needsNorm() {
        return maxNorm > 0 || policy != NanPolicy.IGNORE;
    }

    private void decide(CudaDevice cuda, Tensor loss, boolean last) {
        int segments = segments();
        boolean norm = needsNorm();
        if (norm) {
            cuda.kernel("sum_segments_f32")
                    .args(gradients, partials, gradients.shape().size(), Term.SQUARE.ordinal())
                    .bind("norm");
        }
        float beta1 = rule instanceof UpdateRule.Adam adam ? adam.beta1() : 0;
        float beta2 = rule instanceof UpdateRule.Adam adam ? adam.beta2() : 0;
        cuda.kernel("control_f32")
                .args(norm ? partials : null, loss, control, clock.frozen(), clock.words(), rate.table(), rate.value())
                .args(norm ? segments : 0, rate.length(), rate.interval())
                .args(maxNorm, beta1, beta2, policy.ordinal(), last)
                .bind("control");
    }

    private void apply(CudaDevice cuda) {
        long n = values.shape().size();
        KernelCall kernel = switch (rule) {
            case UpdateRule.Sgd sgd ->
                cuda.kernel("sgd_f32")
                        .args(values, gradients, momentOrNull(0), rate.value(), control, n)
                        .args(sgd.momentum(), sgd.nesterov(), sgd.weightDecay());
            case UpdateRule.RmsProp rms ->
                cuda.kernel("rmsprop_f32")
                        .args(values, gradients, momentOrNull(0), momentOrNull(1), rate.value(), control, n)
                        .args(rms.decay(), rms.epsilon(), rms.momentum(), rms.weightDecay());
            case UpdateRule.Adam adam ->
                cuda.kernel("adam_f32")
                        .args(values, gradients, momentOrNull(0), momentOrNull(1), rate.value(), control, n)
                        .args(
                                adam.beta1(),
                                adam.beta2(),
                                adam.epsilon(),
                                adam.root().ordinal())
                        .args(adam.weightDecay(), adam.decoupled());
        };
        kernel.bind(rule.getClass().getSimpleName());
    }

    private Tensor momentOrNull(int k) {
        return k < moments.size() ? moments.get(k) : null;
    }

    private void decide(CpuDevice cpu, Tensor loss, boolean last) {
        int segments = segments();
        boolean norm = needsNorm();
        if (norm) {
            CpuDevice.Block some = (from, to) -> cpu.math()
                    .sumSegments(
                            Term.SQUARE,
                            gradients.data(),
                            partials.data(),
                            from,
                            to,
                            gradients.shape().size());
            cpu.bind("norm", segments, RowMath.SEGMENT, some);
        }
        cpu.bind("control", 1, segments, (_, _) -> {
            double squares = norm ? Decision.sum(partials.data(), segments, lanes) : 0;
            decide(squares, loss.data().get(JAVA_FLOAT, 0));
            rate.value().data().set(JAVA_FLOAT, 0, rate.now(clock));
            if (last) {
                clock.raise();
            }
        });
    }

    private void decide(double squares, float loss) {
        float norm = (float) Math.sqrt(squares);
        boolean finite = squares < Double.POSITIVE_INFINITY && Math.abs(loss) < Float.POSITIVE_INFINITY;
        if (!finite && policy == NanPolicy.FREEZE) {
            clock.frozen().data().set(JAVA_INT, 0, 1);
        }
        boolean still = clock.frozen().data().get(JAVA_INT, 0) != 0;
        boolean apply = !still && (finite || policy == NanPolicy.IGNORE);
        int t = word(UPDATES) + (apply ? 1 : 0);
        set(UPDATES, t);
        set(APPLY, apply ? 1 : 0);
        set(SKIPPED, word(SKIPPED) + (!apply && !still ? 1 : 0));
        set(LOSS_SUM, number(LOSS_SUM) + loss);
        set(NORM, norm);
        set(SCALE, maxNorm > 0 && norm > maxNorm ? maxNorm / norm : 1);
        if (rule instanceof UpdateRule.Adam adam) {
            set(CORRECTION_1, (float) (1 / (1 - Decision.power(adam.beta1(), t))));
            set(CORRECTION_2, (float) (1 / (1 - Decision.power(adam.beta2(), t))));
        }
    }

    private void apply(CpuDevice cpu, float rate, long from, long to) {
        MemorySegment p = values.data();
        MemorySegment g = gradients.data();
        float scale = number(SCALE);
        switch (rule) {
            case UpdateRule.Sgd sgd ->
                cpu.math()
                        .sgd(p, g, moment(0), from, to, scale, rate, sgd.momentum(), sgd.nesterov(), sgd.weightDecay());
            case UpdateRule.RmsProp rms ->
                cpu.math()
                        .rmsProp(
                                p,
                                g,
                                moment(0),
                                moment(1),
                                from,
                                to,
                                scale,
                                rate,
                                rms.decay(),
                                rms.epsilon(),
                                rms.momentum(),
                                rms.weightDecay());
            case UpdateRule.Adam adam -> {
                float c1 = number(CORRECTION_1);
                float c2 = number(CORRECTION_2);
                if (adam.root() == UpdateRule.Adam.Root.UNCORRECTED) {
                    c1 = c1 / (float) Math.sqrt(c2);
                    c2 = 1;
                }
                cpu.math()
                        .adam(
                                p,
                                g,
                                moment(0),
                                moment(1),
                                from,
                                to,
                                scale,
                                rate,
                                adam.beta1(),
                                adam.beta2(),
                                c1,
                                c2,
                                adam.epsilon(),
                                adam.root() == UpdateRule.Adam.Root.INSIDE,
                                adam.weightDecay(),
                                adam.decoupled());
            }
        }
    }

    private MemorySegment moment(int k) {
        return k < moments.size() ? moments.get(k).data() : null;
    }

    private int word(int at) {
        return control.data().getAtIndex(JAVA_INT, at);
    }

    private float number(int at) {
        return control.data().getAtIndex(JAVA_FLOAT, at);
    }

    private void set(int at, int word) {
        control.data().setAtIndex(JAVA_INT, at, word);
    }

    private void set(int at, float number) {
        control.data().setAtIndex(JAVA_FLOAT, at, number);
    }
}
