package dev.elbo.runtime.cpu;

/// Arithmetic of two elements, each with what it makes of a gradient; [#ordinal()] is the code of `binary_f32` on a
/// GPU.
///
/// ```
/// y = value(a, b)      da = gradientOfA(a, b, dy) = dy ∂y/∂a      db = gradientOfB(a, b, dy) = dy ∂y/∂b
/// ```
///
/// The vector twin has the same names.
public enum Binary {
    /// y = a + b.
    ADD {
        @Override
        public float value(float a, float b) {
            return a + b;
        }

        @Override
        public float gradientOfA(float a, float b, float dy) {
            return dy;
        }

        @Override
        public float gradientOfB(float a, float b, float dy) {
            return dy;
        }
    },
    /// y = a − b.
    SUBTRACT {
        @Override
        public float value(float a, float b) {
            return a - b;
        }

        @Override
        public float gradientOfA(float a, float b, float dy) {
            return dy;
        }

        @Override
        public float gradientOfB(float a, float b, float dy) {
            return -dy;
        }
    },
    /// y = a · b.
    MULTIPLY {
        @Override
        public float value(float a, float b) {
            return a * b;
        }

        @Override
        public float gradientOfA(float a, float b, float dy) {
            return dy * b;
        }

        @Override
        public float gradientOfB(float a, float b, float dy) {
            return dy * a;
        }
    },
    /// y = a / b.
    DIVIDE {
        @Override
        public float value(float a, float b) {
            return a / b;
        }

        @Override
        public float gradientOfA(float a, float b, float dy) {
            return dy / b;
        }

        @Override
        public float gradientOfB(float a, float b, float dy) {
            return -(dy * (a / b)) / b;
        }
    };

    /// y.
    public abstract float value(float a, float b);

    /// dy · ∂y/∂a.
    public abstract float gradientOfA(float a, float b, float dy);

    /// dy · ∂y/∂b.
    public abstract float gradientOfB(float a, float b, float dy);
}
