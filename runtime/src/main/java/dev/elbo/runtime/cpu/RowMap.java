package dev.elbo.runtime.cpu;

import dev.elbo.runtime.portable.PortableMath;
import dev.elbo.runtime.random.Draws;

/// The steps that composed operations take along a run: functions of up to three elements u, v, w and of two
/// numbers s, t that hold for the run. The vector twin has the same names.
enum RowMap {
    /// s.
    FILL(0) {
        @Override
        float value(float u, float v, float w, float s, float t) {
            return s;
        }
    },
    /// u.
    COPY(1) {
        @Override
        float value(float u, float v, float w, float s, float t) {
            return u;
        }
    },
    /// s · u.
    SCALE(1) {
        @Override
        float value(float u, float v, float w, float s, float t) {
            return s * u;
        }
    },
    /// s · u + v, fused.
    AXPY(2) {
        @Override
        float value(float u, float v, float w, float s, float t) {
            return Math.fma(s, u, v);
        }
    },
    /// u − s.
    LESS(1) {
        @Override
        float value(float u, float v, float w, float s, float t) {
            return u - s;
        }
    },
    /// u / s.
    QUOTIENT(1) {
        @Override
        float value(float u, float v, float w, float s, float t) {
            return u / s;
        }
    },
    /// exp(u − s).
    EXP_LESS(1) {
        @Override
        float value(float u, float v, float w, float s, float t) {
            return PortableMath.exp(u - s);
        }
    },
    /// t · exp(u − s).
    EXP_LESS_TIMES(1) {
        @Override
        float value(float u, float v, float w, float s, float t) {
            return t * PortableMath.exp(u - s);
        }
    },
    /// u + s · v, each rounded.
    PLUS_TIMES(2) {
        @Override
        float value(float u, float v, float w, float s, float t) {
            return u + s * v;
        }
    },
    /// u (v − s): u a softmax, v its gradient, s their mean.
    SOFTMAX_GRADIENT(2) {
        @Override
        float value(float u, float v, float w, float s, float t) {
            return u * (v - s);
        }
    },
    /// v − exp u · s: u a log-softmax, v its gradient, s the sum of v; 0 where u is −∞.
    LOG_SOFTMAX_GRADIENT(2) {
        @Override
        float value(float u, float v, float w, float s, float t) {
            return u == Float.NEGATIVE_INFINITY ? 0.0f : v - PortableMath.exp(u) * s;
        }
    },
    /// t (0 − exp(u − s)): the categorical gradient beside the label.
    LABEL_GRADIENT(1) {
        @Override
        float value(float u, float v, float w, float s, float t) {
            return t * (0.0f - PortableMath.exp(u - s));
        }
    },
    /// The uniform of the word u.
    UNIFORM(1) {
        @Override
        float value(float u, float v, float w, float s, float t) {
            return Draws.uniform(Float.floatToRawIntBits(u));
        }
    },
    /// 1 with probability v, by the word u.
    BERNOULLI(2) {
        @Override
        float value(float u, float v, float w, float s, float t) {
            return Draws.bernoulli(Float.floatToRawIntBits(u), Draws.threshold(v));
        }
    },
    /// 1 with probability sigmoid v, by the word u.
    BERNOULLI_LOGIT(2) {
        @Override
        float value(float u, float v, float w, float s, float t) {
            return Draws.bernoulli(Float.floatToRawIntBits(u), Draws.threshold(PortableMath.sigmoid(v)));
        }
    },
    /// t · v with probability s, by the word u, else 0.
    DROPOUT(2) {
        @Override
        float value(float u, float v, float w, float s, float t) {
            return Draws.bernoulli(Float.floatToRawIntBits(u), Draws.threshold(s)) != 0.0f ? t * v : 0.0f;
        }
    },
    /// u + exp(½ v) · w, fused: mean u, log-variance v, normal w.
    NORMAL_DRAW(3) {
        @Override
        float value(float u, float v, float w, float s, float t) {
            return Math.fma(PortableMath.exp(0.5f * Term.bounded(v)), w, u);
        }
    },
    /// ½ (u exp(½ v) w − s): gradient u of a draw, log-variance v, normal w, gradient s of its density.
    NORMAL_DRAW_GRADIENT(3) {
        @Override
        float value(float u, float v, float w, float s, float t) {
            return 0.5f * (u * PortableMath.exp(0.5f * Term.bounded(v)) * w - s);
        }
    },
    /// u + ½ s (exp v − 1), 0 where the log-variance v is out of bounds.
    DIVERGENCE_GRADIENT(2) {
        @Override
        float value(float u, float v, float w, float s, float t) {
            return Term.boundedGradient(v, u + 0.5f * s * (PortableMath.exp(Term.bounded(v)) - 1.0f));
        }
    },
    /// s · u + t · v, the first product fused: a moving mean.
    MOVING(2) {
        @Override
        float value(float u, float v, float w, float s, float t) {
            return Math.fma(s, u, t * v);
        }
    },
    /// s · u + t · v · v, the first product fused: a moving mean square.
    MOVING_SQUARE(2) {
        @Override
        float value(float u, float v, float w, float s, float t) {
            return Math.fma(s, u, t * v * v);
        }
    },
    /// u / (√v + s).
    OVER_ROOT(2) {
        @Override
        float value(float u, float v, float w, float s, float t) {
            return u / ((float) Math.sqrt(v) + s);
        }
    },
    /// u / √(v + s).
    OVER_ROOT_OF_SUM(2) {
        @Override
        float value(float u, float v, float w, float s, float t) {
            return u / (float) Math.sqrt(v + s);
        }
    };

    private final int arity;

    RowMap(int arity) {
        this.arity = arity;
    }

    /// How many of u, v, w it reads.
    int arity() {
        return arity;
    }

    abstract float value(float u, float v, float w, float s, float t);
}
