package dev.elbo.models.sequence;

import dev.elbo.models.layers.DenseStack;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.chain.LinearChain;

/// Hidden Markov model (Rabiner 1989); over the outputs of a network, the hybrid of Bengio et al. (1992).
///
/// ```
/// p(x, y) = π[y₀] Π_t A[y_t, y_{t+1}] Π_t b_{y_t}(network(x_t))
/// π = softmax(start),  A[i,:] = softmax(transitions[i,:])
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
public record Hmm(DenseStack network, Emissions emissions, Tensor start, Tensor transitions) {
    /// A model in which every state is as likely to follow.
    ///
    /// @param memory holds the parameters
    public static Hmm of(DenseStack network, Emissions emissions, Memory memory) {
        Ops f = Ops.plain(memory);
        int states = emissions.states();
        return new Hmm(network, emissions, f.constant(Shape.of(states), 0), f.constant(Shape.of(states, states), 0));
    }

    /// The model as a chain. A position that was not observed says nothing about its state.
    public LinearChain chain(Ops f, Ragged batch) {
        Tensor unary = f.times(emissions.logLikelihood(f, observed(f, batch)), batch.seen());
        Tensor first = f.logSoftmaxRows(start.as(Shape.of(1, emissions.states())));
        return LinearChain.of(unary, f.logSoftmaxRows(transitions), batch.lengths())
                .withStart(first.as(start.shape()));
    }

    /// What the emissions are of.
    ///
    /// @return (n, t, d)
    public Tensor observed(Ops f, Ragged batch) {
        return network.apply(f, batch.x());
    }
}
