package dev.elbo.runtime.chain;

/// The obvious forward-backward recursion of one sequence, in f64 logarithms with `Math.exp` and `Math.log`: what
/// chains too long to enumerate are held against. It shares no code with the runtime.
///
/// @param logPartition log Z from the forward pass and from the backward pass
/// @param marginals    (length, states)
/// @param pairs        (states, states), summed over the steps
record Reference(double[] logPartition, double[] marginals, double[] pairs) {
    static Reference of(Scores scores, int q) {
        int length = scores.lengths()[q];
        int states = scores.states();
        double[][] alpha = new double[length][states];
        double[][] beta = new double[length][states];
        double[] terms = new double[states];
        for (int t = 0; t < length; t++) {
            for (int j = 0; j < states; j++) {
                for (int i = 0; i < states && t > 0; i++) {
                    terms[i] = alpha[t - 1][i] + scores.transition(q, t - 1, i, j);
                }
                alpha[t][j] = scores.unary(q, t, j) + (t > 0 ? logSum(terms) : 0);
            }
        }
        for (int t = length - 2; t >= 0; t--) {
            for (int i = 0; i < states; i++) {
                for (int j = 0; j < states; j++) {
                    terms[j] = scores.transition(q, t, i, j) + scores.unary(q, t + 1, j) + beta[t + 1][j];
                }
                beta[t][i] = logSum(terms);
            }
        }
        double logZ = logSum(alpha[length - 1]);
        for (int j = 0; j < states; j++) {
            terms[j] = scores.unary(q, 0, j) + beta[0][j];
        }
        double[] marginals = new double[length * states];
        double[] pairs = new double[states * states];
        for (int t = 0; t < length; t++) {
            for (int i = 0; i < states; i++) {
                marginals[t * states + i] = Math.exp(alpha[t][i] + beta[t][i] - logZ);
                for (int j = 0; j < states && t < length - 1; j++) {
                    pairs[i * states + j] += Math.exp(alpha[t][i]
                            + scores.transition(q, t, i, j)
                            + scores.unary(q, t + 1, j)
                            + beta[t + 1][j]
                            - logZ);
                }
            }
        }
        return new Reference(new double[] {logZ, logSum(terms)}, marginals, pairs);
    }

    private static double logSum(double[] terms) {
        double max = Double.NEGATIVE_INFINITY;
        for (double term : terms) {
            max = Math.max(max, term);
        }
        if (max == Double.NEGATIVE_INFINITY) {
            return max;
        }
        double sum = 0;
        for (double term : terms) {
            sum += Math.exp(term - max);
        }
        return max + Math.log(sum);
    }

    /// The largest error of a marginal of sequence q; NaN if one is NaN.
    double worstMarginal(Scores scores, ChainTrial trial, int q) {
        double worst = 0;
        for (int e = 0; e < marginals.length; e++) {
            double error = Math.abs(marginals[e] - trial.unary()[q * scores.steps() * scores.states() + e]);
            worst = error > worst || Double.isNaN(error) ? error : worst;
        }
        return worst;
    }
}
