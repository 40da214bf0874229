package dev.elbo.models.quality;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.models.data.Dataset;
import dev.elbo.models.data.Datasets;
import dev.elbo.models.training.Trainer;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClassifierTest {
    @Test
    void theDigitsInTheJarAreRecognised() {
        try (CpuDevice cpu = CpuDevice.open(1);
                Arena owner = Arena.ofShared()) {
            Dataset digits = Datasets.open("digits", owner);
            Memory memory = Memory.of(cpu, "data", owner);
            Parameters<Classifier> classifier = Parameters.of(
                    cpu, "classifier", owner, m -> Classifier.of(digits.train().item(), 10, Clock.of(1, 0, m), m));
            try (Trainer<Classifier> trainer =
                    Recognition.training(classifier, digits.train(), 32, 300, 3e-3, 1, memory)) {
                trainer.run(_ -> true);
            }
            Tensor test = digits.test().upload(memory);
            Seen seen = Seen.of(classifier.model(), test);
            double accuracy = seen.accuracy(digits.test().labels());
            assertTrue(accuracy > 0.9, "accuracy=" + accuracy);
            assertTrue(seen.confident(0.95) > 0.5);
            double[] shares = seen.shares(10);
            double sum = 0;
            for (double share : shares) {
                assertEquals(0.1, share, 0.05);
                sum += share;
            }
            assertEquals(1, sum, 1e-9);

            // The same pictures are at no distance, noise is far.
            assertEquals(0, seen.moments().frechet(seen.moments()), 1e-6 * trace(seen.moments()));
            float[] noise = new float[Math.toIntExact(test.shape().size())];
            for (int e = 0; e < noise.length; e++) {
                noise[e] = e * 2654435761L % 97 / 97f;
            }
            Seen nothing = Seen.of(classifier.model(), memory.floats(test.shape(), noise));
            assertTrue(seen.moments().frechet(nothing.moments()) > 0.1 * trace(seen.moments()));
        }
    }

    private static double trace(FeatureMoments moments) {
        double trace = 0;
        for (int i = 0; i < moments.mean().length; i++) {
            trace += moments.covariance()[i][i];
        }
        return trace;
    }

    @Test
    void picturesAreLookedAtSomeAtOnceWithTheSameResult() {
        try (CpuDevice cpu = CpuDevice.open(1);
                Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(cpu, "data", owner);
            Classifier classifier = Classifier.of(List.of(4, 5, 2), 3, Clock.of(1, 0, memory), memory);
            float[] x = new float[503 * 40];
            for (int e = 0; e < x.length; e++) {
                x[e] = (e * 31 % 101) / 101f;
            }
            Tensor all = memory.floats(Shape.of(503, 40), x);
            Seen seen = Seen.of(classifier, all);
            Seen last = Seen.of(classifier, all.rows(500, 503));
            for (int i = 0; i < 3; i++) {
                assertEquals(last.probabilities()[i], seen.probabilities()[500 + i], 1e-6);
            }
            float[] features = cpu.floats(classifier.features(Ops.plain(memory), all));
            assertArrayEquals(
                    FeatureMoments.of(features, Classifier.FEATURES).mean(),
                    seen.moments().mean(),
                    1e-5);
        }
    }

    @Test
    void whatIsNoPictureIsRefused() {
        try (CpuDevice cpu = CpuDevice.open(1);
                Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(cpu, "data", owner);
            Clock init = Clock.of(1, 0, memory);
            assertThrows(IllegalArgumentException.class, () -> Classifier.of(List.of(4), 3, init, memory));
            assertThrows(IllegalArgumentException.class, () -> Classifier.of(List.of(4, 4), 1, init, memory));
        }
    }
}
