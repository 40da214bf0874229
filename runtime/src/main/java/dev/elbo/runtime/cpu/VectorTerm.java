package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Lanes.all;
import static dev.elbo.runtime.cpu.VectorFunctions.abs;
import static dev.elbo.runtime.cpu.VectorFunctions.bounded;
import static dev.elbo.runtime.cpu.VectorFunctions.boundedGradient;
import static dev.elbo.runtime.cpu.VectorFunctions.exp;
import static dev.elbo.runtime.cpu.VectorFunctions.log1pUnit;
import static dev.elbo.runtime.cpu.VectorFunctions.minus;
import static dev.elbo.runtime.cpu.VectorFunctions.minusAbs;
import static dev.elbo.runtime.cpu.VectorFunctions.sigmoid;
import static dev.elbo.runtime.cpu.VectorFunctions.softplus;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GT;

import jdk.incubator.vector.FloatVector;

/// [Term], a vector at a time.
enum VectorTerm {
    VALUE {
        @Override
        FloatVector value(FloatVector x1, FloatVector x2, FloatVector x3) {
            return x1;
        }

        @Override
        FloatVector gradient(int argument, FloatVector x1, FloatVector x2, FloatVector x3, float dy) {
            return all(dy);
        }
    },
    SQUARE {
        @Override
        FloatVector value(FloatVector x1, FloatVector x2, FloatVector x3) {
            return x1.mul(x1);
        }

        @Override
        FloatVector gradient(int argument, FloatVector x1, FloatVector x2, FloatVector x3, float dy) {
            return x1.add(x1).mul(dy);
        }
    },
    PRODUCT {
        @Override
        FloatVector value(FloatVector x1, FloatVector x2, FloatVector x3) {
            return x1.mul(x2);
        }

        @Override
        FloatVector gradient(int argument, FloatVector x1, FloatVector x2, FloatVector x3, float dy) {
            return (argument == 1 ? x2 : x1).mul(dy);
        }
    },
    BERNOULLI {
        @Override
        FloatVector value(FloatVector x1, FloatVector x2, FloatVector x3) {
            FloatVector disagreement = x2.sub(all(0.0f).blend(1.0f, x1.compare(GT, 0.0f)));
            FloatVector product = disagreement.mul(x1).blend(0.0f, disagreement.compare(EQ, 0.0f));
            return product.sub(log1pUnit(exp(minusAbs(x1))));
        }

        @Override
        FloatVector gradient(int argument, FloatVector x1, FloatVector x2, FloatVector x3, float dy) {
            if (argument == 2) {
                return x1.mul(dy);
            }
            return x2.sub(sigmoid(x1)).mul(dy).blend(0.0f, abs(x1).compare(EQ, Float.POSITIVE_INFINITY));
        }
    },
    GAUSSIAN {
        @Override
        FloatVector value(FloatVector x1, FloatVector x2, FloatVector x3) {
            FloatVector v = bounded(x3);
            FloatVector apart = x1.sub(x2);
            return v.add(Term.LOG_TWO_PI).add(apart.mul(apart).mul(exp(minus(v))));
        }

        @Override
        FloatVector gradient(int argument, FloatVector x1, FloatVector x2, FloatVector x3, float dy) {
            FloatVector apart = x1.sub(x2);
            FloatVector scaled = apart.mul(exp(minus(bounded(x3))));
            if (argument == 1) {
                return minus(scaled).mul(dy).add(0.0f);
            }
            if (argument == 2) {
                return scaled.mul(dy).add(0.0f);
            }
            return boundedGradient(
                    x3, scaled.mul(apart).sub(1.0f).mul(0.5f).mul(dy).add(0.0f));
        }
    },
    GAUSSIAN_KL {
        @Override
        FloatVector value(FloatVector x1, FloatVector x2, FloatVector x3) {
            FloatVector v = bounded(x2);
            return x1.mul(x1).add(exp(v).sub(1.0f).sub(v));
        }

        @Override
        FloatVector gradient(int argument, FloatVector x1, FloatVector x2, FloatVector x3, float dy) {
            if (argument == 1) {
                return x1.mul(dy);
            }
            return boundedGradient(x2, exp(bounded(x2)).sub(1.0f).mul(0.5f * dy));
        }
    },
    NORMAL_DRAW {
        @Override
        FloatVector value(FloatVector x1, FloatVector x2, FloatVector x3) {
            return bounded(x1).add(x2.mul(x2)).add(Term.LOG_TWO_PI);
        }

        @Override
        FloatVector gradient(int argument, FloatVector x1, FloatVector x2, FloatVector x3, float dy) {
            return argument == 1 ? boundedGradient(x1, all(-0.5f * dy)) : minus(x2.mul(dy));
        }
    },
    NORMAL_RATIO {
        @Override
        FloatVector value(FloatVector x1, FloatVector x2, FloatVector x3) {
            return bounded(x1).add(x2.mul(x2)).sub(x3.mul(x3));
        }

        @Override
        FloatVector gradient(int argument, FloatVector x1, FloatVector x2, FloatVector x3, float dy) {
            if (argument == 1) {
                return boundedGradient(x1, all(0.5f * dy));
            }
            return argument == 2 ? x2.mul(dy) : minus(x3.mul(dy));
        }
    },
    SOFTPLUS {
        @Override
        FloatVector value(FloatVector x1, FloatVector x2, FloatVector x3) {
            return softplus(x1);
        }

        @Override
        FloatVector gradient(int argument, FloatVector x1, FloatVector x2, FloatVector x3, float dy) {
            return sigmoid(x1).mul(dy);
        }
    };

    abstract FloatVector value(FloatVector x1, FloatVector x2, FloatVector x3);

    abstract FloatVector gradient(int argument, FloatVector x1, FloatVector x2, FloatVector x3, float dy);
}
