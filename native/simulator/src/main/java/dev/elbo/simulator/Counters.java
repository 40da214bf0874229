package dev.elbo.simulator;

import dev.elbo.simulator.machine.LaunchStatistics;
import java.util.Map;
import java.util.TreeMap;

/// What the device was asked to do since the last [#reset()]. Work recorded by a capture counts when a graph runs it.
public final class Counters {
    private static final LaunchStatistics NOTHING = new LaunchStatistics(0, 0, 0, 0, 0, 0);

    private final Map<String, Long> calls = new TreeMap<>();
    private final Map<String, Long> launches = new TreeMap<>();
    private final Map<String, Long> executions = new TreeMap<>();
    private long bytesToDevice;
    private long bytesToHost;
    private long bytesOnDevice;
    private long synchronizations;
    private long graphLaunches;
    private long graphNodes;
    private LaunchStatistics kernels = NOTHING;

    Counters() {}

    /// Starts again from zero.
    public synchronized void reset() {
        calls.clear();
        launches.clear();
        executions.clear();
        bytesToDevice = bytesToHost = bytesOnDevice = synchronizations = graphLaunches = graphNodes = 0;
        kernels = NOTHING;
    }

    /// Calls by function.
    public synchronized Map<String, Long> calls() {
        return new TreeMap<>(calls);
    }

    /// Calls of one function.
    public synchronized long calls(String function) {
        return calls.getOrDefault(function, 0L);
    }

    /// Kernels and library products that the host launched one by one, outside of graphs.
    public synchronized long launches() {
        return launches.values().stream().mapToLong(Long::longValue).sum();
    }

    /// The same by name: a kernel's own, or that of the library function.
    public synchronized Map<String, Long> launchesByName() {
        return new TreeMap<>(launches);
    }

    /// Launches of one kernel by the host.
    public synchronized long launches(String kernel) {
        return launches.getOrDefault(kernel, 0L);
    }

    /// How often each kernel or library product ran, in a graph or not.
    public synchronized Map<String, Long> executionsByName() {
        return new TreeMap<>(executions);
    }

    /// How often a kernel ran, in a graph or not.
    public synchronized long executions(String kernel) {
        return executions.getOrDefault(kernel, 0L);
    }

    /// Bytes copied from the host.
    public synchronized long bytesToDevice() {
        return bytesToDevice;
    }

    /// Bytes copied to the host.
    public synchronized long bytesToHost() {
        return bytesToHost;
    }

    /// Bytes copied within device memory.
    public synchronized long bytesOnDevice() {
        return bytesOnDevice;
    }

    /// Calls that made the host wait: for a stream, an event, a context, or a copy.
    public synchronized long synchronizations() {
        return synchronizations;
    }

    /// Calls of `cuGraphLaunch`.
    public synchronized long graphLaunches() {
        return graphLaunches;
    }

    /// Nodes that graph launches ran.
    public synchronized long graphNodes() {
        return graphNodes;
    }

    /// What the machine did in all kernels together.
    public synchronized LaunchStatistics kernels() {
        return kernels;
    }

    /// A kernel has run.
    public synchronized void kernel(LaunchStatistics statistics) {
        kernels = kernels.plus(statistics);
    }

    /// A function was called.
    public synchronized void call(String function) {
        calls.merge(function, 1L, Long::sum);
    }

    /// The host launched a kernel.
    public synchronized void launch(String kernel) {
        launches.merge(kernel, 1L, Long::sum);
    }

    /// A kernel runs.
    public synchronized void execution(String kernel) {
        executions.merge(kernel, 1L, Long::sum);
    }

    /// Bytes move; each count may be 0.
    public synchronized void moved(long toDevice, long toHost, long onDevice) {
        bytesToDevice += toDevice;
        bytesToHost += toHost;
        bytesOnDevice += onDevice;
    }

    /// The host waits.
    public synchronized void synchronization() {
        synchronizations++;
    }

    /// A graph is launched.
    public synchronized void graphLaunch() {
        graphLaunches++;
    }

    /// A node of a launched graph runs.
    public synchronized void graphNode() {
        graphNodes++;
    }
}
