package dev.elbo.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.UpdateRule.Adam;
import dev.elbo.runtime.UpdateRule.RmsProp;
import dev.elbo.runtime.UpdateRule.Sgd;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class OptimizerTest {
    private static final int SIZE = 5000;

    record Model(Tensor p) {}

    private final Device device = open();
    private final Arena owner = Arena.ofShared();
    private final Memory memory = Memory.of(device, "test", owner);
    private final Schedule rate = Schedule.constant(0.1f);
    private final Clock clock = Clock.of(1, 10, memory);
    private final Tensor loss = memory.floats(Shape.SCALAR, 1);

    /// Where the tests run; another one elsewhere.
    Device open() {
        return CpuDevice.open(2);
    }

    @AfterEach
    void close() {
        owner.close();
        device.close();
    }

    static List<UpdateRule> rules() {
        return List.of(
                new Sgd(),
                new Sgd(0.9f),
                new Sgd(0.9f, true, 0.01f),
                new RmsProp(),
                new RmsProp(0.9f, 1e-4f, 0.5f, 0.01f),
                new Adam(),
                Adam.iwae(),
                Adam.w(0.01f),
                new Adam(0.9f, 0.99f, 1e-3f, Adam.Root.INSIDE, 0, 0, false),
                new Adam(0.9f, 0.99f, 1e-3f, Adam.Root.OUTSIDE, 0, 0.02f, false));
    }

    @ParameterizedTest
    @MethodSource("rules")
    void fiveUpdatesAreThoseOfTheFormula(UpdateRule rule) {
        float[] start = normals(1);
        Parameters<Model> model = model(start);
        Optimizer optimizer = Optimizer.of(model, rule, rate, clock, memory);
        double[] p = doubles(start);
        double[] a = new double[SIZE];
        double[] b = new double[SIZE];
        Arrays.fill(b, rule.initial(1));
        for (int t = 1; t <= 5; t++) {
            float[] g = normals(10 + t);
            device.write(g, model.all().getFirst().gradient());
            optimizer.update(loss);
            for (int e = 0; e < SIZE; e++) {
                oracle(rule, t, g[e], p, a, b, e);
            }
        }
        float[] actual = device.floats(model.model().p());
        for (int e = 0; e < SIZE; e++) {
            assertEquals(p[e], actual[e], 2e-6 * Math.max(1, Math.abs(p[e])), "element " + e);
        }
        assertEquals(5, optimizer.updates());
    }

    private static void oracle(UpdateRule rule, int t, double g, double[] p, double[] a, double[] b, int e) {
        switch (rule) {
            case Sgd sgd -> {
                double h = g + sgd.weightDecay() * p[e];
                a[e] = sgd.momentum() * a[e] + h;
                p[e] -= 0.1f * (sgd.nesterov() ? h + sgd.momentum() * a[e] : a[e]);
            }
            case RmsProp rms -> {
                double h = g + rms.weightDecay() * p[e];
                a[e] = rms.decay() * a[e] + (1 - rms.decay()) * h * h;
                b[e] = rms.momentum() * b[e] + h / (Math.sqrt(a[e]) + rms.epsilon());
                p[e] -= 0.1f * b[e];
            }
            case Adam adam -> {
                double h = g + (adam.decoupled() ? 0 : adam.weightDecay() * p[e]);
                a[e] = adam.beta1() * a[e] + (1 - adam.beta1()) * h;
                b[e] = adam.beta2() * b[e] + (1 - adam.beta2()) * h * h;
                double m = a[e] / (1 - Math.pow(adam.beta1(), t));
                double v = b[e] / (1 - Math.pow(adam.beta2(), t));
                double d = switch (adam.root()) {
                    case OUTSIDE -> m / (Math.sqrt(v) + adam.epsilon());
                    case UNCORRECTED ->
                        m * Math.sqrt(1 - Math.pow(adam.beta2(), t)) / (Math.sqrt(b[e]) + adam.epsilon());
                    case INSIDE -> m / Math.sqrt(v + adam.epsilon());
                };
                p[e] -= 0.1f * (d + (adam.decoupled() ? adam.weightDecay() * p[e] : 0));
            }
        }
    }

    @Test
    void clippingScalesTheWholeGradientToItsNorm() {
        Parameters<Model> model = model(new float[SIZE]);
        Optimizer optimizer = Optimizer.of(model, new Sgd(), rate, 2, NanPolicy.IGNORE, clock, memory);
        float[] g = normals(3);
        device.write(g, model.all().getFirst().gradient());
        optimizer.update(loss);
        double norm = Math.sqrt(sumOfSquares(g));
        assertEquals(norm, optimizer.norm(), 1e-5 * norm);
        assertEquals(0.2, Math.sqrt(sumOfSquares(device.floats(model.model().p()))), 1e-6);
        device.write(new float[SIZE], model.all().getFirst().gradient());
        optimizer.update(loss);
        assertEquals(0, optimizer.norm());
    }

    @Test
    void skippingLeavesTheUpdateOutAndDoesNotCountIt() {
        Parameters<Model> model = model(normals(1));
        Optimizer optimizer = Optimizer.of(model, new Adam(), rate, 0, NanPolicy.SKIP, clock, memory);
        float[] before = device.floats(model.values());
        float[] g = normals(2);
        g[77] = Float.NaN;
        device.write(g, model.all().getFirst().gradient());
        optimizer.update(loss);
        assertArrayEquals(before, device.floats(model.values()));
        assertEquals(0, optimizer.updates());
        assertEquals(1, optimizer.skipped());
        device.write(normals(2), model.all().getFirst().gradient());
        optimizer.update(loss);
        assertEquals(1, optimizer.updates());
        assertFalse(Arrays.equals(before, device.floats(model.values())));
    }

    @Test
    void whatMovedBesideTheParametersIsWithdrawnWithTheUpdate() {
        Parameters<Model> model = model(normals(1));
        Optimizer optimizer = Optimizer.of(model, new Adam(), rate, 0, NanPolicy.SKIP, clock, memory);
        Tensor before = memory.floats(Shape.of(SIZE), normals(4));
        float[] moved = normals(5);
        Tensor state = memory.floats(Shape.of(SIZE), moved);
        device.write(normals(2), model.all().getFirst().gradient());
        optimizer.update(loss);
        optimizer.withdraw(state, before);
        assertArrayEquals(moved, device.floats(state));
        device.write(new float[] {Float.NaN}, loss);
        optimizer.update(loss);
        optimizer.withdraw(state, before);
        assertArrayEquals(normals(4), device.floats(state));
    }

    @Test
    void freezingStopsUpdatesAndTheClockUntilTheHostHasLooked() {
        Parameters<Model> model = model(normals(1));
        Optimizer optimizer = Optimizer.of(model, new Adam(), rate, 1, NanPolicy.FREEZE, clock, memory);
        device.write(normals(2), model.all().getFirst().gradient());
        try (Step<Void> step = Step.record(clock, "update", _ -> {
            optimizer.update(loss);
            return null;
        })) {
            float[] good = device.floats(model.values());
            device.write(new float[] {Float.POSITIVE_INFINITY}, loss);
            step.run();
            device.write(new float[] {1}, loss);
            step.run();
            assertTrue(optimizer.frozen());
            assertArrayEquals(good, device.floats(model.values()));
            assertEquals(11, clock.step());
            assertEquals(1, optimizer.updates());
            optimizer.thaw();
            step.run();
            assertEquals(2, optimizer.updates());
            assertEquals(12, clock.step());
        }
    }

    /// As a generator and a discriminator: what stops one stops the other in the same step, and the clock of both.
    @Test
    void optimizersOfOneClockFreezeAndThawTogether() {
        List<Parameters<Model>> models = List.of(model(normals(1)), model(normals(2)));
        List<Optimizer> optimizers = models.stream()
                .map(model -> Optimizer.of(model, new Adam(), rate, 1, NanPolicy.FREEZE, clock, memory))
                .toList();
        models.forEach(model -> device.write(normals(3), model.all().getFirst().gradient()));
        Tensor other = memory.floats(Shape.SCALAR, 1);
        try (Step<Void> step = Step.record(clock, "update", _ -> {
            optimizers.get(0).update(loss);
            optimizers.get(1).updateLast(other);
            return null;
        })) {
            device.write(new float[] {Float.NaN}, loss);
            step.run();
            device.write(new float[] {1}, loss);
            step.run();
            for (Optimizer optimizer : optimizers) {
                assertTrue(optimizer.frozen());
                assertEquals(1, optimizer.updates());
            }
            assertEquals(11, clock.step());
            optimizers.get(1).thaw();
            device.write(new float[] {Float.NaN}, other);
            step.run();
            assertEquals(2, optimizers.get(0).updates());
            assertEquals(1, optimizers.get(1).updates());
            assertTrue(optimizers.get(0).frozen());
            assertEquals(11, clock.step());
        }
    }

    /// Rate, noise and losses of three steps, whether the clock ticks in a launch of its own or in the last update's.
    @Test
    void theLastUpdateEndsTheStep() {
        Schedule steps = Schedule.list(1, 0.5f, 0.25f, 0.125f);
        for (boolean last : new boolean[] {false, true}) {
            Clock own = Clock.of(3, 0, memory);
            Parameters<Model> model = model(new float[SIZE]);
            Optimizer optimizer = Optimizer.of(model, new Sgd(), steps, own, memory);
            float[] ones = new float[SIZE];
            Arrays.fill(ones, 1);
            device.write(ones, model.all().getFirst().gradient());
            try (Step<Tensor> step = Step.record(own, "update", made -> {
                Tensor noise = Ops.plain(made).uniforms(Shape.of(1), own.next(Purpose.TRAIN));
                if (last) {
                    optimizer.updateLast(noise);
                } else {
                    optimizer.update(noise);
                }
                return noise;
            })) {
                assertEquals(last ? 0 : 1, Collections.frequency(step.operations(), "tick"));
                float sum = device.scalar(step.result());
                for (int t = 1; t < 3; t++) {
                    step.run();
                    assertEquals(Noise.of(3, t, Purpose.TRAIN, 0).uniform(0), device.scalar(step.result()));
                    sum += device.scalar(step.result());
                }
                assertEquals(-0.875f, device.floats(model.values())[7]);
                assertEquals(3, own.step());
                assertEquals(sum, optimizer.takeLossSum());
                assertEquals(0, optimizer.takeLossSum());
            }
        }
    }

    @Test
    void nothingIsDrawnOrScheduledAfterTheLastUpdate() {
        Parameters<Model> model = model(normals(1));
        Optimizer optimizer = Optimizer.of(model, new Sgd(), rate, clock, memory);
        Scheduled late = Scheduled.of(rate, memory);
        List<Runnable> tooLate = List.of(
                () -> clock.next(Purpose.TRAIN),
                () -> late.at(clock),
                () -> optimizer.update(loss),
                () -> optimizer.updateLast(loss));
        for (Runnable call : tooLate) {
            IllegalStateException refused = assertThrows(
                    IllegalStateException.class,
                    () -> Step.record(clock, "late", _ -> {
                        optimizer.updateLast(loss);
                        call.run();
                        return null;
                    }));
            assertTrue(refused.getMessage().endsWith(": the last update has ended the step"), refused.getMessage());
        }
    }

    private Parameters<Model> model(float[] p) {
        return Parameters.of(device, "model", owner, m -> new Model(m.floats(Shape.of(p.length), p)));
    }

    private static double sumOfSquares(float[] x) {
        double sum = 0;
        for (float each : x) {
            sum += (double) each * each;
        }
        return sum;
    }

    private static float[] normals(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] z = new float[SIZE];
        for (int e = 0; e < SIZE; e++) {
            z[e] = (float) random.nextGaussian();
        }
        return z;
    }

    private static double[] doubles(float[] x) {
        double[] y = new double[x.length];
        for (int e = 0; e < x.length; e++) {
            y[e] = x[e];
        }
        return y;
    }
}
