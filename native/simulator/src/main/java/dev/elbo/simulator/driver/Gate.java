package dev.elbo.simulator.driver;

import dev.elbo.simulator.Faults;
import dev.elbo.simulator.Report;
import dev.elbo.simulator.SimulatorFault;
import dev.elbo.simulator.shim.CFunction;
import dev.elbo.simulator.shim.CLibrary;
import dev.elbo.simulator.shim.Calls;
import dev.elbo.simulator.shim.Failure;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/// Where every call comes in: one at a time, counted, and failed when a test asked for it.
public final class Gate implements Calls {
    private final Driver driver;
    private final ReentrantLock lock = new ReentrantLock();

    public Gate(Driver driver) {
        this.driver = driver;
    }

    /// Does something while no call is inside.
    public <T> T alone(Supplier<T> action) {
        lock.lock();
        try {
            return action.get();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int enter(CLibrary library, CFunction function) {
        lock.lock();
        driver.enter(function.name());
        driver.counters.call(function.name());
        Faults.Planned planned = driver.faults.at(function.name());
        if (planned == null) return 0;
        String text = function.name() + ": fault asked for by the test; status=" + planned.status();
        driver.reports.refuse(text);
        if (planned.sticky()) driver.context().kill(new Failure("cuda", planned.status(), text));
        return planned.status();
    }

    @Override
    public void failed(CFunction function, Object[] arguments, Failure failure) {
        driver.reports.refuse(function.name() + ": " + failure.getMessage() + "; status=" + failure.status());
    }

    @Override
    public void broken(CFunction function, Object[] arguments, Throwable cause) {
        if (cause instanceof SimulatorFault fault) {
            driver.reports.add(Report.Kind.DEVICE, function.name() + ": " + fault.getMessage());
        } else {
            driver.reports.broken(function.name(), cause);
        }
    }

    @Override
    public void unsupported(CLibrary library, String symbol) {
        driver.reports.add(Report.Kind.UNSUPPORTED, symbol + ": not simulated; library=" + library.soname());
    }

    @Override
    public void leave() {
        lock.unlock();
    }
}
