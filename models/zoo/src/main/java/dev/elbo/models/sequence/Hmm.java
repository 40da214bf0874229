package dev.elbo.models.sequence;

import dev.elbo.models.layers.DenseStack;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Statistic;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.chain.LinearChain;

/// Hidden Markov model (Rabiner 1989); over the outputs of a network, the hybrid of Bengio et al. (1992).
///
/// ```
/// p(x, y) = π[y₀] Π_t A[y_t, y_{t+1}] Π_t b_{y_t}(network(x_t))
/// π = softmax(start + allowed.start),  A[i,:] = softmax(transitions[i,:] + allowed.transitions[i,:])
/// ```
///
/// As a chain its log-partition is log p(x) and the likelihood of a labelling is p(y | x). The gradient that reaches
/// the emissions is γ, so ∂ log p(x)/∂b = γ / b, and through them it goes on into the network. What log p(x) says
/// while a network moves is no likelihood of what was recorded: a network that maps all to one point would win. The
/// hybrid is therefore trained by p(y | x).
///
/// @param network     between what was recorded and what is observed; without layers nothing is between
/// @param emissions   b
/// @param start       (s), logits
/// @param transitions (s, s), logits, from row to column
/// @param allowed     what may follow what
public record Hmm(DenseStack network, Emissions emissions, Tensor start, Tensor transitions, Allowed allowed) {
    /// Where a sequence may begin, how it may go on, and where it may end: 0, or −∞ where it may not. Apart from the
    /// logits, since an optimizer has no use for a parameter that is not finite.
    ///
    /// @param start       (s)
    /// @param transitions (s, s), from row to column
    /// @param end         (s)
    public record Allowed(Statistic start, Statistic transitions, Statistic end) {
        static Allowed everything(int states, Memory memory) {
            Ops f = Ops.plain(memory);
            return new Allowed(
                    new Statistic(f.constant(Shape.of(states), 0)),
                    new Statistic(f.constant(Shape.of(states, states), 0)),
                    new Statistic(f.constant(Shape.of(states), 0)));
        }
    }

    /// A model in which every state is as likely to follow.
    ///
    /// @param memory holds the parameters
    public static Hmm of(DenseStack network, Emissions emissions, Memory memory) {
        Ops f = Ops.plain(memory);
        int states = emissions.states();
        return new Hmm(
                network,
                emissions,
                f.constant(Shape.of(states), 0),
                f.constant(Shape.of(states, states), 0),
                Allowed.everything(states, memory));
    }

    /// A model whose states are parts of words: left to right through each, then any other.
    ///
    /// @param memory holds the parameters
    public static Hmm of(DenseStack network, Emissions emissions, Lexicon lexicon, Memory memory) {
        Ops f = Ops.plain(memory);
        int states = lexicon.states();
        return new Hmm(
                network,
                emissions,
                f.constant(Shape.of(states), 0),
                memory.floats(Shape.of(states, states), lexicon.stays()),
                new Allowed(
                        new Statistic(memory.floats(Shape.of(states), lexicon.start())),
                        new Statistic(memory.floats(Shape.of(states, states), lexicon.transitions())),
                        new Statistic(memory.floats(Shape.of(states), lexicon.end()))));
    }

    /// The model as a chain. A position that was not observed says nothing about its state.
    public LinearChain chain(Ops f, Ragged batch) {
        Tensor unary = f.times(emissions.logLikelihood(f, observed(f, batch)), batch.seen());
        Tensor first = f.plus(start, allowed.start().value());
        Tensor onwards = f.plus(transitions, allowed.transitions().value());
        return new LinearChain(
                unary,
                f.logSoftmaxRows(onwards),
                f.logSoftmaxRows(first.as(Shape.of(1, emissions.states()))).as(start.shape()),
                allowed.end().value(),
                batch.lengths());
    }

    /// What the emissions are of.
    ///
    /// @return (n, t, d)
    public Tensor observed(Ops f, Ragged batch) {
        return network.apply(f, batch.x());
    }
}
