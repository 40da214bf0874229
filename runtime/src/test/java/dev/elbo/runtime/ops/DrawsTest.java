package dev.elbo.runtime.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

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

    /// Two columns more than a tile, a row more than a group, and an inner extent of no round number.
    @Test
    void bitsOfALayerAreThoseOfItsSigmoid() {
        Tensor x = f.normals(Shape.of(33, 21), draw);
        Tensor weight = f.normals(Shape.of(21, 66), draw);
        Tensor turned = f.normals(Shape.of(66, 21), draw);
        Tensor bias = f.normals(Shape.of(66), draw);
        assertArrayEquals(
                device.floats(f.bernoullis(f.linear(x, weight, bias, Activation.SIGMOID), draw)),
                device.floats(f.bernoulliLinear(x, weight, bias, draw)));
        assertArrayEquals(
                device.floats(f.bernoullis(f.linearTransposed(x, turned, bias, Activation.SIGMOID), draw)),
                device.floats(f.bernoulliLinearTransposed(x, turned, bias, draw)));
    }

    /// A NaN anywhere in the row is a bit that is never drawn; a bias beyond every sum decides alone.
    @Test
    void aLayersEdgesAreThoseOfItsProbabilities() {
        Tensor x = memory.floats(Shape.of(2, 1), 1, Float.NaN);
        Tensor weight = memory.floats(Shape.of(1, 3), 1, 1, 1);
        Tensor bias = memory.floats(Shape.of(3), 1000, -1000, Float.POSITIVE_INFINITY);
        assertArrayEquals(new float[] {1, 0, 1, 0, 0, 0}, device.floats(f.bernoulliLinear(x, weight, bias, draw)));
        assertEquals(
                "bernoulliLinear: wrong shape; weight=(1, 3), wanted=(3, 3)",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> f.bernoulliLinear(memory.floats(Shape.of(1, 3), 0, 0, 0), weight, bias, draw))
                        .getMessage());
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
