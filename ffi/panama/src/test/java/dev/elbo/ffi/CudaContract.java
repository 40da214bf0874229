package dev.elbo.ffi;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;

/// A device, its context and a stream, opened for each test and looked over when it ends.
///
/// The tests of a contract say what every driver must do behind these bindings, the simulated one and a real one.
@Tag("device")
abstract class CudaContract {
    Arena device;
    Arena owner;
    CudaContext context;
    CudaStream stream;

    @BeforeEach
    void open() {
        device = Arena.ofShared();
        context = Gpu.open(device);
        stream = CudaStream.open(device);
        owner = Arena.ofShared();
    }

    @AfterEach
    void closeAndLeaveNothing() {
        if (owner.scope().isAlive()) {
            owner.close();
        }
        device.close();
        Gpu.expectNothingLeft();
    }

    MemorySegment floats(float... values) {
        MemorySegment memory = stream.allocate(4L * values.length, owner);
        stream.upload(owner.allocateFrom(JAVA_FLOAT, values), memory);
        return memory;
    }

    MemorySegment ints(int... values) {
        MemorySegment memory = stream.allocate(4L * values.length, owner);
        stream.upload(owner.allocateFrom(JAVA_INT, values), memory);
        return memory;
    }

    float[] floats(MemorySegment memory, int count) {
        return downloaded(memory, 4L * count).toArray(JAVA_FLOAT);
    }

    int[] ints(MemorySegment memory, int count) {
        return downloaded(memory, 4L * count).toArray(JAVA_INT);
    }

    MemorySegment downloaded(MemorySegment memory, long bytes) {
        MemorySegment host = owner.allocate(bytes, 4);
        stream.download(memory, host);
        stream.synchronize();
        return host;
    }

    CudaModule module() {
        return CudaModule.load("contract.ptx", Gpu.ptx(), owner);
    }
}
