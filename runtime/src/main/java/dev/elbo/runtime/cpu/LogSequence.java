package dev.elbo.runtime.cpu;

import dev.elbo.runtime.chain.Form;
import dev.elbo.runtime.portable.PortableMath;

/// [ChainSequence] in logarithms: no range to leave, and no work for a transition of −∞.
///
/// ```
/// α_t(j) = u_t(j) + log Σ_i exp(α_{t−1}(i) + a(i,j))       log Z = log Σ_j exp α_last(j)
/// β_t(i) = log Σ_j exp(a(i,j) + u_{t+1}(j) + β_{t+1}(j))
/// ```
final class LogSequence extends ChainSequence {
    private double[] u = new double[0];
    private double[] alpha = new double[0];
    private double[] beta = new double[0];
    private double[] terms = new double[0];

    @Override
    Form form() {
        return Form.LOG;
    }

    @Override
    void at(ChainScores scores, long q) {
        super.at(scores, q);
        long cells = (long) length * states;
        u = atLeast(u, cells);
        alpha = atLeast(alpha, cells);
        beta = atLeast(beta, cells);
        terms = atLeast(terms, states);
    }

    @Override
    boolean forward() {
        for (int t = 0; t < length; t++) {
            for (int j = 0; j < states; j++) {
                u[t * states + j] = scores.score(q, t, j, length);
            }
            for (int j = 0; j < states; j++) {
                for (int i = 0; i < states && t > 0; i++) {
                    terms[i] = alpha[(t - 1) * states + i] + scores.transition(q, t - 1, i, j);
                }
                alpha[t * states + j] = u[t * states + j] + (t > 0 ? logSum(terms) : 0);
            }
        }
        return true;
    }

    @Override
    boolean backward() {
        for (int t = length - 1; t >= 0; t--) {
            for (int i = 0; i < states; i++) {
                if (t < length - 1) {
                    following(t, i, terms);
                }
                beta[t * states + i] = t < length - 1 ? logSum(terms) : 0;
            }
        }
        return true;
    }

    private void following(int t, int from, double[] terms) {
        for (int j = 0; j < states; j++) {
            terms[j] = scores.transition(q, t, from, j) + u[(t + 1) * states + j] + beta[(t + 1) * states + j];
        }
    }

    private double logSum(double[] terms) {
        double max = max(terms);
        if (max == Double.NEGATIVE_INFINITY) {
            return max;
        }
        double sum = 0;
        for (int i = 0; i < states; i++) {
            if (terms[i] != Double.NEGATIVE_INFINITY) {
                sum += PortableMath.exp(terms[i] - max);
            }
        }
        return max + PortableMath.log(sum);
    }

    private double max(double[] terms) {
        double max = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < states; i++) {
            max = terms[i] > max || terms[i] != terms[i] ? terms[i] : max;
        }
        return max;
    }

    @Override
    double logPartition() {
        System.arraycopy(alpha, (length - 1) * states, terms, 0, states);
        return logSum(terms);
    }

    @Override
    void marginals(int t, double[] marginals) {
        for (int i = 0; i < states; i++) {
            marginals[i] = alpha[t * states + i] + beta[t * states + i];
        }
        softmax(marginals);
    }

    @Override
    void last(double[] p) {
        System.arraycopy(alpha, (length - 1) * states, p, 0, states);
        softmax(p);
    }

    @Override
    void predecessors(int t, int to, double[] p) {
        for (int i = 0; i < states; i++) {
            p[i] = alpha[t * states + i] + scores.transition(q, t, i, to);
        }
        softmax(p);
    }

    @Override
    void successors(int t, int from, double[] p) {
        following(t, from, p);
        softmax(p);
    }

    private void softmax(double[] x) {
        double max = max(x);
        for (int i = 0; i < states; i++) {
            x[i] = x[i] == Double.NEGATIVE_INFINITY ? 0 : PortableMath.exp(x[i] - max);
        }
        normalise(x, states);
    }
}
