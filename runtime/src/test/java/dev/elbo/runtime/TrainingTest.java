package dev.elbo.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.elbo.runtime.cpu.CpuMath;
import dev.elbo.runtime.cpu.Fingerprints;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.random.Purpose;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/// Whole training steps of a small VAE and a small RBM: eager or replayed, on any number of threads, the bytes are the
/// same, and what is learnt obeys the laws of likelihood.
class TrainingTest {
    static final int PIXELS = 8;
    private static final int BATCH = 16;
    private static final Duration PATIENCE = Duration.ofSeconds(90); // with compilers that others keep busy

    /// One layer.
    record Dense(Tensor weight, Tensor bias) {
        static Dense of(int in, int out, long seed, Memory memory) {
            SplittableRandom random = new SplittableRandom(seed);
            float[] w = new float[in * out];
            for (int i = 0; i < w.length; i++) {
                w[i] = (float) (random.nextGaussian() / Math.sqrt(in));
            }
            return new Dense(memory.floats(Shape.of(in, out), w), memory.floats(Shape.of(out), new float[out]));
        }

        Tensor apply(Ops f, Tensor x, Activation activation) {
            return f.linear(x, weight, bias, activation);
        }
    }

    /// Variational autoencoder with one latent number, so that log p(x) can be had by quadrature.
    record Vae(Dense encoder, Dense mean, Dense logVar, Dense decoder, Dense logits) {
        static Vae of(Memory memory) {
            return new Vae(
                    Dense.of(PIXELS, 32, 1, memory),
                    Dense.of(32, 1, 2, memory),
                    Dense.of(32, 1, 3, memory),
                    Dense.of(1, 32, 4, memory),
                    Dense.of(32, PIXELS, 5, memory));
        }

        Tensor decode(Ops f, Tensor z) {
            return logits.apply(f, decoder.apply(f, z, Activation.TANH), Activation.NONE);
        }

        /// (n), one sample.
        Tensor elbo(Ops f, Tensor x, Draw draw) {
            Tensor h = encoder.apply(f, x, Activation.TANH);
            Tensor mu = mean.apply(f, h, Activation.NONE);
            Tensor v = logVar.apply(f, h, Activation.NONE);
            Tensor z = f.reparameterise(mu, v, draw);
            return f.minus(f.bernoulliLogLikelihood(decode(f, z), x), f.gaussianKl(mu, v));
        }

        /// (n), the importance-weighted bound of `samples` samples.
        Tensor bound(Ops f, Tensor x, int samples, Draw draw) {
            Tensor h = encoder.apply(f, x, Activation.TANH);
            Tensor mu = mean.apply(f, h, Activation.NONE);
            Tensor v = logVar.apply(f, h, Activation.NONE);
            Tensor z = f.reparameterise(mu, v, samples, draw);
            Tensor zero = f.constant(Shape.of(1, 1), 0);
            Tensor w = f.plus(
                    f.bernoulliLogLikelihood(decode(f, z), x),
                    f.minus(f.gaussianLogLikelihood(z, zero, zero), f.gaussianLogLikelihood(z, mu, v)));
            return f.logMeanExpRows(w);
        }

        /// (n), log ∫ p(x | z) N(z | 0, 1) dz by a sum over a fine grid.
        double[] logLikelihood(Ops f, Tensor x) {
            int grid = 1601;
            float[] z = new float[grid];
            for (int i = 0; i < grid; i++) {
                z[i] = (i - grid / 2) * 0.01f;
            }
            int n = x.shape().rows();
            double[] sums = new double[n];
            float[] logits = f.memory().device().floats(decode(f, f.memory().floats(Shape.of(grid, 1), z)));
            float[] data = f.memory().device().floats(x);
            for (int i = 0; i < n; i++) {
                for (int g = 0; g < grid; g++) {
                    double log = -0.5 * z[g] * z[g] - 0.5 * Math.log(2 * Math.PI);
                    for (int j = 0; j < PIXELS; j++) {
                        double l = data[i * PIXELS + j] == 1 ? logits[g * PIXELS + j] : -logits[g * PIXELS + j];
                        log -= Math.log1p(Math.exp(-l));
                    }
                    sums[i] += 0.01 * Math.exp(log);
                }
                sums[i] = Math.log(sums[i]);
            }
            return sums;
        }
    }

    /// Restricted Boltzmann machine.
    record Rbm(Tensor weight, Tensor visible, Tensor hidden) {
        static Rbm of(Memory memory) {
            Dense w = Dense.of(PIXELS, 6, 7, memory);
            return new Rbm(w.weight, memory.floats(Shape.of(PIXELS), new float[PIXELS]), w.bias);
        }

        /// F(v) = −v·b − Σ log(1 + exp(v W + c)), (n).
        Tensor freeEnergy(Ops f, Tensor v) {
            Tensor b = f.reshape(visible, Shape.of(PIXELS, 1));
            Tensor linear = f.reshape(f.product(v, b), v.shape().withoutCols());
            return f.negate(f.plus(linear, f.sumRows(f.softplus(f.linear(v, weight, hidden)))));
        }

        /// One step of Gibbs sampling, v → h → v.
        Tensor gibbs(Ops f, Tensor v, Clock clock) {
            Tensor h = f.bernoullis(f.linear(v, weight, hidden, Activation.SIGMOID), clock.next(Purpose.TRAIN));
            Tensor down = f.plus(f.product(h, false, weight, true), visible);
            return f.bernoullis(f.sigmoid(down), clock.next(Purpose.TRAIN));
        }

        /// Mean log p of the rows of v, with Z summed over all 2⁸ visible states.
        double logLikelihood(Memory memory, Tensor v) {
            float[] all = new float[256 * PIXELS];
            for (int i = 0; i < all.length; i++) {
                all[i] = i / PIXELS >> i % PIXELS & 1;
            }
            Ops f = Ops.plain(memory);
            double z = 0;
            for (float energy : memory.device().floats(freeEnergy(f, memory.floats(Shape.of(256, PIXELS), all)))) {
                z += Math.exp(-energy);
            }
            return -memory.device().scalar(f.mean(freeEnergy(f, v))) - Math.log(z);
        }
    }

    /// Everything a run needs.
    record Run(Device device, Memory memory, Clock clock, Tensor data) {
        static Run on(Device device, Arena owner) {
            Memory memory = Memory.of(device, "test", owner);
            return new Run(device, memory, Clock.of(42, 0, memory), TrainingTest.data(memory));
        }
    }

    /// Four images, each four times: entropy log 4 nats.
    private static Tensor data(Memory memory) {
        float[] x = new float[BATCH * PIXELS];
        for (int i = 0; i < BATCH; i++) {
            x[i * PIXELS + i % 4 * 2] = 1;
            x[i * PIXELS + i % 4 * 2 + 1] = 1;
        }
        return memory.floats(Shape.of(BATCH, PIXELS), x);
    }

    private static void run(int threads, Consumer<Run> body) {
        // The vector provider has the same bits, but takes seconds of compilation before it is fast.
        run(CpuOptions.best().threads(threads).math(CpuMath.plain()), body);
    }

    private static void run(CpuOptions options, Consumer<Run> body) {
        try (CpuDevice cpu = CpuDevice.open(options);
                Arena owner = Arena.ofShared()) {
            body.accept(Run.on(cpu, owner));
        }
    }

    /// Trains for `steps` steps; the body of a step is bound anew each time, or recorded once.
    static Parameters<Vae> trainVae(Run run, int steps, boolean eager) {
        Parameters<Vae> model = vae(run);
        trainVae(run, model, steps, eager);
        return model;
    }

    static Parameters<Vae> vae(Run run) {
        return Parameters.of(run.device, "vae", ((Memory.ArenaMemory) run.memory).owner(), Vae::of);
    }

    static void trainVae(Run run, Parameters<Vae> model, int steps, boolean eager) {
        Schedule rate = Schedule.cosine(0.03, 0.003, steps).warmUp(5);
        Optimizer optimizer =
                Optimizer.of(model, new UpdateRule.Adam(), rate, 5, NanPolicy.SKIP, run.clock, run.memory);
        Scheduled beta = Scheduled.of(Schedule.linear(0.1, 1, steps / 2), run.memory);
        Function<Memory, Tensor> body = memory -> {
            Tape tape = new Tape(memory);
            model.watch(tape);
            Ops f = Ops.taped(memory, tape);
            Tensor elbo = model.model().elbo(f, run.data, run.clock.next(Purpose.TRAIN));
            Tensor loss = f.mean(f.times(elbo, beta.at(run.clock)));
            tape.pullback(loss, -1);
            optimizer.updateLast(loss);
            return loss;
        };
        train(run, steps, eager, body);
    }

    static Parameters<Rbm> trainRbm(Run run, int steps, boolean eager) {
        Parameters<Rbm> model = Parameters.of(run.device, "rbm", ((Memory.ArenaMemory) run.memory).owner(), Rbm::of);
        Optimizer optimizer =
                Optimizer.of(model, new UpdateRule.Sgd(0.5f), Schedule.constant(0.2), run.clock, run.memory);
        train(run, steps, eager, memory -> {
            Tape tape = new Tape(memory);
            model.watch(tape);
            Ops f = Ops.taped(memory, tape);
            Rbm rbm = model.model();
            Tensor negative = rbm.gibbs(f.detached(), run.data, run.clock);
            Tensor loss = f.minus(f.mean(rbm.freeEnergy(f, run.data)), f.mean(rbm.freeEnergy(f, negative)));
            tape.pullback(loss, 1);
            optimizer.updateLast(loss);
            return loss;
        });
        return model;
    }

    static void train(Run run, int steps, boolean eager, Function<Memory, Tensor> body) {
        if (eager) {
            for (int i = 0; i < steps; i++) {
                try (Arena each = Arena.ofShared()) {
                    body.apply(Memory.of(run.device, "eager", each));
                    run.clock.tick();
                }
            }
            return;
        }
        try (Step<Tensor> step = Step.record(run.clock, "train", body)) {
            for (int i = 1; i < steps; i++) {
                step.run();
            }
        }
    }

    private static float[] trained(int threads, boolean eager, boolean vae) {
        List<float[]> result = new ArrayList<>();
        run(
                threads,
                run -> result.add(run.device.floats(
                        vae
                                ? trainVae(run, 100, eager).values()
                                : trainRbm(run, 100, eager).values())));
        return result.getFirst();
    }

    @Test
    void eagerAndReplayedStepsGiveEqualBytesOnAnyNumberOfThreads() {
        for (boolean vae : new boolean[] {true, false}) {
            float[] expected = trained(1, true, vae);
            assertArrayEquals(expected, trained(1, false, vae));
            assertArrayEquals(expected, trained(3, false, vae));
        }
    }

    @Test
    void boundsOfATrainedVaeStayBelowItsLikelihoodAndThatBelowTheEntropy() {
        run(2, run -> {
            Vae vae = trainVae(run, 800, false).model();
            Ops f = Ops.plain(run.memory);
            double elbo = 0;
            double bound = 0;
            int draws = 100;
            for (int i = 0; i < draws; i++) {
                elbo += run.device.scalar(f.mean(vae.elbo(f, run.data, run.clock.next(Purpose.EVALUATE)))) / draws;
                bound +=
                        run.device.scalar(f.mean(vae.bound(f, run.data, 50, run.clock.next(Purpose.EVALUATE)))) / draws;
            }
            double exact = 0;
            for (double each : vae.logLikelihood(f, run.data)) {
                exact += each / BATCH;
            }
            String all = "ELBO " + elbo + ", L50 " + bound + ", log p " + exact + ", −entropy " + -Math.log(4);
            assertTrue(elbo < bound, all);
            assertTrue(bound < exact + 0.005, all);
            assertTrue(exact < -Math.log(4), all);
            assertTrue(elbo > -2.5, all);
        });
    }

    @Test
    void anRbmLearnsAndItsLikelihoodStaysBelowTheEntropy() {
        run(2, run -> {
            double before = Rbm.of(run.memory).logLikelihood(run.memory, run.data);
            double after = trainRbm(run, 2000, false).model().logLikelihood(run.memory, run.data);
            assertTrue(after > before + 1.5, before + " → " + after);
            assertTrue(after < -Math.log(4), "log p " + after);
        });
    }

    @Test
    void aReplayedStepAllocatesNothingOnAnyThread() {
        assertAllocatesNothing(CpuMath.plain());
    }

    /// A vector loop makes an object of every vector until it is compiled; then the whole step is as frugal. In a
    /// JVM of its own, as training is: where other tests have run, the compiler has seen other shapes and inlines
    /// less.
    @Test
    void aReplayedStepOfVectorLoopsSettlesToNoAllocation() throws Exception {
        ChildJvm.output(VectorLoops.class, ChildJvm.COMPILED);
    }

    /// Ends well if a replayed step of vector loops settles to no allocation.
    static final class VectorLoops {
        public static void main(String[] arguments) {
            assertAllocatesNothing(Fingerprints.vectors());
        }
    }

    private static void assertAllocatesNothing(CpuMath math) {
        run(CpuOptions.best().threads(2).math(math), run -> {
            Parameters<Vae> model =
                    Parameters.of(run.device, "vae", ((Memory.ArenaMemory) run.memory).owner(), Vae::of);
            Schedule rate = Schedule.cosine(0.01, 0, 1000);
            Optimizer optimizer =
                    Optimizer.of(model, UpdateRule.Adam.iwae(), rate, 5, NanPolicy.FREEZE, run.clock, run.memory);
            try (Step<Tensor> step = Step.record(run.clock, "train", memory -> {
                Tape tape = new Tape(memory);
                model.watch(tape);
                Ops f = Ops.taped(memory, tape);
                Tensor x = f.corrupt(run.data, 0.9f, run.clock.next(Purpose.TRAIN));
                Tensor loss = f.mean(model.model().bound(f, x, 50, run.clock.next(Purpose.TRAIN)));
                tape.pullback(loss, -1);
                optimizer.updateLast(loss);
                return loss;
            })) {
                // Late, and once: a worker's scratch memory with its first block, and what the interpreter leaves
                // behind until a rarely called loop is compiled.
                Heap heap = Heap.here();
                assertEquals(2, heap.threads.length);
                long least = Long.MAX_VALUE;
                long end = System.nanoTime() + PATIENCE.toNanos();
                while (least > 0 && System.nanoTime() < end) {
                    long before = heap.allocated();
                    for (int i = 0; i < 20; i++) {
                        step.run();
                    }
                    least = Math.min(least, heap.allocated() - before);
                }
                assertEquals(0, least, "bytes in 20 steps");
            }
        });
    }

    /// How many bytes some threads have allocated on the heap.
    private record Heap(long[] threads) {
        private static final ThreadMXBean BEAN = (ThreadMXBean) ManagementFactory.getThreadMXBean();

        /// This thread and the workers of all CPU devices.
        static Heap here() {
            Heap heap = new Heap(LongStream.of(BEAN.getAllThreadIds())
                    .filter(id -> id == Thread.currentThread().threadId()
                            || BEAN.getThreadInfo(id).getThreadName().startsWith("elbo-cpu-"))
                    .toArray());
            heap.allocated();
            return heap;
        }

        long allocated() {
            long sum = 0;
            for (long id : threads) {
                sum += BEAN.getThreadAllocatedBytes(id);
            }
            return sum;
        }
    }
}
