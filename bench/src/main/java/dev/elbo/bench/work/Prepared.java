package dev.elbo.bench.work;

import dev.elbo.runtime.Device;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tensor;
import java.lang.foreign.Arena;
import java.util.List;

/// Elbo, ready to run a workload: a step recorded once and replayed.
public final class Prepared implements Contender {
    private final Sized workload;
    private final Device device;
    private final Arena owner = Arena.ofShared();
    private final Site site;
    private final Step<Tensor> step;

    private Prepared(Sized workload, Device device, boolean beside) {
        this.workload = workload;
        this.device = device;
        this.site = new Site(device, beside, owner);
        try {
            this.step = workload.workload().prepare(workload.sizes(), site);
        } catch (Throwable t) {
            try (Arena _ = owner) {
                throw t;
            }
        }
    }

    /// Prepares a workload that others do as well.
    ///
    /// @param device borrowed
    public static Prepared beside(Sized workload, Device device) {
        return new Prepared(workload, device, true);
    }

    /// Prepares a workload for its own sake: no arrays are kept.
    ///
    /// @param device borrowed
    public static Prepared alone(Sized workload, Device device) {
        return new Prepared(workload, device, false);
    }

    /// Where the others are to start.
    public Start start() {
        return new Start(workload, site.arrays(), site.loss());
    }

    /// Names of the launches of a run.
    public List<String> operations() {
        return step.operations();
    }

    /// Runs one of [#operations()] alone.
    public void runLaunch(int launch) {
        step.runOne(launch);
        device.synchronize();
    }

    /// What the latest run resulted in.
    public float[] result() {
        return device.floats(step.result());
    }

    @Override
    public double loss() {
        return site.loss();
    }

    @Override
    public long run(int times) {
        long start = System.nanoTime();
        step.run(times);
        device.synchronize();
        return System.nanoTime() - start;
    }

    @Override
    public void close() {
        try (Arena _ = owner) {
            step.close();
        }
    }
}
