package dev.elbo.runtime;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Memory for the launches of one convolution. Launches run one after the other, so the next one has it too.
final class ConvolutionWorkspace {
    private final CpuDevice cpu;
    private Arena recording;
    private MemorySegment data = MemorySegment.NULL;

    ConvolutionWorkspace(CpuDevice cpu) {
        this.cpu = cpu;
    }

    /// At least so many bytes of anything, for as long as the step being recorded, or for whoever holds them.
    MemorySegment take(long bytes) {
        Arena step = cpu.recordingOwner();
        if (recording != step || bytes > data.byteSize()) {
            data = (step == null ? Arena.ofAuto() : step).allocate(bytes, CpuDevice.ALIGNMENT);
            recording = step;
        }
        return data;
    }
}
