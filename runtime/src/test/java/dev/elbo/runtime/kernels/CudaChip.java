package dev.elbo.runtime.kernels;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.elbo.ffi.Cuda;
import dev.elbo.ffi.CudaContext;
import dev.elbo.ffi.CudaModule;
import dev.elbo.ffi.CudaStream;
import dev.elbo.ffi.LaunchBlock;
import dev.elbo.ffi.LaunchShape;
import dev.elbo.ffi.Version;
import dev.elbo.kernels.ComputeCapability;
import dev.elbo.kernels.KernelEntry;
import dev.elbo.kernels.KernelFamily;
import dev.elbo.kernels.Kernels;
import dev.elbo.kernels.Launch.Dim;
import dev.elbo.kernels.Parameter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/// The GPU of this run, by its driver alone.
final class CudaChip implements Chip, AutoCloseable {
    private final Arena contextOwner = Arena.ofConfined();
    private final Arena owner = Arena.ofConfined();
    private final CudaContext context = CudaContext.open(0, contextOwner);
    private final CudaStream stream = CudaStream.open(owner);
    private final Map<String, CudaModule> modules = new HashMap<>();
    private final LaunchBlock block = LaunchBlock.of(owner);

    @Override
    public long allocate(long bytes, Arena owner) {
        MemorySegment memory = stream.allocate(bytes, owner);
        stream.fillBytes(memory, (byte) -1, bytes);
        return memory.address();
    }

    @Override
    public void copyIn(MemorySegment host, long address) {
        if (host.byteSize() > 0) {
            stream.upload(host, MemorySegment.ofAddress(address));
        }
    }

    @Override
    public void copyOut(long address, MemorySegment host) {
        if (host.byteSize() > 0) {
            stream.download(MemorySegment.ofAddress(address), host);
        }
        stream.synchronize();
    }

    @Override
    public void run(KernelEntry entry, Dim grid, MemorySegment arguments) {
        if (grid.x() == 0 || grid.y() == 0 || grid.z() == 0) {
            return;
        }
        block.clear();
        for (int i = 0; i < entry.parameters().size(); i++) {
            Parameter parameter = entry.parameters().get(i);
            long at = entry.offsets().get(i);
            if (parameter.pointer() || parameter.element() == Parameter.Element.LONG) {
                block.arg(arguments.get(JAVA_LONG, at));
            } else {
                block.arg(arguments.get(JAVA_INT, at));
            }
        }
        Dim threads = entry.launch().block();
        LaunchShape shape = new LaunchShape(
                (int) grid.x(),
                (int) grid.y(),
                (int) grid.z(),
                (int) threads.x(),
                (int) threads.y(),
                (int) threads.z(),
                0,
                1,
                false,
                false);
        modules.computeIfAbsent(entry.family(), this::load)
                .function(entry.name())
                .launch(shape, block, stream);
        stream.synchronize();
    }

    private CudaModule load(String name) {
        Version version = Cuda.capability(context.device());
        KernelFamily family = Kernels.family(name);
        byte[] ptx = family.ptx(new ComputeCapability(version.major(), version.minor()))
                .text()
                .getBytes(StandardCharsets.UTF_8);
        return CudaModule.load(name, ptx, owner);
    }

    @Override
    public void close() {
        try (Arena _ = contextOwner) {
            owner.close();
        }
    }
}
