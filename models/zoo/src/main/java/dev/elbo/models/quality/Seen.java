package dev.elbo.models.quality;

import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Tensor;
import java.lang.foreign.Arena;

/// What a classifier sees in pictures: the most probable class of each, its probability, and the moments of all
/// features.
///
/// @param classes       (n), most probable
/// @param probabilities (n), of that class
/// @param moments       of the features
public record Seen(int[] classes, float[] probabilities, FeatureMoments moments) {
    private static final int AT_ONCE = 500;

    /// Looks at pictures, some at once.
    ///
    /// @param x (n, height · width · channels), in [0, 1], borrowed
    public static Seen of(Classifier classifier, Tensor x) {
        int n = x.shape().rows();
        int[] classes = new int[n];
        float[] probabilities = new float[n];
        float[] features = new float[n * Classifier.FEATURES];
        for (int from = 0; from < n; from += AT_ONCE) {
            int to = Math.min(n, from + AT_ONCE);
            try (Arena owner = Arena.ofShared()) {
                Ops f = Ops.plain(Memory.of(x.device(), "classifier", owner));
                Tensor seen = classifier.features(f, x.rows(from, to));
                float[] p = x.device().floats(f.softmaxRows(classifier.logits(f, seen)));
                for (int i = from; i < to; i++) {
                    for (int k = 0; k < classifier.classes(); k++) {
                        float each = p[(i - from) * classifier.classes() + k];
                        if (each > probabilities[i]) {
                            probabilities[i] = each;
                            classes[i] = k;
                        }
                    }
                }
                System.arraycopy(
                        x.device().floats(seen),
                        0,
                        features,
                        from * Classifier.FEATURES,
                        (to - from) * Classifier.FEATURES);
            }
        }
        return new Seen(classes, probabilities, FeatureMoments.of(features, Classifier.FEATURES));
    }

    /// Share of pictures whose class is the right one.
    ///
    /// @param labels (n)
    public double accuracy(int[] labels) {
        int right = 0;
        for (int i = 0; i < labels.length; i++) {
            right += classes[i] == labels[i] ? 1 : 0;
        }
        return right / (double) labels.length;
    }

    /// Share of pictures that the classifier is sure of.
    ///
    /// @param least probability of the most probable class
    public double confident(double least) {
        int sure = 0;
        for (float p : probabilities) {
            sure += p >= least ? 1 : 0;
        }
        return sure / (double) probabilities.length;
    }

    /// Share of the pictures that each class has.
    ///
    /// @param count of classes
    public double[] shares(int count) {
        double[] shares = new double[count];
        for (int each : classes) {
            shares[each] += 1.0 / classes.length;
        }
        return shares;
    }
}
