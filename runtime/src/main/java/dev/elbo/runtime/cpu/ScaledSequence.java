package dev.elbo.runtime.cpu;

import dev.elbo.runtime.chain.Form;
import dev.elbo.runtime.portable.PortableMath;
import java.util.Arrays;

/// [ChainSequence] scaled at every step by a power of two.
///
/// A state counts as lost when the scores reach it and yet its number is below [#LEAST]: from there on digits, or
/// the state itself, could go missing. While no state is lost, every number has all its digits, whatever the
/// scores.
final class ScaledSequence extends ChainSequence {
    /// Far enough above the subnormal numbers that no scale takes a state there.
    private static final double LEAST = 0x1p-1000;

    private static final double LN_2 = 0.6931471805599453;

    private double[] matrix = new double[0];
    private double[] transposed = new double[0];
    private int prepared;
    private double maxTransition;
    private double[] b = new double[0];
    private double[] f = new double[0];
    private double[] r = new double[0];
    private double[] v = new double[0];
    private long exponent;
    private double maxima;

    @Override
    Form form() {
        return Form.SCALED_F64;
    }

    @Override
    void at(ChainScores scores, long q) {
        super.at(scores, q);
        long cells = (long) length * states;
        b = atLeast(b, cells);
        f = atLeast(f, cells);
        r = atLeast(r, cells);
        v = atLeast(v, states);
        matrix = atLeast(matrix, (long) states * states);
        transposed = atLeast(transposed, (long) states * states);
        prepared = -1;
    }

    @Override
    boolean forward() {
        exponent = 0;
        maxima = 0;
        boolean whole = true;
        for (int t = 0; t < length; t++) {
            emit(t);
            if (t > 0) {
                prepare(t - 1);
                maxima += maxTransition;
                multiply(matrix, f, (t - 1) * states, f, t * states);
                for (int j = 0; j < states; j++) {
                    f[t * states + j] *= b[t * states + j];
                }
            } else {
                System.arraycopy(b, 0, f, 0, states);
            }
            for (int j = 0; j < states && whole; j++) {
                whole = f[t * states + j] >= LEAST || !reached(t, j);
            }
            exponent += scale(f, t * states);
        }
        return whole;
    }

    /// b_t = exp(score − max).
    private void emit(int t) {
        double max = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < states; j++) {
            double score = scores.score(q, t, j, length);
            b[t * states + j] = score;
            max = score > max || score != score ? score : max;
        }
        max = max == Double.NEGATIVE_INFINITY ? 0 : max;
        maxima += max;
        for (int j = 0; j < states; j++) {
            b[t * states + j] = PortableMath.exp(b[t * states + j] - max);
        }
    }

    /// A = exp(transitions − max) between t and t + 1, and its transpose.
    private void prepare(int t) {
        if (prepared == t || prepared >= 0 && !scores.perStep()) {
            return;
        }
        prepared = t;
        long at = scores.transitionsAt(q, t);
        double max = Double.NEGATIVE_INFINITY;
        for (int e = 0; e < states * states; e++) {
            double score = Floats.get(scores.transitions(), at + e);
            matrix[e] = score;
            max = score > max || score != score ? score : max;
        }
        maxTransition = max == Double.NEGATIVE_INFINITY ? 0 : max;
        for (int i = 0; i < states; i++) {
            for (int j = 0; j < states; j++) {
                double p = PortableMath.exp(matrix[i * states + j] - maxTransition);
                matrix[i * states + j] = p;
                transposed[j * states + i] = p;
            }
        }
    }

    /// `y[yAt + j] = Σ_i x[xAt + i] m[i,j]`, one chain per element, i ascending.
    private void multiply(double[] m, double[] x, int xAt, double[] y, int yAt) {
        Arrays.fill(y, yAt, yAt + states, 0.0);
        for (int i = 0; i < states; i++) {
            double scalar = x[xAt + i];
            if (scalar != 0) {
                addRow(m, i * states, scalar, y, yAt, states);
            }
        }
    }

    private static void addRow(double[] m, int row, double scalar, double[] y, int yAt, int states) {
        for (int j = 0; j < states; j++) {
            y[yAt + j] = Math.fma(scalar, m[row + j], y[yAt + j]);
        }
    }

    /// Whether the scores allow state j at t after one that lives at t − 1.
    private boolean reached(int t, int j) {
        if (!(scores.score(q, t, j, length) > Double.NEGATIVE_INFINITY)) {
            return false;
        }
        for (int i = 0; i < states && t > 0; i++) {
            if (f[(t - 1) * states + i] > 0 && scores.transition(q, t - 1, i, j) > Double.NEGATIVE_INFINITY) {
                return true;
            }
        }
        return t == 0;
    }

    /// Whether the scores lead from state i at t to one that leads to the end.
    private boolean leads(int t, int i) {
        for (int j = 0; j < states; j++) {
            if (r[(t + 1) * states + j] > 0
                    && scores.transition(q, t, i, j) > Double.NEGATIVE_INFINITY
                    && scores.score(q, t + 1, j, length) > Double.NEGATIVE_INFINITY) {
                return true;
            }
        }
        return false;
    }

    /// Brings the largest of a step to [1, 2).
    ///
    /// @return the exponent taken out; 0 if the largest is 0 or no number
    private int scale(double[] x, int at) {
        double max = 0;
        for (int j = 0; j < states; j++) {
            max = x[at + j] > max || x[at + j] != x[at + j] ? x[at + j] : max;
        }
        if (!(max > 0) || max == Double.POSITIVE_INFINITY) {
            return 0;
        }
        int out = Math.getExponent(max);
        double factor = Math.scalb(1.0, -out);
        for (int j = 0; j < states; j++) {
            x[at + j] *= factor;
        }
        return out;
    }

    @Override
    double logPartition() {
        double sum = 0;
        for (int j = 0; j < states; j++) {
            sum += f[(length - 1) * states + j];
        }
        return sum == 0 ? Double.NEGATIVE_INFINITY : PortableMath.log(sum) + exponent * LN_2 + maxima;
    }

    @Override
    boolean backward() {
        boolean whole = true;
        Arrays.fill(r, (length - 1) * states, length * states, 1.0);
        for (int t = length - 2; t >= 0; t--) {
            prepare(t);
            follow(t);
            multiply(transposed, v, 0, r, t * states);
            for (int i = 0; i < states && whole; i++) {
                whole = r[t * states + i] >= LEAST || !(f[t * states + i] > 0 && leads(t, i));
            }
            scale(r, t * states);
            double joint = 0;
            for (int i = 0; i < states; i++) {
                joint += f[t * states + i] * r[t * states + i];
            }
            whole &= !(joint < LEAST);
        }
        return whole;
    }

    /// `v = b_{t+1} r_{t+1}`.
    private void follow(int t) {
        for (int j = 0; j < states; j++) {
            v[j] = b[(t + 1) * states + j] * r[(t + 1) * states + j];
        }
    }

    @Override
    void marginals(int t, double[] marginals) {
        for (int i = 0; i < states; i++) {
            marginals[i] = f[t * states + i] * r[t * states + i];
        }
        normalise(marginals, states);
    }

    @Override
    void last(double[] p) {
        System.arraycopy(f, (length - 1) * states, p, 0, states);
        normalise(p, states);
    }

    @Override
    void predecessors(int t, int to, double[] p) {
        prepare(t);
        for (int i = 0; i < states; i++) {
            p[i] = f[t * states + i] * matrix[i * states + to];
        }
        normalise(p, states);
    }

    @Override
    void successors(int t, int from, double[] p) {
        prepare(t);
        for (int j = 0; j < states; j++) {
            p[j] = matrix[from * states + j] * b[(t + 1) * states + j] * r[(t + 1) * states + j];
        }
        normalise(p, states);
    }
}
