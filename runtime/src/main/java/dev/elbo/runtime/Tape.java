package dev.elbo.runtime;

import dev.elbo.runtime.ops.Fill;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/// Recorded pullbacks, run backwards once.
///
/// A tape follows the tensors it was told to [#watch] and everything computed from them. Tensors are known by the
/// memory they view, so that another view of all elements ([Tensor#as]) is the same variable; a view of a part is
/// refused, since its gradient would be lost.
///
/// The gradient of an intermediate result is dead once its own pullback has run; its buffer serves the next one.
public final class Tape {
    private record Entry(List<Tensor> outputs, Consumer<List<Gradient>> pullback) {}

    /// What is known about one range of memory.
    private static final class Variable {
        final Tensor value;
        final boolean watched;
        Gradient gradient;

        Variable(Tensor value, Gradient gradient) {
            this.value = value;
            this.gradient = gradient;
            this.watched = gradient != null;
        }
    }

    private final Memory memory;
    private final TreeMap<Long, Variable> variables = new TreeMap<>();
    private final List<Entry> entries = new ArrayList<>();
    private final Map<Long, Deque<Tensor>> spare = new HashMap<>();
    private boolean spent;

    /// @param memory where the gradients of intermediate results come from
    public Tape(Memory memory) {
        this.memory = memory;
    }

    /// Asks for ∂loss/∂x.
    ///
    /// @param x  any shape
    /// @param dx shape of x, overwritten by [#pullback]; zero if the loss does not depend on x
    public void watch(Tensor x, Tensor dx) {
        if (!x.shape().equals(dx.shape())) {
            throw new IllegalArgumentException(
                    "watch: a gradient has the shape of its tensor; x=" + x.shape() + ", dx=" + dx.shape());
        }
        if (x.shape().size() > 0) {
            variables.put(x.data().address(), new Variable(x, Gradient.watched(dx)));
        }
    }

    /// Asks for ∂loss/∂x on top of what `dx` holds, as when the gradients of several batches are summed.
    ///
    /// @param x  any shape
    /// @param dx shape of x, added into by [#pullback]
    public void accumulate(Tensor x, Tensor dx) {
        watch(x, dx);
        gradient(x).first();
    }

    /// Whether ∂loss/∂x will be asked for.
    public boolean follows(Tensor x) {
        return variable(x) != null;
    }

    /// Notes how to pull ∂loss/∂y back to the inputs of the operation that computed y. Does nothing when the tape
    /// follows none of the inputs.
    ///
    /// @param y        the operation's output
    /// @param pullback given ∂loss/∂y, shape of y, binds launches that write into [#gradient] of the inputs
    /// @param inputs   everything y was computed from
    public void record(Tensor y, Consumer<Tensor> pullback, Tensor... inputs) {
        record(List.of(y), dy -> pullback.accept(dy.getFirst().into()), List.of(inputs));
    }

    /// The same for an operation of several outputs. Its pullback runs once, if the loss depends on any of them.
    ///
    /// @param y        the operation's outputs
    /// @param pullback given ∂loss/∂yₖ, not wanted where the loss does not depend on yₖ
    /// @param inputs   everything they were computed from
    public void record(List<Tensor> y, Consumer<List<Gradient>> pullback, List<Tensor> inputs) {
        checkUnspent("record");
        boolean followed = false;
        for (Tensor input : inputs) {
            followed |= follows(input);
        }
        List<Tensor> outputs =
                y.stream().filter(output -> output.shape().size() > 0).toList();
        if (followed && !outputs.isEmpty()) {
            outputs.forEach(output -> variables.put(output.data().address(), new Variable(output, null)));
            entries.add(new Entry(y, pullback));
        }
    }

    /// Where the pullback of an operation writes ∂loss/∂x, for an input x of it.
    public Gradient gradient(Tensor x) {
        Variable variable = variable(x);
        if (variable == null) {
            return Gradient.unwanted();
        }
        if (variable.gradient == null) {
            variable.gradient = Gradient.of(variable.value.shape(), () -> buffer(variable.value));
        }
        return variable.gradient;
    }

    /// Runs all pullbacks, last first. Afterwards the gradients of all watched tensors hold seed · ∂loss/∂x.
    ///
    /// @param loss size 1
    /// @param seed 1, or −1 to climb instead of descend
    public void pullback(Tensor loss, float seed) {
        if (loss.shape().size() != 1) {
            throw new IllegalArgumentException("pullback: a loss has one element; loss=" + loss.shape());
        }
        if (!follows(loss)) {
            throw new IllegalArgumentException("pullback: the loss depends on nothing that is watched; loss=" + loss);
        }
        checkUnspent("pullback");
        Gradient dloss = gradient(loss);
        if (dloss.touched()) {
            throw new IllegalArgumentException("pullback: the loss is also watched; loss=" + loss);
        }
        dloss.seed(seed);
        pullback();
    }

    /// Runs all pullbacks, last first, from outputs whose gradients the caller has already written through
    /// [#gradient].
    public void pullback() {
        checkUnspent("pullback");
        spent = true;
        for (Entry entry : entries.reversed()) {
            List<Gradient> dy = entry.outputs.stream().map(this::arrived).toList();
            if (dy.stream().anyMatch(Gradient::wanted)) {
                entry.pullback.accept(dy);
                entry.outputs.forEach(this::release);
            }
        }
        Gradient.finish(variables.values().stream()
                .filter(each -> each.watched)
                .map(each -> each.gradient)
                .toList());
        for (Variable variable : variables.values()) {
            if (variable.watched && variable.gradient.first()) {
                Fill.bind(variable.gradient.into(), 0);
            }
        }
    }

    private void checkUnspent(String call) {
        if (spent) {
            throw new IllegalStateException(call + ": the tape has already run backwards");
        }
    }

    private Variable variable(Tensor x) {
        long from = x.data().address();
        Map.Entry<Long, Variable> below = variables.floorEntry(from);
        if (below == null || x.shape().size() == 0) {
            return null;
        }
        Tensor known = below.getValue().value;
        if (from >= below.getKey() + known.bytes()) {
            return null;
        }
        if (from == below.getKey() && x.bytes() == known.bytes()) {
            return below.getValue();
        }
        throw new IllegalArgumentException(
                "tape: a view of a part has no gradient of its own, take it by Ops.slice; whole=" + known.shape()
                        + ", part=" + x.shape());
    }

    /// What later pullbacks wrote into the gradient of an output; not wanted if none did.
    private Gradient arrived(Tensor y) {
        Variable variable = variable(y);
        boolean touched = variable != null && variable.gradient != null && variable.gradient.touched();
        return touched ? variable.gradient : Gradient.unwanted();
    }

    private Tensor buffer(Tensor like) {
        Deque<Tensor> free = spare.get(like.bytes());
        return free == null || free.isEmpty()
                ? memory.empty(like.shape())
                : free.pop().as(like.shape());
    }

    private void release(Tensor y) {
        Variable variable = variable(y);
        boolean ours = variable != null && variable.gradient != null && !variable.watched;
        Tensor buffer = ours ? variable.gradient.buffer() : null;
        if (buffer != null) {
            spare.computeIfAbsent(buffer.bytes(), _ -> new ArrayDeque<>()).push(buffer);
        }
    }
}
