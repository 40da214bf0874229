package dev.elbo.models.training;

import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Optimizer;
import dev.elbo.runtime.Tape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Assign;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/// One of those who train a model, within a step: it computes a loss and moves its own parameters against the gradient.
///
/// ```
/// turn → operations that follow its parameters and no others → loss → gradient → update
/// ```
///
/// What another player made is a constant to it, and what it computes through another's parameters leaves them as they
/// are. Turns may overlap: a generator's begins before the discriminator's and ends after it, over the same fakes.
public final class Player {
    private final Side side;
    private final Optimizer optimizer;
    private Memory step;
    private Optional<Held> held = Optional.empty();

    /// One who has not moved yet. A [Trainer] makes its players itself.
    ///
    /// @param clock  what its rate follows
    /// @param memory outlives the steps
    public Player(Side side, Plan plan, Clock clock, Memory memory) {
        this.side = side;
        this.optimizer =
                Optimizer.of(side.parameters(), side.rule(), side.rate(), plan.maxNorm(), plan.policy(), clock, memory);
    }

    /// Statistics of a model within a step: what moves them comes before it is known whether the step counts.
    ///
    /// @param now    (n), as the step's operations leave them
    /// @param before (n), as they were when the step began
    record Held(Tensor now, Tensor before) {
        /// Binds the copy.
        ///
        /// @param now (n), borrowed
        static Held of(Tensor now, Memory step) {
            Tensor before = step.empty(now.shape());
            Assign.bind(now, before);
            return new Held(now, before);
        }
    }

    /// A turn that has begun.
    public final class Turn {
        private final Tape tape = new Tape(step);
        private final Ops f = Ops.taped(step, tape);

        private Turn() {
            side.parameters().watch(tape);
        }

        /// The operations of this turn.
        public Ops ops() {
            return f;
        }

        /// Ends the turn: moves the player's parameters.
        ///
        /// @param loss size 1, what the player makes small, computed by [#ops]
        public void end(Tensor loss) {
            tape.pullback(loss, 1);
            optimizer.update(loss);
            withdraw();
        }

        /// Ends the turn, and with it the step: nothing may be drawn afterwards.
        ///
        /// @param loss size 1, what the player makes small, computed by [#ops]
        public void endLast(Tensor loss) {
            tape.pullback(loss, 1);
            optimizer.updateLast(loss);
            withdraw();
        }

        private void withdraw() {
            held.ifPresent(statistics -> optimizer.withdraw(statistics.now, statistics.before));
        }
    }

    /// Begins a turn.
    public Turn turn() {
        return new Turn();
    }

    /// A whole turn.
    ///
    /// @param loss size 1, what the player makes small
    public void move(Function<Ops, Tensor> loss) {
        Turn turn = turn();
        turn.end(loss.apply(turn.ops()));
    }

    /// A whole turn, which is all of a step.
    ///
    /// @param loss size 1, what the player makes small
    void moveAlone(Function<Ops, Tensor> loss) {
        Turn turn = turn();
        turn.endLast(loss.apply(turn.ops()));
    }

    /// Says where the buffers of the step come from that is now recorded.
    public void joins(Memory memory) {
        step = memory;
    }

    /// The same of a model whose statistics are left as they were where an update is left out.
    void joins(Memory memory, Optional<Held> statistics) {
        step = memory;
        held = statistics;
    }

    String name() {
        return side.name();
    }

    Optimizer optimizer() {
        return optimizer;
    }

    /// Sum of the losses since the last call. Waits for the device.
    double takeLossSum() {
        return optimizer.takeLossSum();
    }

    /// What it needs to go on, by name.
    Map<String, Tensor> state() {
        String prefix = side.name().isEmpty() ? "optimizer." : side.name() + ".optimizer.";
        Map<String, Tensor> state = new LinkedHashMap<>();
        List<Tensor> moments = optimizer.moments();
        for (int i = 0; i < moments.size(); i++) {
            state.put(prefix + "moments." + i, moments.get(i));
        }
        state.put(prefix + "control", optimizer.control());
        return state;
    }
}
