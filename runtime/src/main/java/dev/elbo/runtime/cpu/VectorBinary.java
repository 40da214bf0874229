package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.VectorFunctions.minus;

import jdk.incubator.vector.FloatVector;

/// [Binary], a vector at a time.
enum VectorBinary {
    ADD {
        @Override
        FloatVector value(FloatVector a, FloatVector b) {
            return a.add(b);
        }

        @Override
        FloatVector gradientOfA(FloatVector a, FloatVector b, FloatVector dy) {
            return dy;
        }

        @Override
        FloatVector gradientOfB(FloatVector a, FloatVector b, FloatVector dy) {
            return dy;
        }
    },
    SUBTRACT {
        @Override
        FloatVector value(FloatVector a, FloatVector b) {
            return a.sub(b);
        }

        @Override
        FloatVector gradientOfA(FloatVector a, FloatVector b, FloatVector dy) {
            return dy;
        }

        @Override
        FloatVector gradientOfB(FloatVector a, FloatVector b, FloatVector dy) {
            return minus(dy);
        }
    },
    MULTIPLY {
        @Override
        FloatVector value(FloatVector a, FloatVector b) {
            return a.mul(b);
        }

        @Override
        FloatVector gradientOfA(FloatVector a, FloatVector b, FloatVector dy) {
            return dy.mul(b);
        }

        @Override
        FloatVector gradientOfB(FloatVector a, FloatVector b, FloatVector dy) {
            return dy.mul(a);
        }
    },
    DIVIDE {
        @Override
        FloatVector value(FloatVector a, FloatVector b) {
            return a.div(b);
        }

        @Override
        FloatVector gradientOfA(FloatVector a, FloatVector b, FloatVector dy) {
            return dy.div(b);
        }

        @Override
        FloatVector gradientOfB(FloatVector a, FloatVector b, FloatVector dy) {
            return minus(dy.mul(a.div(b))).div(b);
        }
    };

    abstract FloatVector value(FloatVector a, FloatVector b);

    abstract FloatVector gradientOfA(FloatVector a, FloatVector b, FloatVector dy);

    abstract FloatVector gradientOfB(FloatVector a, FloatVector b, FloatVector dy);
}
