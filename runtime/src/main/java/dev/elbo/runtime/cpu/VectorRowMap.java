package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Lanes.all;
import static dev.elbo.runtime.cpu.VectorFunctions.bounded;
import static dev.elbo.runtime.cpu.VectorFunctions.boundedGradient;
import static dev.elbo.runtime.cpu.VectorFunctions.exp;
import static dev.elbo.runtime.cpu.VectorFunctions.sigmoid;
import static jdk.incubator.vector.VectorOperators.EQ;

import jdk.incubator.vector.FloatVector;

/// [RowMap], a vector at a time.
enum VectorRowMap {
    FILL {
        @Override
        FloatVector value(FloatVector u, FloatVector v, FloatVector w, float s, float t) {
            return all(s);
        }
    },
    COPY {
        @Override
        FloatVector value(FloatVector u, FloatVector v, FloatVector w, float s, float t) {
            return u;
        }
    },
    SCALE {
        @Override
        FloatVector value(FloatVector u, FloatVector v, FloatVector w, float s, float t) {
            return u.mul(s);
        }
    },
    AXPY {
        @Override
        FloatVector value(FloatVector u, FloatVector v, FloatVector w, float s, float t) {
            return u.fma(all(s), v);
        }
    },
    LESS {
        @Override
        FloatVector value(FloatVector u, FloatVector v, FloatVector w, float s, float t) {
            return u.sub(s);
        }
    },
    QUOTIENT {
        @Override
        FloatVector value(FloatVector u, FloatVector v, FloatVector w, float s, float t) {
            return u.div(s);
        }
    },
    EXP_LESS {
        @Override
        FloatVector value(FloatVector u, FloatVector v, FloatVector w, float s, float t) {
            return exp(u.sub(s));
        }
    },
    EXP_LESS_TIMES {
        @Override
        FloatVector value(FloatVector u, FloatVector v, FloatVector w, float s, float t) {
            return exp(u.sub(s)).mul(t);
        }
    },
    PLUS_TIMES {
        @Override
        FloatVector value(FloatVector u, FloatVector v, FloatVector w, float s, float t) {
            return u.add(v.mul(s));
        }
    },
    SOFTMAX_GRADIENT {
        @Override
        FloatVector value(FloatVector u, FloatVector v, FloatVector w, float s, float t) {
            return u.mul(v.sub(s));
        }
    },
    LOG_SOFTMAX_GRADIENT {
        @Override
        FloatVector value(FloatVector u, FloatVector v, FloatVector w, float s, float t) {
            return v.sub(exp(u).mul(s)).blend(0.0f, u.compare(EQ, Float.NEGATIVE_INFINITY));
        }
    },
    LABEL_GRADIENT {
        @Override
        FloatVector value(FloatVector u, FloatVector v, FloatVector w, float s, float t) {
            return all(0.0f).sub(exp(u.sub(s))).mul(t);
        }
    },
    UNIFORM {
        @Override
        FloatVector value(FloatVector u, FloatVector v, FloatVector w, float s, float t) {
            return VectorDraws.uniform(u.reinterpretAsInts());
        }
    },
    BERNOULLI {
        @Override
        FloatVector value(FloatVector u, FloatVector v, FloatVector w, float s, float t) {
            return VectorDraws.bernoulli(u.reinterpretAsInts(), v);
        }
    },
    BERNOULLI_LOGIT {
        @Override
        FloatVector value(FloatVector u, FloatVector v, FloatVector w, float s, float t) {
            return VectorDraws.bernoulli(u.reinterpretAsInts(), sigmoid(v));
        }
    },
    DROPOUT {
        @Override
        FloatVector value(FloatVector u, FloatVector v, FloatVector w, float s, float t) {
            return all(0.0f)
                    .blend(
                            v.mul(t),
                            VectorDraws.bernoulli(u.reinterpretAsInts(), all(s)).compare(EQ, 1.0f));
        }
    },
    NORMAL_DRAW {
        @Override
        FloatVector value(FloatVector u, FloatVector v, FloatVector w, float s, float t) {
            return exp(bounded(v).mul(0.5f)).fma(w, u);
        }
    },
    NORMAL_DRAW_GRADIENT {
        @Override
        FloatVector value(FloatVector u, FloatVector v, FloatVector w, float s, float t) {
            return u.mul(exp(bounded(v).mul(0.5f))).mul(w).sub(s).mul(0.5f);
        }
    },
    DIVERGENCE_GRADIENT {
        @Override
        FloatVector value(FloatVector u, FloatVector v, FloatVector w, float s, float t) {
            return boundedGradient(v, u.add(exp(bounded(v)).sub(1.0f).mul(0.5f * s)));
        }
    },
    MOVING {
        @Override
        FloatVector value(FloatVector u, FloatVector v, FloatVector w, float s, float t) {
            return u.fma(all(s), v.mul(t));
        }
    },
    MOVING_SQUARE {
        @Override
        FloatVector value(FloatVector u, FloatVector v, FloatVector w, float s, float t) {
            return u.fma(all(s), v.mul(t).mul(v));
        }
    },
    OVER_ROOT {
        @Override
        FloatVector value(FloatVector u, FloatVector v, FloatVector w, float s, float t) {
            return u.div(v.sqrt().add(s));
        }
    },
    OVER_ROOT_OF_SUM {
        @Override
        FloatVector value(FloatVector u, FloatVector v, FloatVector w, float s, float t) {
            return u.div(v.add(s).sqrt());
        }
    };

    abstract FloatVector value(FloatVector u, FloatVector v, FloatVector w, float s, float t);
}
