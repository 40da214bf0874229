package dev.elbo.runtime.cpu;

import dev.elbo.runtime.chain.Form;

/// One sequence in f64: the recursions in plain sight, for what must be right rather than fast, and for all that
/// needs conditional probabilities.
///
/// An instance belongs to a thread and is used for one sequence after the other; its arrays only grow.
abstract sealed class ChainSequence permits ScaledSequence, LogSequence {
    ChainScores scores;
    long q;
    int length;
    int states;

    /// Runs forwards. Length at least 1.
    ///
    /// @return false if a number left the range of this form, so that the result may be wrong
    abstract boolean forward();

    /// Runs backwards, after [#forward()] of a possible sequence.
    ///
    /// @return false as for [#forward()]
    abstract boolean backward();

    /// log Z, nats; −∞ if the scores allow no path, NaN if one of them is NaN or +∞.
    abstract double logPartition();

    /// P(state at t), after [#backward()].
    ///
    /// @param marginals (states), overwritten
    abstract void marginals(int t, double[] marginals);

    /// P(state at the last step), after [#forward()].
    ///
    /// @param p (states), overwritten
    abstract void last(double[] p);

    /// P(state at t | state at t + 1), which all later states leave as it is; after [#forward()]. All 0 if nothing
    /// leads to `to`.
    ///
    /// @param p (states), overwritten
    abstract void predecessors(int t, int to, double[] p);

    /// P(state at t + 1 | state at t), after [#backward()]. All 0 if nothing leads on.
    ///
    /// @param p (states), overwritten
    abstract void successors(int t, int from, double[] p);

    /// The form that this is.
    abstract Form form();

    /// Points to a sequence.
    void at(ChainScores scores, long q) {
        this.scores = scores;
        this.q = q;
        this.length = scores.length(q);
        this.states = scores.states();
    }

    static double[] atLeast(double[] array, long length) {
        return array.length >= length ? array : new double[Math.toIntExact(length)];
    }

    /// Divides by the sum, unless that is 0.
    static void normalise(double[] p, int states) {
        double sum = 0;
        for (int i = 0; i < states; i++) {
            sum += p[i];
        }
        for (int i = 0; i < states && sum != 0; i++) {
            p[i] /= sum;
        }
    }
}
