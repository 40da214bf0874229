package dev.elbo.runtime.cpu;

import dev.elbo.runtime.portable.PortableMath;

/// What a sum adds up: functions of one to three elements, each with its partial derivatives.
///
/// ```
/// y = Σ value(x₁, x₂, x₃)      dxₖ = dy · slopeₖ(x₁, x₂, x₃)
/// ```
///
/// A term is computed in f32 and added in f64. Log is natural. The vector twin has the same names.
public enum Term {
    /// x₁ itself.
    VALUE(1) {
        @Override
        public float value(float x1, float x2, float x3) {
            return x1;
        }

        @Override
        public float slope(int argument, float x1, float x2, float x3) {
            return 1.0f;
        }
    },
    /// x₁².
    SQUARE(1) {
        @Override
        public float value(float x1, float x2, float x3) {
            return x1 * x1;
        }

        @Override
        public float slope(int argument, float x1, float x2, float x3) {
            return x1 + x1;
        }
    },
    /// x₁ · x₂.
    PRODUCT(2) {
        @Override
        public float value(float x1, float x2, float x3) {
            return x1 * x2;
        }

        @Override
        public float slope(int argument, float x1, float x2, float x3) {
            return argument == 1 ? x2 : x1;
        }
    },
    /// log Bernoulli(x₂ | sigmoid x₁): x₁ a logit, x₂ data from 0 to 1.
    ///
    /// `x₂ l − softplus l` is written `(x₂ − [l > 0]) l − log(1 + exp(−|l|))`, which does not cancel for a
    /// confident logit.
    BERNOULLI(2) {
        @Override
        public float value(float x1, float x2, float x3) {
            float tail = PortableMath.log1pUnit(PortableMath.exp(PortableMath.minusAbs(x1)));
            return Math.fma(x2 - (x1 > 0.0f ? 1.0f : 0.0f), x1, -tail);
        }

        @Override
        public float slope(int argument, float x1, float x2, float x3) {
            return argument == 1 ? x2 - PortableMath.sigmoid(x1) : x1;
        }
    },
    /// log N(x₁ | mean x₂, variance exp x₃) = −½ (log 2π + x₃ + (x₁ − x₂)² exp(−x₃)).
    GAUSSIAN(3) {
        @Override
        public float value(float x1, float x2, float x3) {
            float distance = x1 - x2;
            float scaled = Math.fma(distance * distance, PortableMath.exp(-x3), x3);
            return -0.5f * (scaled + LOG_TWO_PI);
        }

        @Override
        public float slope(int argument, float x1, float x2, float x3) {
            float distance = x1 - x2;
            float scaled = distance * PortableMath.exp(-x3);
            return switch (argument) {
                case 1 -> -scaled;
                case 2 -> scaled;
                default -> 0.5f * Math.fma(scaled, distance, -1.0f);
            };
        }
    },
    /// KL(N(x₁, exp x₂) ‖ N(0, 1)) = ½ (x₁² + exp x₂ − 1 − x₂).
    GAUSSIAN_KL(2) {
        @Override
        public float value(float x1, float x2, float x3) {
            return 0.5f * Math.fma(x1, x1, PortableMath.exp(x2) - 1.0f - x2);
        }

        @Override
        public float slope(int argument, float x1, float x2, float x3) {
            return argument == 1 ? x1 : 0.5f * (PortableMath.exp(x2) - 1.0f);
        }
    };

    /// log 2π.
    public static final float LOG_TWO_PI = 1.8378770664f;

    private final int arity;

    Term(int arity) {
        this.arity = arity;
    }

    /// How many of x₁, x₂, x₃ it reads; the others are ignored.
    public int arity() {
        return arity;
    }

    /// The term.
    public abstract float value(float x1, float x2, float x3);

    /// ∂value/∂x of `argument`.
    ///
    /// @param argument 1, 2 or 3, at most [#arity()]
    public abstract float slope(int argument, float x1, float x2, float x3);
}
