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
/// Parameters, gradients and moments are one range each, so an update is one launch, with two before it that decide.
/// The count t of applied updates is the optimizer's own: an update left out moves the noise of the run but not
/// Adam's t.
public final class Optimizer {
    /// Words of the control: updates applied so far.
    static final int UPDATES = 0;

    /// Whether this step's update is applied.
    static final int APPLY = 1;

    /// Whether nothing is, until the host clears it; unused by an optimizer that stops a clock, which has this word.
    static final int FROZEN = 2;

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
    private final float maxNorm;
    private final NanPolicy policy;
    private final List<Tensor> moments = new ArrayList<>();
    private final Tensor partials;
    private final Tensor control;
    private Tensor frozen;
    private final double[] lanes = new double[16];

    private Optimizer(Parameters<?> parameters, UpdateRule rule, float maxNorm, NanPolicy policy, Memory memory) {
        this.values = parameters.values();
        this.gradients = parameters.gradients();
        this.rule = rule;
        this.maxNorm = maxNorm;
        this.policy = policy;
        for (int k = 0; k < rule.moments(); k++) {
            Tensor moment = memory.empty(values.shape());
            Fill.bind(moment, rule.initial(k));
            moments.add(moment);
        }
        this.partials = memory.empty(Shape.of(segments()), DType.F64);
        this.control = memory.ints(Shape.of(8), new int[8]);
        this.frozen = control.part(FROZEN, Shape.of(1));
    }

    /// An optimizer of all parameters of a model.
    ///
    /// @param memory where moments and control live, as long as the optimizer is used
    public static Optimizer of(Parameters<?> parameters, UpdateRule rule, Memory memory) {
        return new Optimizer(parameters, rule, 0, NanPolicy.IGNORE, memory);
    }

    /// The same, clipped and guarded.
    ///
    /// @param maxNorm of the whole gradient; 0 for no clipping
    /// @param policy  when norm or loss is not finite
    public static Optimizer of(
            Parameters<?> parameters, UpdateRule rule, float maxNorm, NanPolicy policy, Memory memory) {
        return new Optimizer(parameters, rule, maxNorm, policy, memory);
    }

    /// Binds one update. The gradients are those a tape left in [Parameters#gradients()].
    ///
    /// @param rate size 1, the learning rate of this step
    /// @param loss size 1, looked at by the policy alone
    public void update(Tensor rate, Tensor loss) {
        switch (values.device()) {
            case CpuDevice cpu -> {
                decide(cpu, loss);
                CpuDevice.Block some = (from, to) -> {
                    if (word(APPLY) != 0) {
                        apply(cpu, rate.data().get(JAVA_FLOAT, 0), from, to);
                    }
                };
                cpu.bind(rule.getClass().getSimpleName(), values.shape().size(), 4, some);
            }
            case CudaDevice cuda -> {
                decide(cuda, loss);
                apply(cuda, rate);
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

    /// Stops `clock` while this optimizer is frozen, so that a run can go on where it froze. Several optimizers may
    /// stop one clock: the first that meets a number that is not finite freezes them all. Call it before the first
    /// update.
    public void stops(Clock clock) {
        frozen = clock.frozen();
    }

    /// How many updates were applied. Waits for the device.
    public long updates() {
        return Integer.toUnsignedLong(values.device().ints(control)[UPDATES]);
    }

    /// How many updates were left out. Waits for the device.
    public long skipped() {
        return Integer.toUnsignedLong(values.device().ints(control)[SKIPPED]);
    }

    /// Whether updates have stopped because a gradient or a loss was not finite, here or in another optimizer that
    /// stops the same clock. Waits for the device.
    public boolean frozen() {
        return values.device().ints(frozen)[0] != 0;
    }

    /// Lets a frozen optimizer go on, with its clock and all that froze with it.
    public void thaw() {
        values.device().write(new int[] {0}, frozen);
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

    private void decide(CudaDevice cuda, Tensor loss) {
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
                .args(norm ? partials : null, loss, control, frozen, norm ? segments : 0)
                .args(maxNorm, beta1, beta2, policy.ordinal())
                .bind("control");
    }

    private void apply(CudaDevice cuda, Tensor rate) {
        long n = values.shape().size();
        KernelCall kernel = switch (rule) {
            case UpdateRule.Sgd sgd ->
                cuda.kernel("sgd_f32")
                        .args(values, gradients, momentOrNull(0), rate, control, n)
                        .args(sgd.momentum(), sgd.nesterov(), sgd.weightDecay());
            case UpdateRule.RmsProp rms ->
                cuda.kernel("rmsprop_f32")
                        .args(values, gradients, momentOrNull(0), momentOrNull(1), rate, control, n)
                        .args(rms.decay(), rms.epsilon(), rms.momentum(), rms.weightDecay());
            case UpdateRule.Adam adam ->
                cuda.kernel("adam_f32")
                        .args(values, gradients, momentOrNull(0), momentOrNull(1), rate, control, n)
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

    private void decide(CpuDevice cpu, Tensor loss) {
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
        });
    }

    private void decide(double squares, float loss) {
        float norm = (float) Math.sqrt(squares);
        boolean finite = squares < Double.POSITIVE_INFINITY && Math.abs(loss) < Float.POSITIVE_INFINITY;
        if (!finite && policy == NanPolicy.FREEZE) {
            frozen.data().set(JAVA_INT, 0, 1);
        }
        boolean still = frozen.data().get(JAVA_INT, 0) != 0;
        boolean apply = !still && (finite || policy == NanPolicy.IGNORE);
        int t = word(UPDATES) + (apply ? 1 : 0);
        set(UPDATES, t);
        set(APPLY, apply ? 1 : 0);
        set(SKIPPED, word(SKIPPED) + (!apply && !still ? 1 : 0));
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
