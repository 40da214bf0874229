package dev.elbo.bench.work;

import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.MatrixPrecision;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/// Where a workload is prepared, and what others are told who are to do the same.
public final class Site {
    private final Device device;
    private final Arena owner;
    private final Memory memory;
    private final Clock clock;
    private final boolean beside;
    private final Map<String, Start.Array> arrays = new LinkedHashMap<>();
    private double loss = Double.NaN;

    /// @param beside whether others do the same, and need the arrays
    Site(Device device, boolean beside, Arena owner) {
        this.device = device;
        this.owner = owner;
        this.memory = Memory.of(device, "bench", owner);
        this.clock = Clock.of(42, 0, memory);
        this.beside = beside;
    }

    /// Where the work is done.
    public Device device() {
        return device;
    }

    /// Lives as long as the step.
    public Memory memory() {
        return memory;
    }

    /// Where the step's draws and schedules come from.
    public Clock clock() {
        return clock;
    }

    /// A model of this device, its parameters told to the others.
    public <M> Parameters<M> parameters(String name, Function<Memory, M> factory) {
        Parameters<M> parameters = Parameters.of(device, name, owner, factory);
        parameters.all().forEach(each -> tell(each.name(), each.value()));
        return parameters;
    }

    /// An array of the host, on this device, told to the others.
    public Tensor array(String name, Shape shape, float[] values) {
        Tensor tensor = memory.floats(shape, values);
        tell(name, tensor);
        return tensor;
    }

    /// Tells the others what a tensor holds now.
    ///
    /// @param tensor any shape, f32
    public void tell(String name, Tensor tensor) {
        if (!beside) {
            return;
        }
        int[] extents = new int[tensor.shape().rank()];
        for (int axis = 0; axis < extents.length; axis++) {
            extents[axis] = tensor.shape().extent(axis);
        }
        arrays.put(name, new Start.Array(extents, device.floats(tensor)));
    }

    /// Says what everybody's loss is on these arrays: multiplied in FP32, whatever training may round.
    ///
    /// @param value computes one number, as a tensor of size 1
    public void loss(Supplier<Tensor> value) {
        loss = device.in(MatrixPrecision.FP32, () -> device.scalar(value.get()));
    }

    double loss() {
        return loss;
    }

    Map<String, Start.Array> arrays() {
        return arrays;
    }
}
