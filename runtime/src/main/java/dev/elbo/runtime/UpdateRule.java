package dev.elbo.runtime;

/// How a gradient moves a parameter. A rule is plain numbers; what it remembers belongs to the [Optimizer].
///
/// ```
/// h = scale · g                    scale: 1, or what clipping leaves
/// h = h + decay · p                weight decay, unless decoupled
/// ```
public sealed interface UpdateRule {
    /// How many numbers it remembers for each parameter.
    int moments();

    /// What the first elements of moment `k` are.
    ///
    /// @param k from 0
    default float initial(int k) {
        return 0;
    }

    /// Gradient descent with momentum.
    ///
    /// ```
    /// u = momentum · u + h
    /// p = p − rate · u                        or, with Nesterov, p − rate · (h + momentum · u)
    /// ```
    ///
    /// @param momentum    0 for none
    /// @param nesterov    whether to look ahead
    /// @param weightDecay 0 for none
    record Sgd(float momentum, boolean nesterov, float weightDecay) implements UpdateRule {
        /// Plain gradient descent.
        public Sgd() {
            this(0, false, 0);
        }

        /// Heavy-ball momentum.
        public Sgd(float momentum) {
            this(momentum, false, 0);
        }

        @Override
        public int moments() {
            return momentum == 0 ? 0 : 1;
        }
    }

    /// RMSProp (Tieleman & Hinton 2012).
    ///
    /// ```
    /// v = decay · v + (1 − decay) h²
    /// u = momentum · u + h / (√v + ε)
    /// p = p − rate · u
    /// ```
    ///
    /// @param decay       of the mean square, 0.99 or 0.9
    /// @param epsilon     outside of the root
    /// @param momentum    0 for none
    /// @param weightDecay 0 for none
    record RmsProp(float decay, float epsilon, float momentum, float weightDecay) implements UpdateRule {
        /// decay 0.99, ε 10⁻⁸, no momentum.
        public RmsProp() {
            this(0.99f, 1e-8f, 0, 0);
        }

        @Override
        public int moments() {
            return momentum == 0 ? 1 : 2;
        }
    }

    /// Adam (Kingma & Ba 2015, arXiv:1412.6980), with every convention in use.
    ///
    /// ```
    /// m = β₁ m + (1 − β₁) h           c₁ = 1 / (1 − β₁ᵗ)
    /// v = β₂ v + (1 − β₂) h²          c₂ = 1 / (1 − β₂ᵗ)           t counts applied updates, from 1
    /// d = by [Root]
    /// p = p − rate · d                or, decoupled, p − rate · (d + weightDecay · p)
    /// ```
    ///
    /// @param beta1         of the mean
    /// @param beta2         of the mean square
    /// @param epsilon       where `root` says
    /// @param root          how d is made of m and v
    /// @param initialSquare of v; 0, or 1 as in the IWAE authors' code
    /// @param weightDecay   0 for none
    /// @param decoupled     whether weight decay passes the moments by (AdamW, Loshchilov & Hutter 2019)
    record Adam(
            float beta1,
            float beta2,
            float epsilon,
            Root root,
            float initialSquare,
            float weightDecay,
            boolean decoupled)
            implements UpdateRule {
        /// Where ε stands.
        public enum Root {
            /// d = m c₁ / (√(v c₂) + ε).
            OUTSIDE,
            /// d = m (c₁ / √c₂) / (√v + ε).
            UNCORRECTED,
            /// d = m c₁ / √(v c₂ + ε).
            INSIDE
        }

        /// The paper's: β₁ 0.9, β₂ 0.999, ε 10⁻⁸.
        public Adam() {
            this(0.9f, 0.999f, 1e-8f, Root.OUTSIDE, 0, 0, false);
        }

        /// That of the IWAE authors' code: β₁ 0.99, β₂ 0.999, ε 10⁻⁴ beside the uncorrected root, v from 1. Their
        /// gradient is the sum over a batch, not the mean.
        public static Adam iwae() {
            return new Adam(0.99f, 0.999f, 1e-4f, Root.UNCORRECTED, 1, 0, false);
        }

        /// The paper's with decoupled weight decay.
        public static Adam w(float weightDecay) {
            return new Adam(0.9f, 0.999f, 1e-8f, Root.OUTSIDE, 0, weightDecay, true);
        }

        @Override
        public int moments() {
            return 2;
        }

        @Override
        public float initial(int k) {
            return k == 1 ? initialSquare : 0;
        }
    }
}
