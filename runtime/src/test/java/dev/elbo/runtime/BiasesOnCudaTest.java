package dev.elbo.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.elbo.runtime.cpu.CpuMath;
import dev.elbo.runtime.ops.Activation;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Gradients of biases wait for each other on a GPU. What comes of them is what a CPU adds up at once.
@Tag("device")
class BiasesOnCudaTest {
    private static final int ROWS = 5;
    private static final int WIDTH = 3;

    /// Gradients of the biases of as many layers as `of` names, one after the other: layers that name the same bias
    /// share it.
    private static List<float[]> gradients(Device device, int rows, List<String> launched, int... of) {
        try (Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(device, "test", owner);
            Tensor weight = memory.floats(Shape.of(WIDTH, WIDTH), 1, -2, 3, 0.5f, 1, -1, 0.25f, 2, 1);
            List<Tensor> biases = new ArrayList<>();
            List<Tensor> gradients = new ArrayList<>();
            for (int i = 0; i < of.length; i++) {
                biases.add(memory.floats(Shape.of(WIDTH), i, 1, -i));
                gradients.add(memory.floats(Shape.of(WIDTH), 7, 7, 7));
            }
            float[] some = new float[rows * WIDTH];
            for (int e = 0; e < some.length; e++) {
                some[e] = e % 7 - 3;
            }
            Tensor x = memory.floats(Shape.of(rows, WIDTH), some);
            try (Step<Tensor> step = Step.record(device, "biases", m -> {
                Tape tape = new Tape(m);
                for (int i = 0; i < of.length; i++) {
                    tape.watch(biases.get(i), gradients.get(i));
                }
                Ops f = Ops.taped(m, tape);
                Tensor h = x;
                for (int bias : of) {
                    h = f.linear(h, weight, biases.get(bias), Activation.TANH);
                }
                Tensor loss = f.sum(f.square(h));
                tape.pullback(loss, 1);
                return loss;
            })) {
                launched.addAll(step.operations());
            }
            return gradients.stream().map(device::floats).toList();
        }
    }

    private static long sums(int rows, int... of) {
        List<String> launched = new ArrayList<>();
        try (CpuDevice cpu = CpuDevice.open(
                        CpuOptions.best().threads(1).math(CpuMath.plain()).fixedOrder());
                CudaDevice gpu = Gpu.open(CudaOptions.best().inFixedOrder())) {
            List<float[]> expected = gradients(cpu, rows, new ArrayList<>(), of);
            List<float[]> actual = gradients(gpu, rows, launched, of);
            for (int i = 0; i < of.length; i++) {
                assertArrayEquals(expected.get(i), actual.get(i), "bias " + i);
            }
        }
        Gpu.expectNothingLeft();
        return Collections.frequency(launched, "sumColumns");
    }

    @Test
    void eightOfThemAreOneLaunchAndTenAreTwo() {
        assertEquals(1, sums(ROWS, 0, 1, 2, 3, 4, 5, 6, 7));
        assertEquals(2, sums(ROWS, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
    }

    /// The second layer that touches a bias asks for what waits.
    @Test
    void oneThatTwoLayersShareIsTheSumOfBoth() {
        assertEquals(3, sums(ROWS, 0, 1, 0, 2));
    }

    /// By segments, each at once.
    @Test
    void thoseOfManyRowsDoNotWait() {
        assertEquals(4, sums(1024, 0, 1));
    }
}
