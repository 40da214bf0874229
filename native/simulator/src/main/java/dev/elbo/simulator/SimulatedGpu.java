package dev.elbo.simulator;

import dev.elbo.simulator.driver.Driver;
import dev.elbo.simulator.driver.Gate;
import java.util.List;

/// A GPU in software, behind the shared objects through which every program reaches a real one.
///
/// ```java
/// SimulatedGpu gpu = SimulatedGpu.install();        // from now on -Delbo.library.cuda names the simulator
/// ... code that loads libcuda, as it would for a real GPU ...
/// assertEquals(1, gpu.counters().graphLaunches());
/// gpu.rethrow();                                    // what a real GPU would have kept to itself
/// ```
///
/// A process has one. Programs under test may call it from any thread; one call at a time is inside.
public final class SimulatedGpu implements AutoCloseable {
    private static SimulatedGpu installed;

    private final Faults faults = new Faults();
    private final Counters counters = new Counters();
    private final Reports reports = new Reports();
    private final Driver driver;
    private final Gate gate;
    private final Configuration libraries;

    private SimulatedGpu(Configuration configuration) {
        libraries = configuration;
        driver = new Driver(configuration, faults, counters, reports);
        gate = new Gate(driver);
        Installation.install(configuration, driver, gate);
    }

    /// Installs the standard device, or gives back the one that is there.
    public static synchronized SimulatedGpu install() {
        return installed != null ? installed : install(Configuration.standard());
    }

    /// Installs a device, or changes the one that is there.
    ///
    /// @throws IllegalStateException if there is no C compiler, or if one with other libraries is installed: a
    ///     process keeps the libraries that it has loaded
    public static synchronized SimulatedGpu install(Configuration configuration) {
        if (installed == null) installed = new SimulatedGpu(configuration);
        else installed.reset(configuration);
        return installed;
    }

    /// The device that is installed, null if none is.
    public static synchronized SimulatedGpu installed() {
        return installed;
    }

    /// What the device is like.
    public Configuration configuration() {
        return driver.configuration();
    }

    /// Failures on request.
    public Faults faults() {
        return faults;
    }

    /// What it was asked to do.
    public Counters counters() {
        return counters;
    }

    /// What it noticed, and the program was perhaps not told.
    public List<Report> reports() {
        return reports.all();
    }

    /// The same, and forgets it: a test that makes mistakes on purpose looks at them here.
    public List<Report> takeReports() {
        return reports.take();
    }

    /// Why calls answered with a status that is not success, the last of them last.
    public List<String> refusals() {
        return reports.refusals();
    }

    /// What every context would leave behind if it ended now, one text for each thing, once all work is done.
    public List<String> leaks() {
        return gate.alone(driver::leaks);
    }

    /// The copies to page-locked memory that have not run: what the host reads there now is no number.
    public List<String> unfinishedCopies() {
        return gate.alone(driver::unfinishedCopies);
    }

    /// Throws what was noticed, if anything, as one `AssertionError`, and forgets it.
    public void rethrow() {
        reports.rethrow();
    }

    /// As if the process had just begun: no context, no memory, no handle, no fault planned, nothing counted or
    /// noticed.
    public void reset() {
        reset(configuration());
    }

    /// The same, with another device.
    ///
    /// @throws IllegalStateException if it would need other libraries
    public void reset(Configuration configuration) {
        if (!Installation.sameLibraries(libraries, configuration)) {
            throw new IllegalStateException(
                    "simulated GPU: the libraries of another one are loaded; use a JVM of its own");
        }
        gate.alone(() -> {
            driver.reset(configuration);
            faults.clear();
            counters.reset();
            reports.clear();
            return null;
        });
    }

    /// Ends a test: notes what is left over as leaks, throws what was noticed, and starts afresh.
    @Override
    public void close() {
        leaks().forEach(leak -> reports.add(Report.Kind.LEAK, leak));
        try {
            rethrow();
        } finally {
            reset();
        }
    }
}
