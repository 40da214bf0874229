package dev.elbo.models.latent;

import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Tape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Assign;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/// Functions that a tape is to see as functions of some of their arguments alone.
final class Following {
    private Following() {}

    /// What `function` computes. Its gradient flows to `arguments`; whatever else it reads, parameters
    /// among it, counts as constant.
    ///
    /// @param arguments any shapes
    static Tensor alone(Ops f, Function<Ops, Tensor> function, Tensor... arguments) {
        Tape inner = new Tape(f.memory());
        List<Tensor> gradients = Stream.of(arguments)
                .map(argument -> f.memory().empty(argument.shape()))
                .toList();
        for (int i = 0; i < arguments.length; i++) {
            inner.watch(arguments[i], gradients.get(i));
        }
        Tensor y = function.apply(Ops.taped(f.memory(), inner));
        return f.note(
                y,
                (tape, dy) -> {
                    add(dy, inner.gradient(y));
                    inner.pullback();
                    for (int i = 0; i < arguments.length; i++) {
                        add(gradients.get(i), tape.gradient(arguments[i]));
                    }
                },
                arguments);
    }

    /// Adds to a gradient, if anybody asks for it.
    ///
    /// @param part any shape of as many elements
    static void add(Tensor part, Gradient into) {
        if (!into.wanted()) {
            return;
        }
        // A variable may have been seen first as another view of the same elements.
        Tensor same = part.as(into.into().shape());
        if (into.first()) {
            Assign.bind(same, into.into());
        } else {
            Assign.bindSum(same, into.into());
        }
    }
}
