package dev.elbo.simulator;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/// Failures that a test asks for. Each happens once, at the n-th occasion from now, counting from 1.
public final class Faults {
    private static final int OUT_OF_MEMORY = 2;
    private static final int LAUNCH_FAILED = 719;
    private static final String ALLOCATION = "allocation";
    private static final String LAUNCH = "launch";

    private static final class Fault {
        final String occasion;
        final int status;
        final boolean sticky;
        int left;

        Fault(String occasion, int left, int status, boolean sticky) {
            if (left < 1) throw new IllegalArgumentException("fault: occasions count from 1; occasion=" + left);
            this.occasion = occasion;
            this.left = left;
            this.status = status;
            this.sticky = sticky;
        }
    }

    /// A fault that happens now.
    ///
    /// @param status what the call answers
    /// @param sticky whether every later call on the context answers the same
    public record Planned(int status, boolean sticky) {}

    private final List<Fault> faults = new ArrayList<>();

    Faults() {}

    /// The n-th allocation of device memory finds none, whichever function asks.
    public Faults outOfMemoryAtAllocation(int n) {
        return add(new Fault(ALLOCATION, n, OUT_OF_MEMORY, false));
    }

    /// The n-th kernel that runs dies, and its context with it: `CUDA_ERROR_LAUNCH_FAILED` from the next
    /// synchronisation on.
    public Faults launchFailureAt(int n) {
        return add(new Fault(LAUNCH, n, LAUNCH_FAILED, true));
    }

    /// The n-th call of a function answers with a status and does nothing.
    public Faults failCall(String function, int n, int status) {
        return add(new Fault(function, n, status, false));
    }

    /// The n-th call of a driver function answers with a status, and the current context is dead from then on.
    public Faults stickyErrorAtCall(String function, int n, int status) {
        return add(new Fault(function, n, status, true));
    }

    /// Forgets what has not happened yet.
    public synchronized void clear() {
        faults.clear();
    }

    /// Whether every fault asked for has happened.
    public synchronized boolean allHappened() {
        return faults.isEmpty();
    }

    private synchronized Faults add(Fault fault) {
        faults.add(fault);
        return this;
    }

    /// An allocation is about to be made.
    ///
    /// @return null if nothing was planned for it
    public Planned atAllocation() {
        return at(ALLOCATION);
    }

    /// A kernel is about to run.
    ///
    /// @return null if nothing was planned for it
    public Planned atLaunch() {
        return at(LAUNCH);
    }

    /// A function is called.
    ///
    /// @return null if nothing was planned for it
    public synchronized Planned at(String occasion) {
        Planned now = null;
        for (Iterator<Fault> each = faults.iterator(); each.hasNext(); ) {
            Fault fault = each.next();
            if (!fault.occasion.equals(occasion) || --fault.left > 0) continue;
            each.remove();
            if (now == null) now = new Planned(fault.status, fault.sticky);
        }
        return now;
    }
}
