package dev.elbo.runtime;

import dev.elbo.ffi.CudaGraph;
import dev.elbo.ffi.CudaGraphExec;
import dev.elbo.ffi.NativeException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A recorded step on a [CudaDevice]: captured into a graph at its first replay, one launch of that graph from then on.
final class CudaReplay implements Runnable {
    private final CudaDevice cuda;
    private final CudaLaunch[] launches;
    private final Arena owner;
    // A graph has addresses; these know whether what lies there still lives.
    private final MemorySegment.Scope[] scopes;
    private final String[] users;
    private final String name;
    private CudaGraphExec graph;

    CudaReplay(CudaDevice cuda, List<Launch> launches, Arena owner) {
        this.cuda = cuda;
        this.launches = launches.stream().map(CudaLaunch.class::cast).toArray(CudaLaunch[]::new);
        this.owner = owner;
        Map<MemorySegment.Scope, String> firstUsers = new LinkedHashMap<>();
        for (CudaLaunch launch : this.launches) {
            launch.buffers().forEach(each -> firstUsers.putIfAbsent(each.data().scope(), launch.operation()));
        }
        this.scopes = firstUsers.keySet().toArray(MemorySegment.Scope[]::new);
        this.users = firstUsers.values().toArray(String[]::new);
        this.name = "a replayed step of " + launches.size() + " launches";
    }

    @Override
    public void run() {
        checkAlive();
        if (launches.length == 0) {
            return;
        }
        cuda.enter();
        if (cuda.options().oneByOne()) {
            submit();
            return;
        }
        if (graph == null) {
            graph = CudaGraph.capture(cuda.stream(), this::submit, owner).instantiate(owner);
        }
        cuda.latest(name);
        try {
            graph.launch(cuda.stream());
        } catch (NativeException e) {
            throw CudaDevice.told(e, "operation=" + name);
        }
    }

    private void submit() {
        for (CudaLaunch launch : launches) {
            launch.run();
        }
    }

    private void checkAlive() {
        for (int i = 0; i < scopes.length; i++) {
            if (!scopes[i].isAlive()) {
                throw new IllegalStateException(
                        "replay: the owner of a buffer has closed; operation=" + users[i] + ", device=" + cuda);
            }
        }
    }
}
