package dev.elbo.runtime;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/// Where memory and work are.
///
/// A device belongs to the thread that opened it; its workers, streams and handles are its own. Another thread is
/// refused whatever it asks of the device, of a step or of a training. It may read names, shapes and numbers that were
/// copied to the host, and have devices of its own. Arenas are the JDK's, which lets any thread close a shared one: one
/// that holds a device's memory is closed by the device's thread.
///
/// Work is bound to a device one launch at a time; while a [Step] is being recorded the device also keeps each launch
/// for replay.
public abstract sealed class Device implements AutoCloseable permits CpuDevice, CudaDevice {
    private final Thread thread = Thread.currentThread();
    private final Ledger ledger = new Ledger();
    private final String name;
    private Recording recording;
    private MatrixPrecision precision = MatrixPrecision.FP32;
    private boolean closed;

    Device(String name) {
        this.name = name;
    }

    /// What a step being recorded has so far, and the one arena its buffers may come from.
    private record Recording(Arena owner, List<Launch> launches) {
        String last() {
            return launches.isEmpty() ? "none yet" : launches.getLast().operation();
        }
    }

    /// What lives in this device's memory.
    public Ledger ledger() {
        return ledger;
    }

    /// Waits until all work given to this device is done.
    public void synchronize() {
        checkNotRecording("synchronize");
        await();
    }

    /// How exactly the matrix products and convolutions that are bound now multiply: FP32, unless [#in] says otherwise.
    public MatrixPrecision precision() {
        return precision;
    }

    /// What this device was opened to train in.
    public abstract MatrixPrecision trainingPrecision();

    /// Runs `body`, whose matrix products and convolutions multiply in another precision, replays of what it records
    /// included.
    public <T> T in(MatrixPrecision other, Supplier<T> body) {
        checkUsable();
        MatrixPrecision before = precision;
        precision = other;
        try {
            return body.get();
        } finally {
            precision = before;
        }
    }

    /// Copies the elements to a new array, after all work given so far.
    ///
    /// @param from any shape, f32
    public float[] floats(Tensor from) {
        checkElements("floats", from, DType.F32);
        float[] values = new float[Math.toIntExact(from.shape().size())];
        read(from, MemorySegment.ofArray(values));
        return values;
    }

    /// Copies the elements to a new array, after all work given so far.
    ///
    /// @param from any shape, i32
    public int[] ints(Tensor from) {
        checkElements("ints", from, DType.I32);
        int[] values = new int[Math.toIntExact(from.shape().size())];
        read(from, MemorySegment.ofArray(values));
        return values;
    }

    /// The one element of a tensor of size 1, after all work given so far.
    ///
    /// @param from size 1, f32
    public float scalar(Tensor from) {
        if (from.shape().size() != 1) {
            throw new IllegalArgumentException("scalar: one element; shape=" + from.shape());
        }
        return floats(from)[0];
    }

    /// Overwrites all elements, after all work given so far.
    ///
    /// @param to any shape, f32, overwritten
    public void write(float[] values, Tensor to) {
        checkElements("write", to, DType.F32);
        write(MemorySegment.ofArray(values), to);
    }

    /// Overwrites all elements, after all work given so far.
    ///
    /// @param to any shape, i32, overwritten
    public void write(int[] values, Tensor to) {
        checkElements("write", to, DType.I32);
        write(MemorySegment.ofArray(values), to);
    }

    /// Overwrites all elements by the bytes of `from`, after all work given so far.
    ///
    /// @param from host memory of exactly the tensor's bytes, native byte order, borrowed
    /// @param to   any shape and type, overwritten
    public void write(MemorySegment from, Tensor to) {
        checkNotRecording("write");
        checkBytes("write", from, to);
        copyIn(from, to);
    }

    /// Copies the bytes of all elements, after all work given so far.
    ///
    /// @param from any shape and type
    /// @param to   host memory of exactly the tensor's bytes, overwritten
    public void read(Tensor from, MemorySegment to) {
        checkNotRecording("read");
        checkBytes("read", to, from);
        copyOut(from, to);
    }

    /// Frees what the device itself holds.
    ///
    /// @throws IllegalStateException naming every allocation that is still alive, after the device is closed
    @Override
    public void close() {
        if (closed) {
            return;
        }
        checkNotRecording("close");
        closed = true;
        release();
        if (ledger.liveBytes() > 0) {
            throw new IllegalStateException("close: memory is still alive; " + ledger.report());
        }
    }

    /// The device's name, `cpu` or `cuda:0`.
    @Override
    public String toString() {
        return name;
    }

    /// Runs a launch now and, while a step is being recorded, keeps it.
    void bind(Launch launch) {
        checkUsable();
        launch.run();
        if (recording != null) {
            recording.launches.add(launch);
        }
    }

    MemorySegment allocate(long bytes, String name, Arena owner) {
        checkUsable();
        if (recording != null && recording.owner != owner) {
            throw new IllegalStateException("allocate: a buffer of a recorded step comes from the step's memory; bytes="
                    + bytes + ", owner=" + name + ", after operation=" + recording.last());
        }
        MemorySegment data = reserve(bytes, owner);
        ledger.allocated(data.scope(), name, bytes);
        return data;
    }

    void startRecording(Arena owner) {
        checkNotRecording("record");
        recording = new Recording(owner, new ArrayList<>());
    }

    List<Launch> endRecording() {
        List<Launch> launches = recording.launches;
        recording = null;
        return launches;
    }

    /// Launches of the step being recorded so far.
    int recorded() {
        return recording.launches.size();
    }

    /// The arena of the step being recorded, or null.
    Arena recordingOwner() {
        return recording == null ? null : recording.owner;
    }

    /// Fails on any other thread than the one that opened this device. Whoever frees what a device works on asks first:
    /// on another thread it would be freed under work that is going on.
    public final void checkThread() {
        if (Thread.currentThread() != thread) {
            throw new IllegalStateException("thread: a device belongs to the thread that opened it; device=" + name
                    + ", opened by=" + thread.getName() + ", called by="
                    + Thread.currentThread().getName());
        }
    }

    final void checkUsable() {
        checkThread();
        if (closed) {
            throw new IllegalStateException("closed: the device is closed; device=" + name);
        }
    }

    final void checkNotRecording(String call) {
        checkUsable();
        if (recording != null) {
            throw new IllegalStateException(call + ": the host is not part of a recorded step; device=" + name
                    + ", after operation=" + recording.last());
        }
    }

    private void checkElements(String call, Tensor tensor, DType dtype) {
        if (tensor.dtype() != dtype) {
            throw new IllegalArgumentException(call + ": other element type; tensor=" + tensor + ", wanted=" + dtype);
        }
    }

    private void checkBytes(String call, MemorySegment host, Tensor tensor) {
        if (tensor.device() != this) {
            throw new IllegalArgumentException(
                    call + ": tensor of another device; tensor=" + tensor + ", device=" + name);
        }
        if (host.byteSize() != tensor.bytes()) {
            throw new IllegalArgumentException(call + ": sizes differ; host bytes=" + host.byteSize() + ", tensor="
                    + tensor + ", tensor bytes=" + tensor.bytes());
        }
    }

    /// Device memory of at least `bytes`, 64-byte aligned, freed when `owner` closes.
    abstract MemorySegment reserve(long bytes, Arena owner);

    /// The range `[offset, offset + bytes)` of device memory.
    abstract MemorySegment slice(MemorySegment data, long offset, long bytes);

    /// Fails unless `data` can hold `shape` of `dtype` for this device.
    abstract void checkHolds(MemorySegment data, Shape shape, DType dtype);

    abstract void copyIn(MemorySegment from, Tensor to);

    abstract void copyOut(Tensor from, MemorySegment to);

    abstract void await();

    /// Makes what replays the launches in order. The first replay is the step's second run.
    abstract Replay replay(List<Launch> launches, Arena owner);

    abstract void release();
}
