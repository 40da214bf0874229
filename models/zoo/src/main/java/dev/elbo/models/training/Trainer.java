package dev.elbo.models.training;

import dev.elbo.runtime.Checkpoint;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.NanPolicy;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.StepDump;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.ShuffledBatch;
import dev.elbo.runtime.ops.ShuffledRows;
import dev.elbo.runtime.random.Purpose;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The training loop of stochastic steps, the only one: a step is recorded once and replayed until the plan is done.
///
/// ```
/// batch → objective → gradients → update           all of it on the device, driven by the clock there
/// ```
///
/// The state of a run is its parameters and statistics, the optimizer's moments and counts, and the clock; the order of
/// the data and every draw follow from the clock. So a run that is saved and resumed ends in the same bytes as one that
/// was never interrupted.
///
/// @param <M> the model
public final class Trainer<M> implements Training {
    /// What training makes small.
    ///
    /// @param <M> the model
    @FunctionalInterface
    public interface Objective<M> {
        /// @param x     (batch, features)
        /// @param clock where the draws of the step come from
        /// @return size 1
        Tensor loss(Ops f, M model, Tensor x, Clock clock);
    }

    /// What training makes small, of examples that it fetches itself: for data that is more than rows of numbers.
    ///
    /// @param <M> the model
    @FunctionalInterface
    public interface IndexedObjective<M> {
        /// @param index (batch), i32, which examples
        /// @param clock where the draws of the step come from
        /// @return size 1
        Tensor loss(Ops f, M model, Tensor index, Clock clock);
    }

    /// What one step does, where several train a model and each makes a loss of its own small: who moves when, and by
    /// which loss.
    ///
    /// @param <M> the model
    @FunctionalInterface
    public interface Game<M> {
        /// Moves the players, each as often as it likes.
        ///
        /// @param x       (batch, features)
        /// @param clock   where the draws of the step come from
        /// @param players those that the trainer was given, in that order
        void play(M model, Tensor x, Clock clock, List<Player> players);
    }

    /// Fetches the batch of a step, and has the players move.
    @FunctionalInterface
    private interface Moves {
        void bind(Memory memory, Clock clock, List<Player> players);
    }

    /// Where training is.
    ///
    /// @param step    steps done
    /// @param steps   of the plan
    /// @param epoch   passes over the data done, with a fraction
    /// @param loss    mean since the last report, of all players together
    /// @param losses  of each player by name, where there are several
    /// @param skipped updates left out so far
    /// @param seconds since this process began to train
    /// @param rate    steps a second since the last report: the first ones wait for compilers; where a step passes
    ///                over all data, since this process began
    public record Progress(
            long step,
            long steps,
            double epoch,
            double loss,
            Map<String, Double> losses,
            long skipped,
            double seconds,
            double rate) {
        /// Progress of one who trains alone.
        public Progress(long step, long steps, double epoch, double loss, long skipped, double seconds, double rate) {
            this(step, steps, epoch, loss, Map.of(), skipped, seconds, rate);
        }

        /// Seconds that the rest will take at this rate.
        public double secondsLeft() {
            return (steps - step) / rate;
        }
    }

    /// Told of progress.
    @FunctionalInterface
    public interface Watcher {
        /// @return false to stop here; the run can be resumed
        boolean goOn(Progress progress);

        /// Asked between reports, a few times a second at most: a report may be minutes after the one before. Who
        /// saves here calls [Training#checkGoing] first.
        ///
        /// @param step steps done
        /// @return false to stop here, without a report; the run can be resumed
        default boolean goOnBetween(long step) {
            return true;
        }

        /// Both, this one first. Both are told, whatever the first says; either may stop.
        default Watcher and(Watcher other) {
            Watcher first = this;
            return new Watcher() {
                @Override
                public boolean goOn(Progress progress) {
                    return first.goOn(progress) & other.goOn(progress);
                }

                @Override
                public boolean goOnBetween(long step) {
                    return first.goOnBetween(step) & other.goOnBetween(step);
                }
            };
        }
    }

    private static final String MODEL = "model.";

    /// How long the watcher is left unasked, about.
    private static final double ASKED_SECONDS = 0.3;

    private final Parameters<M> parameters;
    private final int count;
    private final Moves moves;
    private final List<Player> players;
    private final Plan plan;
    private final Arena owner = Arena.ofShared();
    private final Clock clock;
    private Step<List<Player>> step;
    private Optional<Path> dump = Optional.empty();
    private long done;
    private long unasked = 1;

    /// A run that has not begun.
    ///
    /// @param parameters borrowed; changed by training
    /// @param data       (count, features), f32 or u8, borrowed, on the device of the parameters
    public Trainer(Parameters<M> parameters, Tensor data, Objective<M> objective, Plan plan) {
        this(
                parameters,
                data,
                (model, x, clock, players) -> players.getFirst().moveAlone(f -> objective.loss(f, model, x, clock)),
                plan,
                alone(parameters, plan));
    }

    /// A run of several players that has not begun.
    ///
    /// @param parameters of the whole model, borrowed; changed by training
    /// @param data       (count, features), f32 or u8, borrowed, on the device of the parameters
    /// @param game       what a step is
    /// @param plan       all but rule and rate, which are those of the sides
    /// @param sides      a player for each, in this order
    public Trainer(Parameters<M> parameters, Tensor data, Game<M> game, Plan plan, List<Side> sides) {
        this(parameters, data.shape().rows(), plan, sides, (memory, clock, players) -> {
            Draw order = clock.next(Purpose.DATA);
            Tensor x = plan.binarise()
                    ? ShuffledBatch.bits(data, plan.batch(), plan.shuffle(), order, clock.next(Purpose.DATA), memory)
                    : ShuffledBatch.of(data, plan.batch(), plan.shuffle(), order, memory);
            game.play(parameters.model(), x, clock, players);
        });
    }

    /// A run that has not begun, on data of any kind.
    ///
    /// @param parameters borrowed; changed by training
    /// @param count      of examples
    public Trainer(Parameters<M> parameters, int count, IndexedObjective<M> objective, Plan plan) {
        this(parameters, count, plan, alone(parameters, plan), (memory, clock, players) -> {
            Tensor index = ShuffledRows.of(plan.batch(), count, plan.shuffle(), clock.next(Purpose.DATA), memory);
            players.getFirst().moveAlone(f -> objective.loss(f, parameters.model(), index, clock));
        });
    }

    private static List<Side> alone(Parameters<?> parameters, Plan plan) {
        return List.of(new Side("", parameters, plan.rule(), plan.rate()));
    }

    private Trainer(Parameters<M> parameters, int count, Plan plan, List<Side> sides, Moves moves) {
        this.parameters = parameters;
        this.count = count;
        this.moves = moves;
        this.plan = plan;
        try {
            Memory memory = Memory.of(device(), "trainer", owner);
            Clock own = Clock.of(plan.seed(), 0, memory);
            this.clock = own;
            this.players = sides.stream()
                    .map(side -> new Player(side, plan, own, memory))
                    .toList();
        } catch (Throwable t) {
            try (Arena _ = owner) {
                throw t;
            }
        }
    }

    /// The part of a run's state that is the model: what is needed to use it.
    public static Map<String, Tensor> modelState(Parameters<?> parameters) {
        Map<String, Tensor> state = new LinkedHashMap<>();
        parameters.all().forEach(parameter -> state.put(MODEL + parameter.name(), parameter.value()));
        parameters.statistics().forEach((name, value) -> state.put(MODEL + name, value));
        return state;
    }

    /// Overwrites a model by what a run saved of it.
    public static void restoreModel(Parameters<?> parameters, Checkpoint checkpoint) {
        checkpoint.part(MODEL).restore(modelState(parameters));
    }

    /// Everything that a run needs to go on, by name.
    @Override
    public Map<String, Tensor> state() {
        Map<String, Tensor> state = new LinkedHashMap<>(modelState(parameters));
        players.forEach(player -> state.putAll(player.state()));
        state.put("clock", clock.words());
        return state;
    }

    /// Goes on from a saved state. Only before the first step.
    @Override
    public void restore(Checkpoint checkpoint) {
        if (step != null) {
            throw new IllegalStateException("Trainer: a state is restored before the first step; steps=" + done);
        }
        checkpoint.restore(state());
        done = clock.step();
    }

    @Override
    public void dumpsTo(Path file) {
        dump = Optional.of(file);
    }

    /// Trains until the plan is done or the watcher has had enough.
    ///
    /// @return steps done
    /// @throws TrainingStoppedException when the plan's policy stops at a number that is not finite
    @Override
    public long run(Watcher watcher) {
        long began = System.nanoTime();
        long last = began;
        long reported = done;
        // Losses that were summed before a run was stopped between two reports belong to no report.
        players.forEach(Player::takeLossSum);
        boolean goOn = true;
        while (goOn && done < plan.steps()) {
            long report = Math.min(done - done % plan.every() + plan.every(), plan.steps());
            if (!advanceTo(report, watcher)) {
                return done;
            }
            long now = System.nanoTime();
            double rate = (done - reported) / ((now - last) * 1e-9);
            goOn = watcher.goOn(progress(reported, (now - began) * 1e-9, rate));
            reported = done;
            last = now;
        }
        return done;
    }

    /// Goes on to a report, and asks the watcher on the way.
    ///
    /// @return whether it got there
    private boolean advanceTo(long report, Watcher watcher) {
        while (true) {
            long began = System.nanoTime();
            long steps = Math.min(unasked, report - done);
            advance(steps);
            if (done == report) {
                return true;
            }
            // A GPU is given steps faster than it takes them, until its queue is full.
            double share = ASKED_SECONDS * 1e9 / (System.nanoTime() - began);
            unasked = Math.max(1, (long) (steps * Math.clamp(share, 0.5, 2)));
            if (!watcher.goOnBetween(done)) {
                checkGoing();
                return false;
            }
        }
    }

    @Override
    public long steps() {
        return done;
    }

    @Override
    public void checkGoing() {
        if (players.getFirst().optimizer().frozen()) {
            throw stopped();
        }
    }

    @Override
    public void close() {
        device().checkThread();
        try (Arena _ = owner;
                Step<?> _ = step) {
            device().synchronize();
        }
    }

    private Device device() {
        return parameters.values().device();
    }

    private void advance(long steps) {
        long replayed = steps;
        if (step == null) {
            step = device().in(device().trainingPrecision(), () -> Step.record(clock, "train", this::body));
            replayed--;
        }
        step.run(replayed);
        done += steps;
    }

    private List<Player> body(Memory memory) {
        Optional<Player.Held> statistics = plan.policy() == NanPolicy.IGNORE
                ? Optional.empty()
                : parameters.statisticValues().map(now -> Player.Held.of(now, memory));
        players.forEach(player -> player.joins(memory, statistics));
        moves.bind(memory, clock, players);
        return players;
    }

    private TrainingStoppedException stopped() {
        long at = clock.step();
        float norm = worst();
        if (dump.isEmpty()) {
            return new TrainingStoppedException(at, norm, "");
        }
        Path file = dump.get();
        try {
            Map<String, String> facts = Map.of("step", String.valueOf(at), "gradient norm", String.valueOf(norm));
            String first = StepDump.write(file, step, facts, state())
                    .map(fault -> ", first not finite=" + fault)
                    .orElse("");
            return new TrainingStoppedException(at, norm, first + ", all of the step in " + file);
        } catch (IOException e) {
            TrainingStoppedException stopped = new TrainingStoppedException(at, norm, ", not dumped to " + file);
            stopped.addSuppressed(e);
            return stopped;
        }
    }

    /// The largest gradient norm of a player, or the first that is not finite.
    private float worst() {
        float worst = 0;
        for (Player player : players) {
            float norm = player.optimizer().norm();
            if (!Float.isFinite(norm)) {
                return norm;
            }
            worst = Math.max(worst, norm);
        }
        return worst;
    }

    private Progress progress(long reported, double seconds, double rate) {
        Map<String, Double> losses = new LinkedHashMap<>();
        long skipped = 0;
        double sum = 0;
        for (Player player : players) {
            double loss = player.takeLossSum() / (done - reported);
            losses.put(player.name(), loss);
            sum += loss;
            skipped += player.optimizer().skipped();
        }
        checkGoing();
        double epoch = (double) done * plan.batch() / count;
        Map<String, Double> each = players.size() == 1 ? Map.of() : losses;
        return new Progress(done, plan.steps(), epoch, sum, each, skipped, seconds, rate);
    }
}
