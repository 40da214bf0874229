package dev.elbo.bench;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.chain.Form;
import dev.elbo.runtime.chain.Inference;
import dev.elbo.runtime.chain.LinearChain;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/// Question: how long do Σ log Z and its gradients by unary and transition scores take, as one replayed step?
///
/// The sizes are those at which the frameworks were timed. `AUTO` is what a model gets; the other forms say what it
/// costs when the transitions do not allow the fastest.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 6, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 10, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 2, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@State(Scope.Thread)
public class ForwardBackwardBench {
    private static final String RESULTS = "forward-backward.jsonl";

    @Param("cpu")
    String device;

    @Param({"AUTO", "SCALED_F64"})
    Form form;

    /// Sequences × steps × states.
    @Param({"64x256x8", "256x128x48", "32x1024x64", "1x100000x8"})
    String size;

    private Device on;
    private Arena owner;
    private Step<Tensor> step;

    @Setup
    public void record() {
        String[] extents = size.split("x");
        int n = Integer.parseInt(extents[0]);
        int steps = Integer.parseInt(extents[1]);
        int states = Integer.parseInt(extents[2]);
        on = CpuDevice.open();
        owner = Arena.ofShared();
        Memory memory = Memory.of(on, "scores", owner);
        SplittableRandom random = new SplittableRandom(1);
        Tensor unary = memory.floats(Shape.of(n, steps, states), normals(random, n * steps * states, 2));
        Tensor transitions = memory.floats(Shape.of(states, states), normals(random, states * states, 1));
        int[] lengths = new int[n];
        Arrays.fill(lengths, steps);
        LinearChain chain = LinearChain.of(unary, transitions, memory.ints(Shape.of(n), lengths));
        step = Step.record(on, "chain", own -> {
            Tape tape = new Tape(own);
            Tensor dUnary = own.empty(unary.shape());
            Tensor dTransitions = own.empty(transitions.shape());
            tape.watch(unary, dUnary);
            tape.watch(transitions, dTransitions);
            Ops f = Ops.taped(own, tape);
            tape.pullback(f.sum(new Inference(f, chain, form).logPartition().value()), 1);
            return dUnary;
        });
        check(n * steps);
    }

    /// The marginals of every step sum to 1.
    private void check(int cells) {
        double sum = 0;
        for (float p : on.floats(step.result())) {
            sum += p;
        }
        if (!(Math.abs(sum - cells) < 1e-5 * cells)) {
            throw new IllegalStateException("wrong marginals: they do not sum to one a step; sum=" + sum + ", steps="
                    + cells + ", size=" + size + ", form=" + form);
        }
    }

    private static float[] normals(SplittableRandom random, int size, double scale) {
        float[] x = new float[size];
        for (int e = 0; e < size; e++) {
            x[e] = (float) (scale * random.nextGaussian());
        }
        return x;
    }

    @TearDown
    public void close() {
        step.close();
        owner.close();
        on.close();
    }

    @Benchmark
    public Tensor logPartitionAndGradients() {
        step.run();
        on.synchronize();
        return step.result();
    }

    /// Runs all sizes and appends to the results.
    ///
    /// @param arguments the folder of results
    public static void main(String[] arguments) throws RunnerException, IOException {
        OptionsBuilder options = new OptionsBuilder();
        options.include(ForwardBackwardBench.class.getSimpleName()).addProfiler(GCProfiler.class);
        Results.append(Path.of(arguments[0]).resolve(RESULTS), new Runner(options.build()).run());
    }
}
