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
/// What changes from run to run lies in device memory, so one graph may hold several runs; where many are wanted, it is
/// launched in place of that many.
final class CudaReplay implements Replay {
    /// Runs in one graph: so many share what a launch costs the host, and its nodes are still some hundreds.
    static final int TOGETHER = 16;

    private final CudaDevice cuda;
    private final CudaLaunch[] launches;
    private final Arena owner;
    // A graph has addresses; these know whether what lies there still lives.
    private final MemorySegment.Scope[] scopes;
    private final String[] users;
    private final String name;
    private CudaGraphExec one;
    private CudaGraphExec several;

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
    public void run(long times) {
        checkAlive();
        if (launches.length == 0) {
            return;
        }
        cuda.enter();
        if (cuda.options().oneByOne()) {
            submit(times);
            return;
        }
        long left = times;
        for (; left >= TOGETHER; left -= TOGETHER) {
            several = several == null ? captured(TOGETHER) : several;
            launch(several);
        }
        for (; left > 0; left--) {
            one = one == null ? captured(1) : one;
            launch(one);
        }
    }

    private CudaGraphExec captured(int runs) {
        return CudaGraph.capture(cuda.stream(), () -> submit(runs), owner).instantiate(owner);
    }

    private void launch(CudaGraphExec graph) {
        cuda.latest(name);
        try {
            graph.launch(cuda.stream());
        } catch (NativeException e) {
            throw CudaDevice.told(e, "operation=" + name);
        }
    }

    private void submit(long runs) {
        for (long run = 0; run < runs; run++) {
            for (CudaLaunch launch : launches) {
                launch.run();
            }
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
