package dev.elbo.models.classifier;

import dev.elbo.models.layers.Dense;
import dev.elbo.models.training.FullBatch;
import dev.elbo.models.training.Lbfgs;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import java.lang.foreign.Arena;
import java.util.List;

/// Multinomial logistic regression.
///
/// ```
/// p(y | x) = softmax(x · W + b)[y]                             x (n, features), W (features, classes)
/// fitted to  min Σ_i −log p(y_i | x_i) + ½ penalty (‖W‖² + ‖b‖²)     by L-BFGS over all examples at once
/// ```
///
/// @param scores x · W + b
public record LogisticRegression(Dense scores) {
    private static final int PAIRS = 10;
    private static final double TOLERANCE = 1e-5;

    private record Labelled(Tensor x, Tensor y) {}

    /// The classifier that fits best.
    ///
    /// @param x          (n, features), f32
    /// @param labels     (n), 0 ≤ label < classes
    /// @param penalty    at least 0; 1 / C of other libraries
    /// @param iterations of L-BFGS, at most
    /// @param owner      frees it when it closes
    public static LogisticRegression fit(
            Tensor x, int[] labels, int classes, double penalty, int iterations, Arena owner) {
        if (labels.length != x.shape().rows() || labels.length == 0) {
            throw new IllegalArgumentException(
                    "LogisticRegression: other number of labels; x=" + x.shape() + ", labels=" + labels.length);
        }
        Device device = x.device();
        Parameters<LogisticRegression> parameters = Parameters.of(
                device, "logistic regression", owner, memory -> of(x.shape().cols(), classes, memory));
        try (Arena work = Arena.ofShared()) {
            Labelled all = new Labelled(x, Memory.of(device, "labels", work).ints(Shape.of(labels.length), labels));
            try (FullBatch<LogisticRegression> training = new FullBatch<>(
                    parameters,
                    List.of(all),
                    (f, model, data) -> f.negate(f.categoricalLogLikelihood(model.scores.apply(f, data.x), data.y)),
                    penalty,
                    new Lbfgs(PAIRS, iterations, TOLERANCE))) {
                training.run(_ -> true);
            }
        }
        return parameters.model();
    }

    private static LogisticRegression of(int features, int classes, Memory memory) {
        Ops f = Ops.plain(memory);
        return new LogisticRegression(new Dense(
                f.constant(Shape.of(features, classes), 0), f.constant(Shape.of(classes), 0), Activation.NONE));
    }

    /// The likeliest class of each row.
    ///
    /// @param x (n, features)
    public int[] predict(Tensor x) {
        try (Arena owner = Arena.ofShared()) {
            Ops f = Ops.plain(Memory.of(x.device(), "predictions", owner));
            return x.device().ints(f.maxRows(scores.apply(f, x)).index());
        }
    }

    /// Share of the rows whose likeliest class is the right one.
    ///
    /// @param x (n, features)
    public double accuracy(Tensor x, int[] labels) {
        int[] predicted = predict(x);
        int right = 0;
        for (int i = 0; i < labels.length; i++) {
            right += predicted[i] == labels[i] ? 1 : 0;
        }
        return (double) right / labels.length;
    }
}
