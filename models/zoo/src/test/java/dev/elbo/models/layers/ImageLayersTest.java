package dev.elbo.models.layers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.Clock;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.ops.Window;
import dev.elbo.runtime.random.Purpose;
import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Layers over images: what they are made of, and what they make of extents.
class ImageLayersTest {
    private static final Window HALVES = Window.of(4, 2, 1);

    private final CpuDevice cpu = CpuDevice.open(1);
    private final Arena owner = Arena.ofShared();
    private final Memory memory = Memory.of(cpu, "test", owner);
    private final Clock init = Clock.of(5, 0, memory);
    private final Ops f = Ops.plain(memory);

    @AfterEach
    void close() {
        owner.close();
        cpu.close();
    }

    /// A discriminator's first layers.
    record Net(Conv first, Conv second, BatchNorm norm) {}

    @Test
    void parametersAndStatisticsAreFound() {
        Parameters<Net> net = Parameters.of(cpu, "net", owner, m -> {
            Clock clock = Clock.of(1, 0, m);
            return new Net(
                    Conv.of(3, 8, HALVES, Activation.leakyRelu(0.2f), Initial.normal(0.02f), clock, m),
                    Conv.linear(8, 16, HALVES, Initial.normal(0.02f), clock, m),
                    BatchNorm.around1(16, 0.02f, Activation.RELU, clock, m));
        });
        assertEquals(
                List.of("first.weight", "first.bias", "second.weight", "norm.scale", "norm.shift"),
                net.all().stream().map(Parameters.Parameter::name).toList());
        assertEquals(
                List.of("norm.mean", "norm.variance"),
                net.statistics().keySet().stream().toList());
        Net model = net.model();
        Tensor x = f.constant(Shape.of(2, 32, 32, 3), 0.5f);
        Tensor y = model.norm.train(f, model.second.apply(f, model.first.apply(f, x)));
        assertEquals(Shape.of(2, 8, 8, 16), y.shape());
    }

    @Test
    void aTransposedLayerUndoesWhatAConvolutionDoesToExtents() {
        TransposedConv start = TransposedConv.linear(10, 16, Window.of(4, 1, 0), Initial.he(), init, memory);
        TransposedConv twice = TransposedConv.of(16, 3, HALVES, Activation.TANH, Initial.normal(0.02f), init, memory);
        Tensor z = f.normals(Shape.of(2, 1, 1, 10), init.next(Purpose.SAMPLE));
        Tensor four = start.apply(f, z);
        assertEquals(Shape.of(2, 4, 4, 16), four.shape());
        assertEquals(Shape.of(2, 8, 8, 3), twice.apply(f, four).shape());
    }

    /// He's variance keeps the mean square of what ReLUs let through, in both directions of a window that halves.
    @Test
    void heWeightsKeepTheSpread() {
        Tensor x = f.relu(f.normals(Shape.of(4, 16, 16, 64), init.next(Purpose.SAMPLE)));
        Conv down = Conv.of(64, 64, HALVES, Activation.RELU, Initial.he(), init, memory);
        TransposedConv up = TransposedConv.of(64, 64, HALVES, Activation.RELU, Initial.he(), init, memory);
        double before = meanSquare(x);
        assertEquals(1, meanSquare(down.apply(f, x)) / before, 0.25);
        assertEquals(1, meanSquare(up.apply(f, x)) / before, 0.25);
    }

    @Test
    void glorotWeightsStayWithinTheirReach() {
        Conv layer = Conv.of(6, 10, Window.of(3, 1, 1), Activation.TANH, Initial.glorot(), init, memory);
        float reach = (float) Math.sqrt(6.0 / (9 * 6 + 9 * 10));
        float largest = 0;
        for (float w : cpu.floats(layer.weight())) {
            largest = Math.max(largest, Math.abs(w));
        }
        assertTrue(largest <= reach && largest > 0.95 * reach, largest + " of " + reach);
    }

    /// Fed the same batch again and again, the running moments become the batch's.
    @Test
    void inferenceTendsToTraining() {
        BatchNorm norm = BatchNorm.of(5, Activation.leakyRelu(0.2f), memory);
        Tensor x =
                f.plus(f.times(f.normals(Shape.of(2000, 5), init.next(Purpose.SAMPLE)), 3), f.constant(Shape.of(1), 7));
        Tensor trained = norm.train(f, x);
        for (int i = 0; i < 150; i++) {
            norm.train(f, x);
        }
        assertArrayEquals(cpu.floats(trained), cpu.floats(norm.infer(f, x)), 2e-3f);
        float[] row = cpu.floats(norm.infer(f, x.rows(3, 4)));
        assertArrayEquals(cpu.floats(norm.infer(f, x).rows(3, 4)), row);
    }

    private double meanSquare(Tensor x) {
        return cpu.scalar(f.mean(f.square(x)));
    }
}
