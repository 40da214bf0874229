package dev.elbo.simulator.driver;

import dev.elbo.simulator.Configuration;
import dev.elbo.simulator.Counters;
import dev.elbo.simulator.Faults;
import dev.elbo.simulator.Report;
import dev.elbo.simulator.Reports;
import dev.elbo.simulator.SimulatorFault;
import dev.elbo.simulator.machine.DeviceLimits;
import dev.elbo.simulator.machine.LaunchOptions;
import dev.elbo.simulator.machine.Machine;
import dev.elbo.simulator.memory.DeviceMemory;
import dev.elbo.simulator.shim.Failure;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;

/// The state of the simulated driver: devices, contexts, handles and memory. One thread at a time is inside.
public final class Driver {
    /// `CU_STREAM_LEGACY` and `CU_STREAM_PER_THREAD`.
    private static final long LEGACY = 1;

    private static final long PER_THREAD = 2;

    /// What the driver knows of one thread.
    static final class ThreadState {
        final Deque<Context> contexts = new ArrayDeque<>();
        int captureMode = Capture.GLOBAL;
    }

    final Faults faults;
    final Counters counters;
    final Reports reports;
    final Handles handles;
    final DeviceMemory bytes;
    final Memory memory;
    final HostMemory host;
    final List<Device> devices = new ArrayList<>();
    final Set<Capture> captures = new LinkedHashSet<>();
    Configuration configuration;
    Machine machine;
    boolean initialised;

    private LongSupplier thread = () -> 0;
    private ToLongFunction<String> symbols = _ -> 0;
    private final Map<Long, ThreadState> threads = new HashMap<>();
    private String call = "";

    public Driver(Configuration configuration, Faults faults, Counters counters, Reports reports) {
        this.faults = faults;
        this.counters = counters;
        this.reports = reports;
        handles = new Handles(reports);
        bytes = new DeviceMemory(Long.MAX_VALUE);
        memory = new Memory(this);
        host = new HostMemory(this);
        reset(configuration);
    }

    /// Forgets everything but the addresses and handles that were given out, which are never given again.
    public void reset(Configuration next) {
        configuration = next;
        bytes.checksInitialised(next.checksInitialised());
        machine = new Machine(bytes, limits());
        initialised = false;
        threads.clear();
        captures.clear();
        memory.clear();
        host.clear();
        handles.clear();
        devices.clear();
        for (int i = 0; i < next.devices(); i++) devices.add(new Device(i, next.memory()));
    }

    /// The shared object is loaded.
    ///
    /// @param numbers a number for the thread of the operating system that calls; never used again for another
    /// @param exports the address of an exported symbol, 0 if there is none
    public void connect(LongSupplier numbers, ToLongFunction<String> exports) {
        thread = numbers;
        symbols = exports;
    }

    long symbol(String name) {
        return symbols.applyAsLong(name);
    }

    /// A function is called.
    public void enter(String function) {
        call = function;
    }

    /// The function that is being called.
    public String call() {
        return call;
    }

    Origin origin() {
        return Origin.of(call);
    }

    long thread() {
        return thread.getAsLong();
    }

    ThreadState state() {
        return threads.computeIfAbsent(thread(), _ -> new ThreadState());
    }

    /// What a launch may ask for.
    DeviceLimits limits() {
        DeviceLimits real = DeviceLimits.of(configuration.computeCapability());
        return new DeviceLimits(
                real.capability(),
                configuration.multiprocessors(),
                real.threadsPerBlock(),
                real.sharedBytesPerBlock(),
                real.block(),
                real.grid());
    }

    /// How kernels are run and what is checked in them.
    LaunchOptions options() {
        return LaunchOptions.CHECKED
                .withInitialised(configuration.checksInitialised())
                .withDeterministic(configuration.deterministic())
                .withThreads(configuration.hostThreads())
                .withSeed(configuration.seed());
    }

    /// The handles of this driver.
    public Handles handles() {
        return handles;
    }

    /// The bytes of device memory.
    public DeviceMemory bytes() {
        return bytes;
    }

    /// Where misuse is noted.
    public Reports reports() {
        return reports;
    }

    /// What was counted.
    public Counters counters() {
        return counters;
    }

    /// What it is like.
    public Configuration configuration() {
        return configuration;
    }

    Device device(int ordinal) {
        checkInitialised();
        if (ordinal < 0 || ordinal >= devices.size()) {
            throw Result.INVALID_DEVICE.because("device=" + ordinal + ", devices=" + devices.size());
        }
        return devices.get(ordinal);
    }

    void checkInitialised() {
        if (!initialised) throw Result.NOT_INITIALIZED.because("cuInit was not called");
    }

    /// The current context of the calling thread, null if it has none.
    Context currentOrNull() {
        checkInitialised();
        return state().contexts.peek();
    }

    /// The current context of the calling thread, in working order.
    public Context context() {
        Context context = currentOrNull();
        if (context == null) {
            throw Result.INVALID_CONTEXT.because(
                    "this thread has no current context; thread=" + Thread.currentThread());
        }
        context.check();
        return context;
    }

    /// The stream of a handle, which must belong to the current context.
    public Stream stream(long handle) {
        Context context = context();
        if (handle == 0 || handle == LEGACY) return context.legacy;
        if (handle == PER_THREAD) return context.perThread(thread());
        Stream stream = handles.get(handle, Stream.class);
        own(stream.context, stream.name);
        return stream;
    }

    /// Refuses what belongs to another context than the current one.
    public void own(Context owner, String what) {
        Context context = context();
        if (owner == context) return;
        String text = what + " belongs to another context; owner=" + owner + ", current=" + context;
        reports.add(Report.Kind.HANDLE, call + ": " + text);
        throw Result.INVALID_HANDLE.because(text);
    }

    /// Hands work to a stream: into its queue, or into the graph that a capture of it builds.
    public void submit(Stream stream, Work work) {
        Capture capture = stream.capture();
        if (capture != null) {
            capture.add(stream, work);
            return;
        }
        if (stream == stream.context.legacy) Capture.refuseImplicit(this, stream.context);
        work.issued();
        stream.context.submit(stream, work);
    }

    /// Looks at a value that the host hands over: what an unfinished copy has left behind is no number of its own.
    ///
    /// @param what as in "alpha of cublasSgemm_v2"
    public void checkHostValue(int bits, String what) {
        if (bits != HostMemory.POISON) return;
        reports.add(
                Report.Kind.UNFINISHED_COPY,
                what + " was read on the host before the copy that brings it had run; call=" + origin());
    }

    /// The copies to the host that have not run, with the calls that asked for them.
    public List<String> unfinishedCopies() {
        return host.unfinished();
    }

    /// Hands a kernel of a library to a stream.
    public void launch(Stream stream, Work kernel) {
        if (stream.capture() == null) counters.launch(kernel.name());
        submit(stream, Work.of(kernel.kind(), kernel.name(), () -> {
            counters.execution(kernel.name());
            kernel.run();
        }));
    }

    /// Refuses what a capture of this thread does not allow.
    ///
    /// @param what the call does, in a noun
    public void refuseUnsafe(String what) {
        Capture.refuseUnsafe(this, what);
    }

    /// A new handle for what the call that is under way makes.
    public long add(Object thing) {
        return handles.add(thing, origin());
    }

    /// Ends a handle.
    public <T> T remove(long handle, Class<T> kind) {
        return handles.remove(handle, kind, call);
    }

    /// Hands work to a stream and does everything up to it.
    void submitAndWait(Stream stream, Work work) {
        submit(stream, work);
        counters.synchronization();
        stream.drain();
    }

    /// What the driver answers to a fault of the device.
    static Failure failure(SimulatorFault fault) {
        Result result = switch (fault.kind()) {
            case OUT_OF_BOUNDS, USE_AFTER_FREE -> Result.ILLEGAL_ADDRESS;
            case MISALIGNED -> Result.MISALIGNED_ADDRESS;
            case TRAP -> Result.ILLEGAL_INSTRUCTION;
            case TIME_LIMIT -> Result.LAUNCH_TIMEOUT;
            case OUT_OF_MEMORY -> Result.OUT_OF_MEMORY;
            case LAUNCH_CONFIGURATION, PARAMETER_BLOCK, INVALID_FREE -> Result.INVALID_VALUE;
            default -> Result.LAUNCH_FAILED;
        };
        return result.because(fault.getMessage());
    }

    /// What every context still holds once all its work is done.
    public List<String> leaks() {
        List<String> leaks = new ArrayList<>();
        for (var each : handles.live(Context.class)) {
            each.getKey().finish();
            leaks.addAll(Leaks.of(this, each.getKey()));
        }
        return leaks;
    }
}
