package dev.elbo.models.sequence;

import dev.elbo.runtime.Device;
import dev.elbo.runtime.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Expected statistics of what each state emitted, in f64 on the host, and the emissions that explain them best.
sealed interface Emitted {
    /// Counts one observation.
    ///
    /// @param position  of the batch
    /// @param posterior γ of the batch
    /// @param from      first element of this position's γ
    void add(Observations observations, int position, float[] posterior, int from);

    /// The emissions of highest likelihood, or of highest posterior probability under the prior.
    ///
    /// @param prior pseudo-count, at least 0
    List<Estimate> estimates(double prior, Device device);

    /// What a parameter is to become.
    ///
    /// @param of     a parameter, any shape
    /// @param values as many, row-major
    record Estimate(Tensor of, float[] values) {
        /// Whether each is a number, or −∞, the log of what is impossible.
        boolean sound() {
            for (float value : values) {
                if (!(value < Float.POSITIVE_INFINITY)) {
                    return false;
                }
            }
            return true;
        }
    }

    static Emitted of(Emissions emissions) {
        return switch (emissions) {
            case Emissions.Categorical categorical -> new Symbols(categorical);
            case Emissions.Gaussians gaussians -> new Moments(gaussians);
        };
    }

    /// What was observed in a batch, on the host; one of the kinds.
    ///
    /// @param symbols    (n · t), or null
    /// @param numbers    (n · t, d), or null
    /// @param components (n · t, s · components), log w N of each Gaussian, or null
    record Observations(int[] symbols, float[] numbers, float[] components) {}

    /// How often each state emitted each symbol.
    ///
    /// ```
    /// b_s(v) = (count[v,s] + prior) / Σ_u (count[u,s] + prior)
    /// ```
    record Symbols(Emissions.Categorical emissions, double[] counts) implements Emitted {
        Symbols(Emissions.Categorical emissions) {
            this(
                    emissions,
                    new double[Math.toIntExact(emissions.logits().shape().size())]);
        }

        @Override
        public void add(Observations observations, int position, float[] posterior, int from) {
            int states = emissions.states();
            int symbol = observations.symbols[position];
            for (int s = 0; s < states && symbol >= 0 && symbol < counts.length / states; s++) {
                counts[symbol * states + s] += posterior[from + s];
            }
        }

        @Override
        public List<Estimate> estimates(double prior, Device device) {
            int states = emissions.states();
            float[] logits = new float[counts.length];
            for (int s = 0; s < states; s++) {
                double total = 0;
                for (int at = s; at < counts.length; at += states) {
                    total += counts[at] + prior;
                }
                for (int at = s; at < counts.length; at += states) {
                    logits[at] = (float) (total == 0 ? 0 : Math.log((counts[at] + prior) / total));
                }
            }
            return List.of(new Estimate(emissions.logits(), logits));
        }
    }

    /// Weight, mean and scatter of what each Gaussian is answerable for, about its mean before this step.
    ///
    /// ```
    /// r_c    = γ_s w[s,k] N_c(x) / b_s(x)
    /// N_c    = Σ r_c        μ_c = Σ r_c x / N_c        w[s,k] = (N_c + prior) / Σ_k (N_c + prior)
    /// Σ_c    = (Σ r_c (x − μ_c)(x − μ_c)ᵀ + prior I) / (N_c + prior)
    /// ```
    record Moments(
            Emissions.Gaussians emissions, float[] means, double[] weight, double[] sum, double[] scatter, boolean full)
            implements Emitted {
        private static final double SMALLEST = 1e-6; // variance

        Moments(Emissions.Gaussians emissions) {
            Device device = emissions.means().device();
            int all = emissions.means().shape().rows();
            int d = emissions.means().shape().cols();
            float[] below = device.floats(emissions.below().value());
            boolean full = IntStream.range(0, below.length).anyMatch(e -> below[e] != 0);
            this(
                    emissions,
                    device.floats(emissions.means()),
                    new double[all],
                    new double[all * d],
                    new double[all * d * d],
                    full);
        }

        private int d() {
            return means.length / weight.length;
        }

        @Override
        public void add(Observations observations, int position, float[] posterior, int from) {
            int k = emissions.components();
            for (int s = 0; s < emissions.states(); s++) {
                double gamma = posterior[from + s];
                if (gamma == 0) {
                    continue;
                }
                int first = position * weight.length + s * k;
                double largest = Double.NEGATIVE_INFINITY;
                for (int c = 0; c < k; c++) {
                    largest = Math.max(largest, observations.components[first + c]);
                }
                double total = 0;
                for (int c = 0; c < k; c++) {
                    total += Math.exp(observations.components[first + c] - largest);
                }
                for (int c = 0; c < k; c++) {
                    double share = Math.exp(observations.components[first + c] - largest) / total;
                    add(s * k + c, gamma * share, observations.numbers, position * d());
                }
            }
        }

        private void add(int c, double r, float[] x, int from) {
            int d = d();
            weight[c] += r;
            for (int i = 0; i < d; i++) {
                double off = x[from + i] - means[c * d + i];
                sum[c * d + i] += r * off;
                for (int j = full ? 0 : i; j <= i; j++) {
                    scatter[(c * d + i) * d + j] += r * off * (x[from + j] - means[c * d + j]);
                }
            }
        }

        @Override
        public List<Estimate> estimates(double prior, Device device) {
            int d = d();
            float[] newMeans = means.clone();
            float[] logScales = device.floats(emissions.logScales());
            float[] lower = device.floats(emissions.lower());
            for (int c = 0; c < weight.length; c++) {
                // A Gaussian that answers for less than one observation has nothing to learn from.
                if (weight[c] < 1) {
                    continue;
                }
                double[] covariance = new double[d * d];
                for (int i = 0; i < d; i++) {
                    newMeans[c * d + i] += (float) (sum[c * d + i] / weight[c]);
                    for (int j = 0; j <= i; j++) {
                        double central = scatter[(c * d + i) * d + j] - sum[c * d + i] * sum[c * d + j] / weight[c];
                        double wanted = full || i == j ? central : 0;
                        covariance[i * d + j] = (wanted + (i == j ? prior : 0)) / (weight[c] + prior);
                    }
                }
                double[] whitening = inverse(cholesky(covariance, d), d);
                for (int e = 0; e < d * d; e++) {
                    if (e / d == e % d) {
                        logScales[c * d + e / d] = (float) Math.log(whitening[e]);
                    } else {
                        lower[c * d * d + e] = (float) whitening[e];
                    }
                }
            }
            return List.of(
                    new Estimate(emissions.means(), newMeans),
                    new Estimate(emissions.logScales(), logScales),
                    new Estimate(emissions.lower(), lower),
                    new Estimate(emissions.weights(), logWeights(prior)));
        }

        private float[] logWeights(double prior) {
            int k = emissions.components();
            float[] logWeights = new float[weight.length];
            for (int s = 0; s < emissions.states(); s++) {
                double total = Arrays.stream(weight, s * k, (s + 1) * k).sum() + k * prior;
                for (int c = s * k; c < (s + 1) * k; c++) {
                    logWeights[c] = (float) (total == 0 ? 0 : Math.log((weight[c] + prior) / total));
                }
            }
            return logWeights;
        }

        /// L with L Lᵀ = a; a pivot that rounding or too few observations leave at nothing is held to a small one.
        private static double[] cholesky(double[] a, int d) {
            double[] l = new double[d * d];
            for (int i = 0; i < d; i++) {
                for (int j = 0; j <= i; j++) {
                    double rest = a[i * d + j];
                    for (int k = 0; k < j; k++) {
                        rest -= l[i * d + k] * l[j * d + k];
                    }
                    l[i * d + j] = i == j ? Math.sqrt(Math.max(rest, SMALLEST)) : rest / l[j * d + j];
                }
            }
            return l;
        }

        /// The inverse of a lower triangular matrix, again lower triangular.
        private static double[] inverse(double[] l, int d) {
            double[] inverse = new double[d * d];
            for (int j = 0; j < d; j++) {
                for (int i = j; i < d; i++) {
                    double rest = i == j ? 1 : 0;
                    for (int k = j; k < i; k++) {
                        rest -= l[i * d + k] * inverse[k * d + j];
                    }
                    inverse[i * d + j] = rest / l[i * d + i];
                }
            }
            return inverse;
        }
    }
}
