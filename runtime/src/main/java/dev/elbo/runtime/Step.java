package dev.elbo.runtime;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// A list of bound launches, recorded once and replayed many times.
///
/// Recording runs the body once, as an ordinary step, while its device keeps every launch. From then on the body is not
/// run again: [#run] replays the launches, on the same buffers, without allocating. Whatever should change from run
/// to run is therefore read from device memory: batches, noise counters, schedules.
///
/// A body may not branch on values it computes, read or write device memory from the host, or take buffers from
/// anywhere but the memory it is given; what the device can see of this it refuses, naming the operation.
///
/// @param <T> what the body returns: the tensors to look at between runs
public final class Step<T> implements AutoCloseable {
    private final Device device;
    private final String name;
    private final Arena owner;
    private final List<Launch> launches;
    private final List<Made> made;
    private final T result;
    private final Replay replay;
    private long runs = 1;

    /// A buffer of the step.
    ///
    /// @param launch the launch bound next when it was made: its operation asked for it
    private record Made(int launch, Tensor tensor) {}

    private Step(Device device, String name, Arena owner, List<Launch> launches, List<Made> made, T result) {
        this.device = device;
        this.name = name;
        this.owner = owner;
        this.launches = launches;
        this.made = made;
        this.result = result;
        this.replay = device.replay(launches, owner);
    }

    /// Runs `body` once and keeps what it bound.
    ///
    /// @param device where the body works
    /// @param name   in the ledger and in messages
    /// @param body   given the step's memory, which lives until the step is closed
    public static <T> Step<T> record(Device device, String name, Function<Memory, T> body) {
        Arena owner = Arena.ofShared();
        try {
            device.startRecording(owner);
            T result;
            List<Launch> launches;
            List<Made> made = new ArrayList<>();
            try {
                result = body.apply(new StepMemory(Memory.of(device, "step " + name, owner), made));
            } finally {
                launches = device.endRecording();
            }
            return new Step<>(device, name, owner, launches, made, result);
        } catch (Throwable t) {
            try (Arena _ = owner) {
                throw t;
            }
        }
    }

    /// Runs `body` once and keeps what it bound, and a last launch that ends the step on its clock, unless the body has
    /// bound one ([Optimizer#updateLast]).
    ///
    /// @param clock what the body takes its draws and schedules from
    /// @param name  in the ledger and in messages
    /// @param body  given the step's memory, which lives until the step is closed
    public static <T> Step<T> record(Clock clock, String name, Function<Memory, T> body) {
        return record(clock.words().device(), name, memory -> {
            clock.begin();
            T result = body.apply(memory);
            clock.tick();
            return result;
        });
    }

    /// Runs all launches once more, in order.
    public void run() {
        run(1);
    }

    /// Runs all launches so many times more, as that many calls of [#run()] would. Nobody looks in between, so a GPU
    /// is given several runs in one launch.
    ///
    /// @param times at least 0
    public void run(long times) {
        device.checkNotRecording("run");
        if (times < 0) {
            throw new IllegalArgumentException("run: a step runs forwards; times=" + times);
        }
        replay.run(times);
        runs += times;
    }

    /// What the body returned. Its tensors hold the values of the latest run.
    public T result() {
        return result;
    }

    /// How often the launches have run, the recording included.
    public long runs() {
        return runs;
    }

    /// Names of the operations in the order of their launches.
    public List<String> operations() {
        return launches.stream().map(Launch::operation).toList();
    }

    /// Runs one launch alone, as profiles and dumps do. It is no run of the step: whoever needs the values that belong
    /// together runs all launches in order.
    ///
    /// @param launch its place in [#operations()]
    public void runOne(int launch) {
        device.checkNotRecording("run");
        device.bind(launches.get(launch));
    }

    /// The step's own buffers, each named for the launch that it was made for: `step.017.linear`.
    Map<String, Tensor> buffers() {
        Map<String, Tensor> buffers = new LinkedHashMap<>();
        for (Made each : made) {
            String operation =
                    each.launch < launches.size() ? launches.get(each.launch).operation() : "unused";
            String first = "step.%03d.%s".formatted(each.launch, operation);
            String name = first;
            for (int more = 1; buffers.containsKey(name); more++) {
                name = first + "." + more;
            }
            buffers.put(name, each.tensor);
        }
        return buffers;
    }

    /// Notes what a body asks for.
    private record StepMemory(Memory memory, List<Made> made) implements Memory {
        @Override
        public Device device() {
            return memory.device();
        }

        @Override
        public Tensor empty(Shape shape, DType dtype) {
            Tensor tensor = memory.empty(shape, dtype);
            made.add(new Made(memory.device().recorded(), tensor));
            return tensor;
        }
    }

    /// `step train of 31 launches`.
    @Override
    public String toString() {
        return "step " + name + " of " + launches.size() + " launches";
    }

    /// Frees the step's buffers.
    ///
    /// @throws IllegalStateException on another thread than its device's, which may be running it: nothing is freed
    @Override
    public void close() {
        device.checkThread();
        try (Arena _ = owner) {
            device.synchronize();
        }
    }

    /// Closes all of `steps`, those too that come after one that cannot be closed.
    public static void closeAll(List<? extends Step<?>> steps) {
        if (!steps.isEmpty()) {
            try (Step<?> _ = steps.getFirst()) {
                closeAll(steps.subList(1, steps.size()));
            }
        }
    }
}
