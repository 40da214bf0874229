package dev.elbo.bench;

import dev.elbo.models.energy.Gibbs;
import dev.elbo.models.energy.Rbm;
import dev.elbo.models.latent.Bounds;
import dev.elbo.models.latent.Output;
import dev.elbo.models.latent.Vae;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Optimizer;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Schedule;
import dev.elbo.runtime.Scheduled;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.UpdateRule;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.ops.ShuffledBatch;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/// Elbo's step: the models of the zoo, recorded once and replayed.
final class ElboStep implements Contender {
    private final Workload workload;
    private final Device device;
    private final Arena owner = Arena.ofShared();
    private final Memory memory;
    private final Clock clock;
    private final Tensor data;
    private final Tensor x;
    private final Parameters<?> parameters;
    private final Map<String, Start.Array> arrays = new LinkedHashMap<>();
    private final double loss;
    private final Step<Tensor> step;

    /// @param device borrowed; its products are those of the training, the check included
    ElboStep(Workload workload, Device device) {
        this.workload = workload;
        this.device = device;
        this.memory = Memory.of(device, "bench", owner);
        this.clock = Clock.of(42, 0, memory);
        this.data = kept("data", Shape.of(Workload.ROWS, Workload.PIXELS), grey());
        this.x = kept("x", Shape.of(workload.batch(), Workload.PIXELS), bits());
        this.parameters = workload.isRbm()
                ? Parameters.of(device, "rbm", owner, m -> Rbm.of(Workload.PIXELS, workload.latent(), init(m), m))
                : Parameters.of(device, "vae", owner, this::vae);
        for (Parameters.Parameter each : parameters.all()) {
            keep(each.name(), each.value());
        }
        this.loss = check();
        this.step = record();
    }

    private static Clock init(Memory memory) {
        return Clock.of(7, 0, memory);
    }

    private Vae vae(Memory m) {
        List<Integer> hidden = workload == Workload.VAE ? List.of(400) : List.of(200, 200);
        return Vae.of(Workload.PIXELS, hidden, workload.latent(), Activation.TANH, Output.Bernoulli::of, init(m), m);
    }

    /// Like digits: one pixel in five is inked.
    private static float[] grey() {
        SplittableRandom random = new SplittableRandom(1);
        float[] grey = new float[Workload.ROWS * Workload.PIXELS];
        for (int i = 0; i < grey.length; i++) {
            grey[i] = random.nextInt(5) == 0 ? random.nextInt(1, 256) / 255f : 0;
        }
        return grey;
    }

    private float[] bits() {
        SplittableRandom random = new SplittableRandom(2);
        float[] bits = new float[workload.batch() * Workload.PIXELS];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = random.nextInt(5) == 0 ? 1 : 0;
        }
        return bits;
    }

    private Tensor kept(String name, Shape shape, float[] values) {
        Tensor tensor = memory.floats(shape, values);
        keep(name, tensor);
        return tensor;
    }

    private void keep(String name, Tensor tensor) {
        int[] extents = new int[tensor.shape().rank()];
        for (int axis = 0; axis < extents.length; axis++) {
            extents[axis] = tensor.shape().extent(axis);
        }
        arrays.put(name, new Start.Array(extents, device.floats(tensor)));
    }

    /// The loss of the check, and its noise for the others.
    private double check() {
        Ops f = Ops.plain(memory);
        if (parameters.model() instanceof Rbm rbm) {
            Clock once = Clock.of(3, 0, memory);
            Tensor chain = Gibbs.chain(f, rbm, x, 1, once, Purpose.CHAIN);
            keep("noise", chain);
            return device.scalar(Gibbs.contrast(f, rbm, x, chain));
        }
        Draw draw = Draw.of(Noise.of(3, 0, Purpose.EVALUATE, 0), memory);
        keep("noise", f.normals(Shape.of(workload.batch(), workload.samples(), workload.latent()), draw));
        return device.scalar(f.mean(bound(f, (Vae) parameters.model(), x, draw)));
    }

    private Tensor bound(Ops f, Vae vae, Tensor examples, Draw draw) {
        return workload == Workload.VAE
                ? Bounds.elbo(f, vae, examples, 1, draw)
                : Bounds.importanceWeighted(f, vae, examples, workload.samples(), draw);
    }

    private Step<Tensor> record() {
        boolean rbm = workload.isRbm();
        UpdateRule rule = rbm ? new UpdateRule.Sgd(0.5f) : new UpdateRule.Adam();
        Optimizer optimizer = Optimizer.of(parameters, rule, memory);
        Scheduled rate = Scheduled.of(Schedule.constant(rbm ? Workload.RBM_RATE : 0.001), memory);
        return Step.record(clock, workload.name(), m -> {
            Tape tape = new Tape(m);
            parameters.watch(tape);
            Ops f = Ops.taped(m, tape);
            Draw order = clock.next(Purpose.DATA);
            Tensor bits = ShuffledBatch.bits(data, workload.batch(), true, order, clock.next(Purpose.DATA), m);
            Tensor objective = objective(f, bits);
            tape.pullback(objective, rbm ? 1 : -1);
            optimizer.update(rate.at(clock), objective);
            return objective;
        });
    }

    private Tensor objective(Ops f, Tensor bits) {
        if (parameters.model() instanceof Rbm machine) {
            return Gibbs.divergence(f, machine, bits, 1, clock, Purpose.TRAIN);
        }
        return f.mean(bound(f, (Vae) parameters.model(), bits, clock.next(Purpose.TRAIN)));
    }

    /// Where the others are to start.
    Start start() {
        return new Start(workload, arrays, loss);
    }

    /// How many launches one step is.
    int launches() {
        return step.operations().size();
    }

    @Override
    public double loss() {
        return loss;
    }

    @Override
    public long run(int steps) {
        long start = System.nanoTime();
        step.run(steps);
        device.synchronize();
        return System.nanoTime() - start;
    }

    @Override
    public void close() {
        step.close();
        owner.close();
    }
}
