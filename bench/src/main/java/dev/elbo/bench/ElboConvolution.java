package dev.elbo.bench;

import dev.elbo.runtime.Clock;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.ops.Window;
import java.lang.foreign.Arena;

/// Elbo's layer, recorded once and replayed.
final class ElboConvolution implements ConvolutionContender {
    private static final Window WINDOW = Window.of(ConvolutionLayer.KERNEL, 2, 1);

    private final CpuDevice cpu;
    private final Arena owner = Arena.ofShared();
    private final Tensor x;
    private final Tensor weight;
    private final Tensor bias;
    private final Step<Tensor> forward;
    private final Step<Tensor> gradients;

    /// @param cpu borrowed
    ElboConvolution(ConvolutionLayer layer, CpuDevice cpu) {
        this.cpu = cpu;
        Memory memory = Memory.of(cpu, "bench", owner);
        Clock clock = Clock.of(1, 0, memory);
        int side = layer.side();
        int kernel = ConvolutionLayer.KERNEL;
        this.x = memory.floats(Shape.of(ConvolutionLayer.IMAGES, side, side, layer.channels()), layer.x());
        this.weight = memory.floats(Shape.of(layer.outputs(), kernel, kernel, layer.channels()), layer.weight());
        this.bias = Ops.plain(memory).constant(Shape.of(layer.outputs()), 0);
        this.forward = Step.record(clock, "forward", step -> apply(Ops.plain(step)));
        this.gradients = Step.record(clock, "gradients", this::pullback);
    }

    private Tensor apply(Ops f) {
        return f.convolution(x, weight, bias, WINDOW, Activation.leakyRelu(0.2f));
    }

    private Tensor pullback(Memory step) {
        Tape tape = new Tape(step);
        for (Tensor each : new Tensor[] {x, weight, bias}) {
            tape.watch(each, step.empty(each.shape()));
        }
        Ops f = Ops.taped(step, tape);
        Tensor loss = f.mean(f.square(apply(f)));
        tape.pullback(loss, 1);
        return loss;
    }

    @Override
    public double loss() {
        gradients.run();
        return cpu.scalar(gradients.result());
    }

    @Override
    public void run(int times, boolean withGradients) {
        Step<Tensor> step = withGradients ? gradients : forward;
        for (int i = 0; i < times; i++) {
            step.run();
        }
        cpu.synchronize();
    }

    @Override
    public void close() {
        gradients.close();
        forward.close();
        owner.close();
    }
}
