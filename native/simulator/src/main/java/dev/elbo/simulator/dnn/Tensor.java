package dev.elbo.simulator.dnn;

import dev.elbo.simulator.memory.DeviceMemory;
import java.lang.foreign.MemorySegment;

/// A tensor in device memory. Its numbers are read and written in logical order, outermost index first.
record Tensor(TensorShape shape, long address) {
    /// @param what as in "x of cudnnConvolutionForward"
    float[] read(DeviceMemory memory, String what) {
        float[] values = new float[shape.count()];
        int bytes = shape.type().bytes();
        if (shape.packed()) {
            MemorySegment all = memory.readable(address, shape.span() * bytes, what);
            for (int i = 0; i < values.length; i++)
                values[i] = (float) shape.type().get(all, shape.offset(i));
            return values;
        }
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) shape.type().get(memory.readable(address + shape.offset(i) * bytes, bytes, what), 0);
        }
        return values;
    }

    void write(DeviceMemory memory, float[] values, String what) {
        int bytes = shape.type().bytes();
        if (shape.packed()) {
            MemorySegment all = memory.writable(address, shape.span() * bytes, what);
            for (int i = 0; i < values.length; i++) shape.type().put(all, shape.offset(i), values[i]);
            return;
        }
        for (int i = 0; i < values.length; i++) {
            shape.type().put(memory.writable(address + shape.offset(i) * bytes, bytes, what), 0, values[i]);
        }
    }

    /// `this = alpha · values + beta · this`; what is here is not read if beta is 0.
    void blend(DeviceMemory memory, float alpha, float[] values, float beta, String what) {
        float[] old = beta == 0 ? null : read(memory, what);
        float[] mixed = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            float value = alpha * values[i];
            mixed[i] = old == null ? value : Math.fma(beta, old[i], value);
        }
        write(memory, mixed, what);
    }
}
