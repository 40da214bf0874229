package dev.elbo.runtime.cpu;

import dev.elbo.runtime.portable.PortableMath;

/// Functions of one element, each with what it makes of a gradient: the twin of `common/functions.cuh`, in its
/// order, so that [#ordinal()] is the code on a GPU.
///
/// ```
/// y = value(x)      dx = gradient(x, y, dy) = dy f′(x)
/// ```
///
/// A gradient is written in x or in y, whichever is shorter, and reads only that one. NaN passes through every
/// value. The vector twin has the same names.
public enum Unary {
    /// y = x.
    IDENTITY(Reads.NEITHER) {
        @Override
        public float value(float x, float parameter) {
            return x;
        }

        @Override
        public float gradient(float x, float y, float dy, float parameter) {
            return dy;
        }
    },
    /// y = exp x.
    EXP(Reads.Y) {
        @Override
        public float value(float x, float parameter) {
            return PortableMath.exp(x);
        }

        @Override
        public float gradient(float x, float y, float dy, float parameter) {
            return dy * y;
        }
    },
    /// y = log x.
    LOG(Reads.X) {
        @Override
        public float value(float x, float parameter) {
            return PortableMath.log(x);
        }

        @Override
        public float gradient(float x, float y, float dy, float parameter) {
            return dy / x;
        }
    },
    /// y = √x.
    SQRT(Reads.Y) {
        @Override
        public float value(float x, float parameter) {
            return (float) Math.sqrt(x);
        }

        @Override
        public float gradient(float x, float y, float dy, float parameter) {
            return dy / (y + y);
        }
    },
    /// y = x².
    SQUARE(Reads.X) {
        @Override
        public float value(float x, float parameter) {
            return x * x;
        }

        @Override
        public float gradient(float x, float y, float dy, float parameter) {
            return dy * (x + x);
        }
    },
    /// y = |x|; gradient 0 at 0.
    ABS(Reads.X) {
        @Override
        public float value(float x, float parameter) {
            return Math.abs(x);
        }

        @Override
        public float gradient(float x, float y, float dy, float parameter) {
            return x > 0.0f ? dy : x < 0.0f ? -dy : 0.0f;
        }
    },
    /// y = −x.
    NEGATE(Reads.NEITHER) {
        @Override
        public float value(float x, float parameter) {
            return -x;
        }

        @Override
        public float gradient(float x, float y, float dy, float parameter) {
            return -dy;
        }
    },
    /// y = 1 / (1 + exp(−x)).
    SIGMOID(Reads.Y) {
        @Override
        public float value(float x, float parameter) {
            return PortableMath.sigmoid(x);
        }

        @Override
        public float gradient(float x, float y, float dy, float parameter) {
            return dy * (y * (1.0f - y));
        }
    },
    /// y = tanh x.
    TANH(Reads.Y) {
        @Override
        public float value(float x, float parameter) {
            return PortableMath.tanh(x);
        }

        @Override
        public float gradient(float x, float y, float dy, float parameter) {
            return dy * Math.fma(-y, y, 1.0f);
        }
    },
    /// y = log(1 + exp x).
    SOFTPLUS(Reads.X) {
        @Override
        public float value(float x, float parameter) {
            return PortableMath.softplus(x);
        }

        @Override
        public float gradient(float x, float y, float dy, float parameter) {
            return dy * PortableMath.sigmoid(x);
        }
    },
    /// y = 0 if x ≤ 0, else x.
    RELU(Reads.X) {
        @Override
        public float value(float x, float parameter) {
            return x <= 0.0f ? 0.0f : x;
        }

        @Override
        public float gradient(float x, float y, float dy, float parameter) {
            return x > 0.0f ? dy : 0.0f;
        }
    },
    /// y = parameter · x if x < 0, else x.
    LEAKY_RELU(Reads.X) {
        @Override
        public float value(float x, float parameter) {
            return x < 0.0f ? parameter * x : x;
        }

        @Override
        public float gradient(float x, float y, float dy, float parameter) {
            return x < 0.0f ? parameter * dy : dy;
        }
    };

    /// What a gradient is written in.
    private enum Reads {
        X,
        Y,
        NEITHER
    }

    private final Reads reads;

    Unary(Reads reads) {
        this.reads = reads;
    }

    /// Whether the gradient looks at x.
    public boolean readsX() {
        return reads == Reads.X;
    }

    /// Whether the gradient looks at y.
    public boolean readsY() {
        return reads == Reads.Y;
    }

    /// f(x).
    ///
    /// @param parameter of the family, ignored by functions that have none
    public abstract float value(float x, float parameter);

    /// dy · f′(x).
    public abstract float gradient(float x, float y, float dy, float parameter);
}
