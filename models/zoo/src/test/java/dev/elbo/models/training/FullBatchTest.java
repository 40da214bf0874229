package dev.elbo.models.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.elbo.models.layers.Dense;
import dev.elbo.models.layers.OnCpu;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The loss is the distance of a layer's biases from a point.
class FullBatchTest extends OnCpu {
    private Parameters<Dense> point;

    @BeforeEach
    void build() {
        point = Parameters.of(cpu, "point", arena, m -> Dense.of(1, 2, Activation.NONE, Clock.of(1, 0, m), m));
    }

    private FullBatch<Dense> nearest(float... to) {
        Tensor target = memory.floats(Shape.of(2), to);
        return new FullBatch<>(
                point, List.of(target), (f, p, batch) -> f.square(f.minus(p.bias(), batch)), 0, new Lbfgs(3, 20, 1e-9));
    }

    @Test
    void itEndsWhereTheLossIsLowest() {
        try (FullBatch<Dense> training = nearest(0.5f, 2)) {
            training.run(_ -> true);
        }
        assertArrayEquals(new float[] {0.5f, 2}, cpu.floats(point.model().bias()), 1e-6f);
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, 1e30f})
    void aLossThatIsNoNumberStopsItWhereItBegan(float bad) {
        float[] before = cpu.floats(point.values());
        try (FullBatch<Dense> training = nearest(bad, 2)) {
            TrainingStoppedException stopped =
                    assertThrows(TrainingStoppedException.class, () -> training.run(_ -> true));
            assertEquals(0, stopped.step());
        }
        assertArrayEquals(before, cpu.floats(point.values()));
    }
}
