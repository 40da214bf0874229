package dev.elbo.runtime;

import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.random.Purpose;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;

/// A program for a JVM that never collects garbage: what a replayed step or a recorded one leaves behind adds up, on
/// the heap, off it and on the device, and it says how much.
public final class FlatMemory {
    record Net(Tensor weight, Tensor bias) {}

    private FlatMemory() {}

    /// @param args `steps` or `shapes`; how many; `cpu` or `simulated`
    public static void main(String[] args) throws IOException {
        int count = Integer.parseInt(args[1]);
        try (Device device = args[2].equals("cpu") ? CpuDevice.open(2) : Gpu.open(CudaOptions.best());
                Arena owner = Arena.ofShared()) {
            if (args[0].equals("steps")) {
                steps(device, owner, count);
            } else {
                shapes(device, owner, count);
            }
        }
    }

    private static void steps(Device device, Arena owner, int count) throws IOException {
        Memory memory = Memory.of(device, "data", owner);
        Parameters<Net> model = net(device, owner, 12, 7);
        Clock clock = Clock.of(1, 0, memory);
        Optimizer optimizer =
                Optimizer.of(model, new UpdateRule.Adam(), Schedule.constant(1e-3), 1, NanPolicy.SKIP, clock, memory);
        Tensor x = memory.floats(Shape.of(16, 12), new float[16 * 12]);
        try (Step<Tensor> step = Step.record(clock, "train", made -> body(made, model, x, optimizer, clock))) {
            replay(step, Math.min(count / 2, 2_000)); // whatever is made once has been made
            long heap = heap();
            long resident = resident();
            long live = device.ledger().liveBytes();
            replay(step, count);
            report(heap, resident, live, device);
        }
    }

    private static void replay(Step<Tensor> step, int count) {
        for (int i = 0; i < count; i++) {
            step.run();
        }
        step.result().device().synchronize();
    }

    /// Products, sums and draws of a shape of its own each time, forward and back, recorded and replayed.
    private static void shapes(Device device, Arena owner, int count) throws IOException {
        Clock clock = Clock.of(1, 0, Memory.of(device, "clock", owner));
        for (int shape = 0; shape < Math.min(count / 2, 300); shape++) { // beside other work, compilers come late
            shape(device, clock, 1 + shape % 30, 1 + shape / 30, 400 + shape);
        }
        long heap = heap();
        long resident = resident();
        long live = device.ledger().liveBytes();
        for (int shape = 0; shape < count; shape++) {
            shape(device, clock, 1 + shape % 30, 1 + shape / 30, 8 + shape % 7);
        }
        report(heap, resident, live, device);
    }

    private static void shape(Device device, Clock clock, int rows, int inputs, int outputs) {
        try (Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(device, "shape", owner);
            Parameters<Net> model = net(device, owner, inputs, outputs);
            Optimizer optimizer = Optimizer.of(model, new UpdateRule.Sgd(), Schedule.constant(1e-3), clock, memory);
            Tensor x = memory.floats(Shape.of(rows, inputs), new float[rows * inputs]);
            try (Step<Tensor> step = Step.record(clock, "train", made -> body(made, model, x, optimizer, clock))) {
                step.run();
            }
        }
    }

    private static Parameters<Net> net(Device device, Arena owner, int inputs, int outputs) {
        return Parameters.of(
                device,
                "net",
                owner,
                m -> new Net(
                        m.floats(Shape.of(inputs, outputs), new float[inputs * outputs]),
                        m.floats(Shape.of(outputs), new float[outputs])));
    }

    private static Tensor body(Memory made, Parameters<Net> model, Tensor x, Optimizer optimizer, Clock clock) {
        Tape tape = new Tape(made);
        model.watch(tape);
        Ops f = Ops.taped(made, tape);
        Tensor noisy = f.dropout(x, 0.9f, clock.next(Purpose.TRAIN));
        Tensor y = f.linear(noisy, model.model().weight(), model.model().bias(), Activation.TANH);
        Tensor loss = f.mean(f.logSumExpRows(y));
        tape.pullback(loss, 1);
        optimizer.updateLast(loss);
        return loss;
    }

    /// Bytes of the heap in use; nothing is ever freed.
    private static long heap() {
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    /// Bytes of the process in memory, heap and all.
    private static long resident() throws IOException {
        String pages = Files.readString(Path.of("/proc/self/statm")).split(" ")[1];
        return 4096 * Long.parseLong(pages);
    }

    private static void report(long heap, long resident, long live, Device device) throws IOException {
        System.out.println("heap " + (heap() - heap) + " resident " + (resident() - resident) + " live "
                + (device.ledger().liveBytes() - live));
    }
}
