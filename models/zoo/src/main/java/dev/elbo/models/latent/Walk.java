package dev.elbo.models.latent;

import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;

/// Ways through a space of codes.
///
/// ```
/// line        z(t) = (1 − t) a + t b                                t = 0, 1/(steps − 1), …, 1
/// arc         z(t) = sin((1 − t) ω)/sin ω · a + sin(t ω)/sin ω · b     ω the angle between a and b
/// arithmetic  z    = a − b + c
/// ```
///
/// Under a wide normal prior all codes lie near a sphere, which a line between two leaves and an arc follows.
public final class Walk {
    private Walk() {}

    /// Points straight from each a to each b.
    ///
    /// @param a     (n, latent)
    /// @param b     (n, latent)
    /// @param steps at least 2
    /// @return (n · steps, latent)
    public static Tensor line(Ops f, Tensor a, Tensor b, int steps) {
        return between(f, a, b, steps, (_, t) -> new double[] {1 - t, t});
    }

    /// Points along the arc from each a to each b.
    ///
    /// @param a     (n, latent)
    /// @param b     (n, latent)
    /// @param steps at least 2
    /// @return (n · steps, latent)
    public static Tensor arc(Ops f, Tensor a, Tensor b, int steps) {
        return between(f, a, b, steps, (angle, t) -> {
            double sine = Math.sin(angle);
            boolean straight = Math.abs(sine) < 1e-6;
            return straight
                    ? new double[] {1 - t, t}
                    : new double[] {Math.sin((1 - t) * angle) / sine, Math.sin(t * angle) / sine};
        });
    }

    /// a − b + c: what leads from b to c, from a on.
    ///
    /// @param a (n, latent)
    /// @param b (n, latent)
    /// @param c (n, latent)
    /// @return (n, latent)
    public static Tensor arithmetic(Ops f, Tensor a, Tensor b, Tensor c) {
        return f.plus(f.minus(a, b), c);
    }

    @FunctionalInterface
    private interface Way {
        /// @return how much of a and of b
        double[] at(double angle, double t);
    }

    private static Tensor between(Ops f, Tensor a, Tensor b, int steps, Way way) {
        if (steps < 2 || !a.shape().equals(b.shape())) {
            throw new IllegalArgumentException(
                    "Walk: two ends and a step; steps=" + steps + ", a=" + a.shape() + ", b=" + b.shape());
        }
        int n = a.shape().rows();
        int latent = a.shape().cols();
        float[] from = a.device().floats(a);
        float[] to = b.device().floats(b);
        float[] points = new float[n * steps * latent];
        for (int row = 0; row < n; row++) {
            double angle = angle(from, to, row * latent, latent);
            for (int step = 0; step < steps; step++) {
                double[] share = way.at(angle, (double) step / (steps - 1));
                for (int j = 0; j < latent; j++) {
                    int at = row * latent + j;
                    points[(row * steps + step) * latent + j] = (float) (share[0] * from[at] + share[1] * to[at]);
                }
            }
        }
        return f.memory().floats(Shape.of(n * steps, latent), points);
    }

    private static double angle(float[] a, float[] b, int from, int count) {
        double product = 0;
        double lengthA = 0;
        double lengthB = 0;
        for (int i = from; i < from + count; i++) {
            product += (double) a[i] * b[i];
            lengthA += (double) a[i] * a[i];
            lengthB += (double) b[i] * b[i];
        }
        double lengths = Math.sqrt(lengthA * lengthB);
        return lengths == 0 ? 0 : Math.acos(Math.clamp(product / lengths, -1.0, 1.0));
    }
}
