package dev.elbo.runtime.cpu;

import dev.elbo.runtime.portable.PortableMath;

/// What a sum over a row adds up: functions of one to three elements, each with what it makes of a gradient.
///
/// ```
/// y = scale · Σ value(x₁, x₂, x₃)      dxₖ = gradient(k, x₁, x₂, x₃, dy) = dy · scale · ∂value/∂xₖ
/// ```
///
/// A value is computed in f32, added and scaled in f64. Log is natural; a log-variance is held to
/// ±[#LOG_VARIANCE_BOUND], and nothing depends on what it is beyond. The twins are `likelihood.cu` and a vector
/// table of the same names.
public enum Term {
    /// x₁ itself.
    VALUE(1, 1) {
        @Override
        public float value(float x1, float x2, float x3) {
            return x1;
        }

        @Override
        public float gradient(int argument, float x1, float x2, float x3, float dy) {
            return dy;
        }
    },
    /// x₁².
    SQUARE(1, 1) {
        @Override
        public float value(float x1, float x2, float x3) {
            return x1 * x1;
        }

        @Override
        public float gradient(int argument, float x1, float x2, float x3, float dy) {
            return dy * (x1 + x1);
        }
    },
    /// x₁ · x₂.
    PRODUCT(2, 1) {
        @Override
        public float value(float x1, float x2, float x3) {
            return x1 * x2;
        }

        @Override
        public float gradient(int argument, float x1, float x2, float x3, float dy) {
            return dy * (argument == 1 ? x2 : x1);
        }
    },
    /// log Bernoulli(x₂ | sigmoid x₁): x₁ a logit l, x₂ data from 0 to 1.
    ///
    /// `x₂ l − softplus l` is written `(x₂ − [l > 0]) l − log(1 + exp(−|l|))`, which does not cancel for a
    /// confident logit. What x₂ and the sign of l agree on adds no product, so that a logit of ±∞ gives 0 or −∞;
    /// its gradient is 0.
    BERNOULLI(2, 1) {
        @Override
        public float value(float x1, float x2, float x3) {
            float disagreement = x2 - (x1 > 0.0f ? 1.0f : 0.0f);
            float product = disagreement == 0.0f ? 0.0f : disagreement * x1;
            return product - PortableMath.log1pUnit(PortableMath.exp(PortableMath.minusAbs(x1)));
        }

        @Override
        public float gradient(int argument, float x1, float x2, float x3, float dy) {
            if (argument == 2) {
                return dy * x1;
            }
            return Math.abs(x1) == Float.POSITIVE_INFINITY ? 0.0f : dy * (x2 - PortableMath.sigmoid(x1));
        }
    },
    /// log N(x₁ | mean x₂, log-variance x₃) = −½ Σ log 2π + x₃ + (x₁ − x₂)² exp(−x₃).
    GAUSSIAN(3, -0.5) {
        @Override
        public float value(float x1, float x2, float x3) {
            float v = bounded(x3);
            float apart = x1 - x2;
            return LOG_TWO_PI + v + apart * apart * PortableMath.exp(-v);
        }

        @Override
        public float gradient(int argument, float x1, float x2, float x3, float dy) {
            float apart = x1 - x2;
            float scaled = apart * PortableMath.exp(-bounded(x3));
            float slope = argument == 1 ? -scaled : argument == 2 ? scaled : 0.5f * (scaled * apart - 1.0f);
            float gradient = 0.0f + dy * slope; // the twin is a sum from 0, which knows no −0
            return argument == 3 ? boundedGradient(x3, gradient) : gradient;
        }
    },
    /// KL(N(x₁, exp x₂) ‖ N(0, 1)) = ½ Σ x₁² + exp x₂ − 1 − x₂.
    GAUSSIAN_KL(2, 0.5) {
        @Override
        public float value(float x1, float x2, float x3) {
            float v = bounded(x2);
            return x1 * x1 + (PortableMath.exp(v) - 1.0f - v);
        }

        @Override
        public float gradient(int argument, float x1, float x2, float x3, float dy) {
            if (argument == 1) {
                return dy * x1;
            }
            return boundedGradient(x2, 0.5f * dy * (PortableMath.exp(bounded(x2)) - 1.0f));
        }
    },
    /// log-density of a draw mean + exp(½ x₁) x₂ under its own N(mean, log-variance x₁) = −½ Σ log 2π + (x₁ + x₂²).
    NORMAL_DRAW(2, -0.5) {
        @Override
        public float value(float x1, float x2, float x3) {
            return LOG_TWO_PI + (bounded(x1) + x2 * x2);
        }

        @Override
        public float gradient(int argument, float x1, float x2, float x3, float dy) {
            return argument == 1 ? boundedGradient(x1, -0.5f * dy) : -(dy * x2);
        }
    },
    /// log N(x₃ | 0, 1) − log q(x₃) of a draw x₃ = mean + exp(½ x₁) x₂ from q, its own normal = ½ Σ (x₁ + x₂²) − x₃².
    NORMAL_RATIO(3, 0.5) {
        @Override
        public float value(float x1, float x2, float x3) {
            return bounded(x1) + x2 * x2 - x3 * x3;
        }

        @Override
        public float gradient(int argument, float x1, float x2, float x3, float dy) {
            return argument == 1 ? boundedGradient(x1, 0.5f * dy) : argument == 2 ? dy * x2 : -(dy * x3);
        }
    },
    /// log(1 + exp x₁).
    SOFTPLUS(1, 1) {
        @Override
        public float value(float x1, float x2, float x3) {
            return PortableMath.softplus(x1);
        }

        @Override
        public float gradient(int argument, float x1, float x2, float x3, float dy) {
            return dy * PortableMath.sigmoid(x1);
        }
    };

    /// log 2π.
    static final float LOG_TWO_PI = 1.8378770664093453f;

    /// A log-variance counts as at most this and at least its negative: deviations from 4.5·10⁻⁵ to 2.2·10⁴.
    public static final float LOG_VARIANCE_BOUND = 20.0f;

    private final int arity;
    private final double scale;

    Term(int arity, double scale) {
        this.arity = arity;
        this.scale = scale;
    }

    /// How many of x₁, x₂, x₃ it reads; the others are ignored.
    public int arity() {
        return arity;
    }

    /// What the sum is multiplied by, in f64.
    public double scale() {
        return scale;
    }

    /// The term.
    public abstract float value(float x1, float x2, float x3);

    /// dy · scale · ∂value/∂x of `argument`.
    ///
    /// @param argument 1, 2 or 3, at most [#arity()]
    public abstract float gradient(int argument, float x1, float x2, float x3, float dy);

    /// A log-variance held to the bound; NaN passes.
    static float bounded(float v) {
        return v > LOG_VARIANCE_BOUND ? LOG_VARIANCE_BOUND : v < -LOG_VARIANCE_BOUND ? -LOG_VARIANCE_BOUND : v;
    }

    /// A gradient by a log-variance, 0 where it was out of bounds.
    static float boundedGradient(float v, float dv) {
        return Math.abs(v) > LOG_VARIANCE_BOUND ? 0.0f : dv;
    }
}
