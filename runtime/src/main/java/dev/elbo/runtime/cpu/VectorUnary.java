package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Lanes.all;
import static dev.elbo.runtime.cpu.VectorFunctions.abs;
import static dev.elbo.runtime.cpu.VectorFunctions.exp;
import static dev.elbo.runtime.cpu.VectorFunctions.log;
import static dev.elbo.runtime.cpu.VectorFunctions.minus;
import static dev.elbo.runtime.cpu.VectorFunctions.sigmoid;
import static dev.elbo.runtime.cpu.VectorFunctions.softplus;
import static dev.elbo.runtime.cpu.VectorFunctions.tanh;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LE;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;

/// [Unary], a vector at a time.
enum VectorUnary {
    IDENTITY {
        @Override
        FloatVector value(FloatVector x, float parameter) {
            return x;
        }

        @Override
        FloatVector gradient(FloatVector x, FloatVector y, FloatVector dy, float parameter) {
            return dy;
        }
    },
    EXP {
        @Override
        FloatVector value(FloatVector x, float parameter) {
            return exp(x);
        }

        @Override
        FloatVector gradient(FloatVector x, FloatVector y, FloatVector dy, float parameter) {
            return dy.mul(y);
        }
    },
    LOG {
        @Override
        FloatVector value(FloatVector x, float parameter) {
            return log(x);
        }

        @Override
        FloatVector gradient(FloatVector x, FloatVector y, FloatVector dy, float parameter) {
            return dy.div(x);
        }
    },
    SQRT {
        @Override
        FloatVector value(FloatVector x, float parameter) {
            return x.sqrt();
        }

        @Override
        FloatVector gradient(FloatVector x, FloatVector y, FloatVector dy, float parameter) {
            return dy.div(y.add(y));
        }
    },
    SQUARE {
        @Override
        FloatVector value(FloatVector x, float parameter) {
            return x.mul(x);
        }

        @Override
        FloatVector gradient(FloatVector x, FloatVector y, FloatVector dy, float parameter) {
            return dy.mul(x.add(x));
        }
    },
    ABS {
        @Override
        FloatVector value(FloatVector x, float parameter) {
            return abs(x);
        }

        @Override
        FloatVector gradient(FloatVector x, FloatVector y, FloatVector dy, float parameter) {
            return all(0.0f).blend(dy, x.compare(GT, 0.0f)).blend(minus(dy), x.compare(LT, 0.0f));
        }
    },
    NEGATE {
        @Override
        FloatVector value(FloatVector x, float parameter) {
            return minus(x);
        }

        @Override
        FloatVector gradient(FloatVector x, FloatVector y, FloatVector dy, float parameter) {
            return minus(dy);
        }
    },
    SIGMOID {
        @Override
        FloatVector value(FloatVector x, float parameter) {
            return sigmoid(x);
        }

        @Override
        FloatVector gradient(FloatVector x, FloatVector y, FloatVector dy, float parameter) {
            return dy.mul(y.mul(all(1.0f).sub(y)));
        }
    },
    TANH {
        @Override
        FloatVector value(FloatVector x, float parameter) {
            return tanh(x);
        }

        @Override
        FloatVector gradient(FloatVector x, FloatVector y, FloatVector dy, float parameter) {
            return dy.mul(minus(y).fma(y, all(1.0f)));
        }
    },
    SOFTPLUS {
        @Override
        FloatVector value(FloatVector x, float parameter) {
            return softplus(x);
        }

        @Override
        FloatVector gradient(FloatVector x, FloatVector y, FloatVector dy, float parameter) {
            return dy.mul(sigmoid(x));
        }
    },
    RELU {
        @Override
        FloatVector value(FloatVector x, float parameter) {
            return x.blend(0.0f, x.compare(LE, 0.0f));
        }

        @Override
        FloatVector gradient(FloatVector x, FloatVector y, FloatVector dy, float parameter) {
            return all(0.0f).blend(dy, x.compare(GT, 0.0f));
        }
    },
    LEAKY_RELU {
        @Override
        FloatVector value(FloatVector x, float parameter) {
            return x.blend(x.mul(parameter), x.compare(LT, 0.0f));
        }

        @Override
        FloatVector gradient(FloatVector x, FloatVector y, FloatVector dy, float parameter) {
            return dy.blend(dy.mul(parameter), x.compare(LT, 0.0f));
        }
    };

    abstract FloatVector value(FloatVector x, float parameter);

    abstract FloatVector gradient(FloatVector x, FloatVector y, FloatVector dy, float parameter);
}
