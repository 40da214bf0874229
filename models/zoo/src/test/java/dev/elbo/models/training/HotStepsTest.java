package dev.elbo.models.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.elbo.models.energy.Gibbs;
import dev.elbo.models.energy.Rbm;
import dev.elbo.models.latent.Bounds;
import dev.elbo.models.latent.Output;
import dev.elbo.models.latent.Vae;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CpuOptions;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Optimizer;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Schedule;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.UpdateRule;
import dev.elbo.runtime.cpu.CpuMath;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.ops.ShuffledBatch;
import dev.elbo.runtime.random.Purpose;
import java.lang.foreign.Arena;
import java.util.Collections;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/// What the training steps of the benchmarks consist of, counted, so that a launch more is seen where no clock would
/// show it. Small models: the launches are those of the large ones. Whoever saves one lowers the count here.
class HotStepsTest {
    private static final int ROWS = 9;
    private static final int COLS = 7;
    private static final int BATCH = 4;

    /// Products, in the fixed order, where each is one launch.
    private static long products(List<String> launches) {
        return Collections.frequency(launches, "linear") + Collections.frequency(launches, "matrixProduct");
    }

    private static CpuDevice cpu() {
        return CpuDevice.open(CpuOptions.best().threads(1).math(CpuMath.plain()).fixedOrder());
    }

    private static <M> List<String> launches(Function<Memory, M> model, BiFunction<Ops, Batch<M>, Tensor> objective) {
        try (CpuDevice cpu = cpu()) {
            return launches(cpu, model, objective);
        }
    }

    private static <M> List<String> launches(
            Device device, Function<Memory, M> model, BiFunction<Ops, Batch<M>, Tensor> objective) {
        try (Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(device, "test", owner);
            Clock clock = Clock.of(1, 0, memory);
            Tensor data = memory.floats(Shape.of(ROWS, COLS), new float[ROWS * COLS]);
            Parameters<M> parameters = Parameters.of(device, "model", owner, model);
            Optimizer optimizer =
                    Optimizer.of(parameters, new UpdateRule.Adam(), Schedule.constant(0.001), clock, memory);
            try (Step<Tensor> step = Step.record(clock, "train", m -> {
                Tape tape = new Tape(m);
                parameters.watch(tape);
                Ops f = Ops.taped(m, tape);
                Draw order = clock.next(Purpose.DATA);
                Tensor x = ShuffledBatch.bits(data, BATCH, true, order, clock.next(Purpose.DATA), m);
                Tensor loss = objective.apply(f, new Batch<>(parameters.model(), x, clock));
                tape.pullback(loss, 1);
                optimizer.updateLast(loss);
                return loss;
            })) {
                return step.operations();
            }
        }
    }

    private record Batch<M>(M model, Tensor x, Clock clock) {}

    /// Five layers forward, five gradients of weights, four towards x: no product has a gradient nobody asked for.
    static List<String> vae(Device device) {
        return vae(
                device,
                List.of(5),
                (f, batch) -> Bounds.elbo(
                        f, batch.model(), batch.x(), 1, batch.clock().next(Purpose.TRAIN)));
    }

    static List<String> iwae(Device device) {
        return vae(
                device,
                List.of(5, 5),
                (f, batch) -> Bounds.importanceWeighted(
                        f, batch.model(), batch.x(), 3, batch.clock().next(Purpose.TRAIN)));
    }

    private static List<String> vae(Device device, List<Integer> hidden, BiFunction<Ops, Batch<Vae>, Tensor> bound) {
        return launches(
                device,
                m -> Vae.of(COLS, hidden, 2, Activation.TANH, Output.Bernoulli::of, Clock.of(2, 0, m), m),
                (f, batch) -> f.mean(bound.apply(f, batch)));
    }

    @Test
    void aVaeStepIsFourteenProducts() {
        try (CpuDevice cpu = cpu()) {
            List<String> launches = vae(cpu);
            assertEquals(14, products(launches), launches.toString());
            assertEquals(30, launches.size(), launches.toString());
        }
    }

    @Test
    void anIwaeStepIsTwentyProducts() {
        try (CpuDevice cpu = cpu()) {
            List<String> launches = iwae(cpu);
            assertEquals(20, products(launches), launches.toString());
            assertEquals(41, launches.size(), launches.toString());
        }
    }

    /// v W and h Wᵀ of the chain (this one with its sigmoid and draw), v′ W, and the statistics of both phases, one
    /// product. Free energies of both phases are one launch, their contrast is another, and each of the gradients.
    static List<String> contrastiveDivergence(Device device) {
        return launches(
                device,
                m -> Rbm.of(COLS, 5, Clock.of(2, 0, m), m),
                (f, batch) -> Gibbs.divergence(f, batch.model(), batch.x(), 1, batch.clock(), Purpose.TRAIN));
    }

    @Test
    void aContrastiveDivergenceStepIsFourProductsAndOneContrast() {
        try (CpuDevice cpu = cpu()) {
            List<String> launches = contrastiveDivergence(cpu);
            assertEquals(3, Collections.frequency(launches, "linear"), launches.toString());
            assertEquals(1, Collections.frequency(launches, "bernoulliLinear"), launches.toString());
            assertEquals(4, Collections.frequency(launches, "freeEnergyContrast"), launches.toString());
            assertEquals(14, launches.size(), launches.toString());
        }
    }

    /// Product, sigmoid and draw of a half-step are one launch.
    @Test
    void aStepOfAChainIsTwoLaunches() {
        List<String> launches = launches(m -> Rbm.of(COLS, 5, Clock.of(2, 0, m), m), (f, batch) -> {
            Tensor v = Gibbs.chain(f.detached(), batch.model(), batch.x(), 3, batch.clock(), Purpose.CHAIN);
            return Gibbs.contrast(f, batch.model(), batch.x(), v);
        });
        assertEquals(6, Collections.frequency(launches, "bernoulliLinear"), launches.toString());
    }
}
