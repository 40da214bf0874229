package dev.elbo.runtime.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.lang.foreign.Arena;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Draws, and the operations without gradients.
class DrawsTest {
    private static final int SIZE = 4097;

    private final Device device = open();
    private final Arena owner = Arena.ofShared();
    private final Memory memory = Memory.of(device, "test", owner);
    private final Ops f = Ops.plain(memory);
    private final Noise noise = Noise.of(0x1234_5678_9abcL, 0x1_0000_0007L, Purpose.SAMPLE, 3);
    private final Draw draw = Draw.of(noise, memory);

    /// Where the tests run; another one elsewhere.
    Device open() {
        return CpuDevice.open(2);
    }

    @AfterEach
    void close() {
        owner.close();
        device.close();
    }

    private void equal(IntFunction<Float> expected, Tensor actual) {
        float[] values = new float[Math.toIntExact(actual.shape().size())];
        for (int e = 0; e < values.length; e++) {
            values[e] = expected.apply(e);
        }
        assertArrayEquals(values, device.floats(actual));
    }

    @Test
    void drawsAreTheNoiseOfTheirElementToTheLastBit() {
        equal(noise::uniform, f.uniforms(Shape.of(SIZE), draw));
        equal(noise::normal, f.normals(Shape.of(SIZE), draw));
        equal(e -> noise.bernoulli(e, 0.3f), f.bernoullis(f.constant(Shape.of(SIZE), 0.3f), draw));
    }

    @Test
    void bitsOfLogitsAreThoseOfTheirSigmoid() {
        Tensor logits = f.times(f.normals(Shape.of(SIZE), draw), 3);
        assertArrayEquals(
                device.floats(f.bernoullis(f.sigmoid(logits), draw)), device.floats(f.bernoulliLogits(logits, draw)));
    }

    @Test
    void certainBitsAreCertain() {
        float[] edge = {0, 1, -1, 2, Float.NaN};
        assertArrayEquals(
                new float[] {0, 1, 0, 1, 0}, device.floats(f.bernoullis(memory.floats(Shape.of(5), edge), draw)));
    }

    @Test
    void momentsAreThoseOfTheDistribution() {
        Tensor z = f.normals(Shape.of(100_000), draw);
        assertEquals(0, device.scalar(f.mean(z)), 0.015);
        assertEquals(1, device.scalar(f.mean(f.square(z))), 0.02);
        assertEquals(0.5, device.scalar(f.mean(f.uniforms(Shape.of(100_000), draw))), 0.005);
    }

    @Test
    void importanceWeightsSumToOneAndCountTheirSamples() {
        Tensor x = memory.floats(Shape.of(3, 4), 1, 1, 1, 1, 0, -200, -200, -200, 2, 2, -300, -300);
        ImportanceWeights.Result result = f.importanceWeights(x);
        assertArrayEquals(new float[] {4, 1, 2}, device.floats(result.ess()), 1e-6f);
        assertArrayEquals(new float[] {1, 1, 1}, device.floats(f.sumRows(result.w())), 1e-6f);
        assertArrayEquals(device.floats(f.logMeanExpRows(x)), device.floats(result.y()));
    }

    @Test
    void maximaNameTheFirstThatHasThem() {
        Tensor x = memory.floats(Shape.of(3, 3), 1, 5, 5, -1, -2, -3, 0, Float.NaN, 9);
        MaxRows.Result max = f.maxRows(x);
        assertArrayEquals(new float[] {5, -1, Float.NaN}, device.floats(max.y()));
        assertArrayEquals(new int[] {1, 0, 1}, device.ints(max.index()));
    }
}
