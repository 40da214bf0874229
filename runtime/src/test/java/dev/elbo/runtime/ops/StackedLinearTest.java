package dev.elbo.runtime.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.elbo.runtime.Clock;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CpuOptions;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.random.Purpose;
import java.lang.foreign.Arena;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StackedLinearTest {
    private static final int INPUTS = 33;
    private static final int OUTPUTS = 20;

    private final CpuDevice cpu = CpuDevice.open(CpuOptions.best().threads(2).fixedOrder());
    private final Arena owner = Arena.ofShared();
    private final Memory memory = Memory.of(cpu, "test", owner);
    private final Ops plain = Ops.plain(memory);
    private final Clock clock = Clock.of(5, 0, memory);
    private final Tensor weight = normals(INPUTS, OUTPUTS);
    private final Tensor bias = normals(OUTPUTS);

    @AfterEach
    void close() {
        owner.close();
        cpu.close();
    }

    private Tensor normals(int... extents) {
        return plain.normals(Shape.of(extents), clock.next(Purpose.INITIALISE));
    }

    /// One linear map of all batches, to the last bit, forwards and back.
    @Test
    void batchesOneUnderTheOtherAreOneMap() {
        Tensor upper = normals(7, INPUTS);
        Tensor lower = normals(12, INPUTS);
        Tensor covector = normals(19, OUTPUTS);
        float[][] stacked = run(covector, f -> {
            StackedLinear map = new StackedLinear(f, 19, weight, bias);
            float[] first = cpu.floats(map.push(upper));
            assertArrayEquals(cpu.floats(plain.linear(upper, weight, bias)), first);
            map.push(lower);
            StackedLinear.Stack stack = map.end();
            assertArrayEquals(cpu.floats(plain.concatRows(upper, lower)), cpu.floats(stack.x()));
            return stack.y();
        });
        float[][] whole = run(covector, f -> f.linear(plain.concatRows(upper, lower), weight, bias));
        assertArrayEquals(whole, stacked);
    }

    /// The map's result and the gradients of its weight and its bias by the sum of its elements, each weighed.
    private float[][] run(Tensor covector, Function<Ops, Tensor> map) {
        Tape tape = new Tape(memory);
        Tensor dw = memory.empty(weight.shape());
        Tensor db = memory.empty(bias.shape());
        tape.watch(weight, dw);
        tape.watch(bias, db);
        Ops f = Ops.taped(memory, tape);
        Tensor y = map.apply(f);
        tape.pullback(f.sum(f.times(y, covector)), 1);
        return new float[][] {cpu.floats(y), cpu.floats(dw), cpu.floats(db)};
    }

    @Test
    void batchesThatDoNotFitAreRefused() {
        StackedLinear map = new StackedLinear(plain, 3, weight, bias);
        map.push(normals(2, INPUTS));
        assertEquals(
                "stackedLinear: batches are missing; rows=3, filled=2",
                assertThrows(IllegalStateException.class, map::end).getMessage());
        assertEquals(
                "stackedLinear: no room; rows=3, filled=2, batch=(2, 33)",
                assertThrows(IllegalArgumentException.class, () -> map.push(normals(2, INPUTS)))
                        .getMessage());
        assertThrows(IllegalArgumentException.class, () -> map.push(normals(1, INPUTS + 1)));
    }
}
