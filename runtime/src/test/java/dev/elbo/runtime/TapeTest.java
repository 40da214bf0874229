package dev.elbo.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.ops.Sample;
import dev.elbo.runtime.random.Noise;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TapeTest {
    private final CpuDevice cpu = CpuDevice.open(1);
    private final Arena owner = Arena.ofShared();
    private final Memory memory = Memory.of(cpu, "test", owner);
    private final Tape tape = new Tape(memory);
    private final Ops f = Ops.taped(memory, tape);

    @AfterEach
    void close() {
        owner.close();
        cpu.close();
    }

    private Tensor watched(Tensor x) {
        Tensor dx = memory.empty(x.shape());
        tape.watch(x, dx);
        return dx;
    }

    @Test
    void aTensorUsedTwiceGetsBothGradients() {
        Tensor x = memory.floats(Shape.of(3), 1, 2, 3);
        Tensor dx = watched(x);
        tape.pullback(f.sum(f.plus(f.times(x, x), f.times(x, 10))), 1);
        assertArrayEquals(new float[] {12, 14, 16}, cpu.floats(dx));
    }

    @Test
    void anotherViewOfAllElementsIsTheSameVariable() {
        Tensor x = memory.floats(Shape.of(2, 3), 1, 2, 3, 4, 5, 6);
        Tensor dx = watched(x);
        Tensor sums = f.sumRows(f.reshape(x, Shape.of(3, 2)));
        tape.pullback(f.sum(f.times(sums, memory.floats(Shape.of(3), 1, 10, 100))), 1);
        assertArrayEquals(new float[] {1, 1, 10, 10, 100, 100}, cpu.floats(dx));
    }

    /// Of the three results one is used twice and one not at all.
    @Test
    void anOperationOfSeveralResultsIsPulledBackOnce() {
        Tensor mean = memory.floats(Shape.of(2, 1), 3, -1);
        Tensor dMean = watched(mean);
        Tensor constant = memory.floats(Shape.of(2, 1), 0, 0);
        Draw draw = Draw.of(new Noise(1, 2, 3), memory);
        Sample sample = f.gaussianSample(mean, constant, 1, draw);
        tape.pullback(f.plus(f.sum(f.times(sample.kl(), 10)), f.sum(sample.kl())), 1);
        assertArrayEquals(new float[] {33, -11}, cpu.floats(dMean));
    }

    @Test
    void anOperationWhoseResultsNobodyUsesPassesNothing() {
        Tensor x = memory.floats(Shape.of(1, 1), 3);
        Tensor dx = watched(x);
        f.gaussianSample(x, x, 1, Draw.of(new Noise(1, 2, 3), memory));
        tape.pullback(f.sum(f.times(x, 2)), 1);
        assertArrayEquals(new float[] {2}, cpu.floats(dx));
    }

    @Test
    void aViewOfAPartIsRefused() {
        Tensor x = memory.floats(Shape.of(2, 3), 1, 2, 3, 4, 5, 6);
        watched(x);
        String message = assertThrows(IllegalArgumentException.class, () -> f.exp(x.rows(1, 2)))
                .getMessage();
        assertEquals(
                "tape: a view of a part has no gradient of its own, take it by Ops.slice; whole=(2, 3), part=(1, 3)",
                message);
    }

    @Test
    void whatTheLossDoesNotDependOnHasGradientZero() {
        Tensor x = memory.floats(Shape.of(2), 1, 2);
        Tensor y = memory.floats(Shape.of(2), 3, 4);
        Tensor dx = watched(x);
        Tensor dy = watched(y);
        f.exp(y);
        tape.pullback(f.sum(x), -1);
        assertArrayEquals(new float[] {-1, -1}, cpu.floats(dx));
        assertArrayEquals(new float[] {0, 0}, cpu.floats(dy));
    }

    @Test
    void nothingFlowsThroughWhatIsDetached() {
        Tensor x = memory.floats(Shape.of(2), 1, 2);
        Tensor dx = watched(x);
        tape.pullback(f.sum(f.times(x, f.detached().square(x))), 1);
        assertArrayEquals(new float[] {1, 4}, cpu.floats(dx));
    }

    @Test
    void batchesAccumulate() {
        Tensor x = memory.floats(Shape.of(2), 1, 2);
        Tensor dx = memory.floats(Shape.of(2), 100, 200);
        tape.accumulate(x, dx);
        tape.pullback(f.sum(f.square(x)), 1);
        assertArrayEquals(new float[] {102, 204}, cpu.floats(dx));
    }

    /// ∂/∂x mean(−(x + 3 x − y)) = −4/n, noted through five operations: the launches are those of the operations, one
    /// that writes what is asked for, and none between.
    @Test
    void aNumberThatIsKnownTakesNoLaunch() {
        int n = 7;
        Tensor y = memory.floats(Shape.of(n), new float[n]);
        Tensor x = memory.floats(Shape.of(n), 1, 2, 3, 4, 5, 6, 7);
        Tensor dx = memory.empty(x.shape());
        try (Step<Tensor> step = Step.record(cpu, "known", m -> {
            Tape own = new Tape(m);
            own.watch(x, dx);
            Ops g = Ops.taped(m, own);
            Tensor z = g.exp(x);
            own.pullback(g.mean(g.negate(g.minus(g.plus(z, g.times(z, 3)), y))), 1);
            return dx;
        })) {
            assertEquals(
                    "[exp, scale, plus, minus, negate, sum, fill, exp]",
                    step.operations().toString());
        }
        for (int i = 0; i < n; i++) {
            assertEquals(-4 / 7f * Math.exp(i + 1), cpu.floats(dx)[i], 1e-5 * Math.exp(i + 1));
        }
    }

    /// dz goes on as the gradient of what z is the sum of, in the same buffer.
    @Test
    void aSumHandsItsGradientOn() {
        Tensor x = memory.floats(Shape.of(2), 1, 2);
        Tensor three = memory.floats(Shape.of(2), 3, 3);
        Tensor dx = memory.empty(x.shape());
        try (Step<Tensor> step = Step.record(cpu, "handed on", m -> {
            Tape own = new Tape(m);
            own.watch(x, dx);
            Ops g = Ops.taped(m, own);
            Tensor square = g.square(x);
            own.pullback(g.sum(g.square(g.minus(square, three))), 1);
            return dx;
        })) {
            assertEquals(
                    "[square, minus, square, sum, fill, square, square]",
                    step.operations().toString());
        }
        assertArrayEquals(new float[] {2 * (1 - 3) * 2, 2 * (4 - 3) * 4}, cpu.floats(dx));
    }

    @Test
    void whatWasTakenIsNotWrittenInto() {
        Gradient dy = Gradient.of(Shape.of(2), () -> memory.empty(Shape.of(2)));
        Gradient dx = Gradient.of(Shape.of(1, 2), () -> memory.empty(Shape.of(1, 2)));
        Tensor buffer = dy.into();
        assertTrue(dx.take(dy));
        assertEquals(buffer.data().address(), dx.into().data().address());
        assertEquals(Shape.of(1, 2), dx.into().shape());
        assertEquals(
                "gradient: another took its buffer; shape=(2)",
                assertThrows(IllegalStateException.class, dy::into).getMessage());
    }

    /// Both operands are one tensor, or share one.
    @Test
    void whatIsHandedOnIsNotWrittenTwice() {
        Tensor x = memory.floats(Shape.of(2), 1, 2);
        Tensor dx = watched(x);
        Tensor e = f.times(x, 2);
        Tensor twice = f.plus(e, e);
        Tensor none = f.minus(e, e);
        Tensor mixed = f.plus(f.square(twice), f.plus(e, f.times(none, 5)));
        tape.pullback(f.sum(f.square(mixed)), 1);
        // mixed = 16 x² + 2 x, its derivative 32 x + 2, and 10 − 10 from what is none
        assertArrayEquals(new float[] {2 * 18 * 34, 2 * 68 * 66}, cpu.floats(dx));
    }

    /// What a launch would write, to the last bit.
    @Test
    void knownMeansDivideAsLaunchesDo() {
        for (int n : new int[] {3, 7, 100, 1023, 1025}) {
            Tensor x = memory.floats(Shape.of(n), new float[n]);
            Tensor known = memory.empty(x.shape());
            Tensor launched = memory.empty(x.shape());
            Tape one = new Tape(memory);
            one.watch(x, known);
            Ops g = Ops.taped(memory, one);
            one.pullback(g.mean(g.times(x, 0.3f)), -1.7f);
            Tape other = new Tape(memory);
            other.watch(x, launched);
            Ops h = Ops.taped(memory, other);
            Tensor mean = h.mean(h.times(x, 0.3f));
            other.accumulate(mean, memory.floats(mean.shape(), -1.7f));
            other.pullback();
            assertArrayEquals(cpu.floats(launched), cpu.floats(known), "n=" + n);
        }
    }

    @Test
    void gradientsOfIntermediateResultsShareBuffers() {
        Tensor x = memory.floats(Shape.of(1000), new float[1000]);
        watched(x);
        Tensor y = x;
        for (int i = 0; i < 20; i++) {
            y = f.tanh(y);
        }
        Tensor loss = f.sum(y);
        long before = cpu.ledger().liveBytes();
        tape.pullback(loss, 1);
        long buffers = (cpu.ledger().liveBytes() - before) / 4000;
        assertTrue(buffers <= 2, "buffers " + buffers);
    }

    @Test
    void aSecondBackwardRunIsRefused() {
        Tensor x = memory.floats(Shape.of(1), 1);
        watched(x);
        Tensor loss = f.sum(x);
        tape.pullback(loss, 1);
        assertThrows(IllegalStateException.class, () -> tape.pullback(loss, 1));
        assertThrows(IllegalStateException.class, () -> f.exp(x));
    }

    @Test
    void aLossThatDependsOnNothingIsRefused() {
        Tensor loss = f.sum(memory.floats(Shape.of(1), 1));
        assertThrows(IllegalArgumentException.class, () -> tape.pullback(loss, 1));
    }
}
