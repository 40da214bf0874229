package dev.elbo.runtime;

import dev.elbo.ffi.CudaEvent;
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
        CudaBranches plan =
                CudaBranches.of(List.of(launches), cuda.options().tuning().branches());
        cuda.prepareBranches(plan.count());
        Marks marks = new Marks(plan);
        Runnable work = () -> {
            for (int run = 0; run < runs; run++) {
                submit(plan, marks, run == 0);
            }
        };
        try {
            return CudaGraph.capture(cuda.stream(), work, owner).instantiate(owner);
        } finally {
            cuda.onBranch(0, false);
        }
    }

    /// Events of a capture: the beginning of a run, its launches that others wait for, and the end of each branch.
    private final class Marks {
        private final CudaEvent begin;
        private final CudaEvent[] done;
        private final CudaEvent[] ends;

        Marks(CudaBranches plan) {
            begin = CudaEvent.open(owner);
            done = new CudaEvent[launches.length];
            for (int i = 0; i < launches.length; i++) {
                done[i] = plan.awaited()[i] ? CudaEvent.open(owner) : null;
            }
            ends = new CudaEvent[plan.count()];
            for (int branch = 1; branch < ends.length; branch++) {
                ends[branch] = CudaEvent.open(owner);
            }
        }
    }

    /// Gives one run to the streams of its branches, which part from the device's and come back to it.
    private void submit(CudaBranches plan, Marks marks, boolean first) {
        int count = plan.count();
        // What a launch follows at once, on its own stream, if that is a kernel of Elbo's and nothing else.
        boolean[] afterKernel = new boolean[count];
        afterKernel[0] = !first && count == 1 && launches[launches.length - 1].worker() == CudaLaunch.Worker.KERNEL;
        if (count > 1) {
            cuda.stream().record(marks.begin);
        }
        for (int branch = 1; branch < count; branch++) {
            cuda.branch(branch).waitFor(marks.begin);
        }
        for (int i = 0; i < launches.length; i++) {
            int branch = plan.branches()[i];
            boolean kernel = launches[i].worker() == CudaLaunch.Worker.KERNEL;
            for (int need : plan.waits()[i]) {
                cuda.branch(branch).waitFor(marks.done[need]);
            }
            cuda.onBranch(branch, kernel && afterKernel[branch] && plan.waits()[i].length == 0);
            launches[i].run();
            if (plan.awaited()[i]) {
                cuda.branch(branch).record(marks.done[i]);
            }
            afterKernel[branch] = kernel;
        }
        cuda.onBranch(0, false);
        for (int branch = 1; branch < count; branch++) {
            cuda.branch(branch).record(marks.ends[branch]);
            cuda.stream().waitFor(marks.ends[branch]);
        }
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
