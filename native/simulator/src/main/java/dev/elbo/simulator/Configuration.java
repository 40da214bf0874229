package dev.elbo.simulator;

import java.util.Set;
import java.util.TreeSet;

/// What the simulated GPU is like. Starts from [#standard()]; each method with an argument gives a changed copy.
public final class Configuration implements Cloneable {
    private String name = "Simulated GPU";
    private int devices = 1;
    private int computeCapability = 90;
    private int multiprocessors = 4;
    private long memory = 2L << 30;
    private int driverVersion = 12080;
    private int librariesMajor;
    private int cudnnVersion = 91000;
    private boolean checksInitialised = true;
    private boolean deterministic = true;
    private int hostThreads = 1;
    private long seed;
    private Set<String> missingLibraries = Set.of();
    private Set<String> missingSymbols = Set.of();

    private Configuration() {}

    /// One device of compute capability 9.0 with 4 multiprocessors and 2 GiB, under a driver for CUDA 12.8.
    public static Configuration standard() {
        return new Configuration();
    }

    /// What `cuDeviceGetName` says.
    public String name() {
        return name;
    }

    /// Another name.
    public Configuration name(String other) {
        Configuration copy = copy();
        copy.name = other;
        return copy;
    }

    /// How many devices there are, all alike.
    public int devices() {
        return devices;
    }

    /// So many devices.
    public Configuration devices(int count) {
        Configuration copy = copy();
        copy.devices = atLeast(0, count, "devices");
        return copy;
    }

    /// 10 · major + minor, as in `sm_90`.
    public int computeCapability() {
        return computeCapability;
    }

    /// Another architecture, 10 · major + minor.
    public Configuration computeCapability(int capability) {
        Configuration copy = copy();
        copy.computeCapability = atLeast(10, capability, "computeCapability");
        return copy;
    }

    /// Multiprocessors of one device.
    public int multiprocessors() {
        return multiprocessors;
    }

    /// So many multiprocessors.
    public Configuration multiprocessors(int count) {
        Configuration copy = copy();
        copy.multiprocessors = atLeast(1, count, "multiprocessors");
        return copy;
    }

    /// Memory of one device, bytes.
    public long memory() {
        return memory;
    }

    /// So much memory on each device.
    public Configuration memory(long bytes) {
        Configuration copy = copy();
        if (bytes < 1) throw new IllegalArgumentException("configuration: too small; memory=" + bytes);
        copy.memory = bytes;
        return copy;
    }

    /// 1000 · major + 10 · minor, as in 13000.
    public int driverVersion() {
        return driverVersion;
    }

    /// Another driver. The libraries are of its major version unless [#librariesMajor(int)] says otherwise.
    public Configuration driverVersion(int version) {
        Configuration copy = copy();
        copy.driverVersion = atLeast(1000, version, "driverVersion");
        return copy;
    }

    /// The CUDA major of cuBLAS and cuBLASLt, and that cuDNN was built for.
    public int librariesMajor() {
        return librariesMajor == 0 ? driverVersion / 1000 : librariesMajor;
    }

    /// Libraries of another CUDA than the driver's.
    public Configuration librariesMajor(int major) {
        Configuration copy = copy();
        copy.librariesMajor = atLeast(1, major, "librariesMajor");
        return copy;
    }

    /// 10000 · major + 100 · minor + patch, as in 91000.
    public int cudnnVersion() {
        return cudnnVersion;
    }

    /// Another cuDNN.
    public Configuration cudnnVersion(int version) {
        Configuration copy = copy();
        copy.cudnnVersion = atLeast(10000, version, "cudnnVersion");
        return copy;
    }

    /// Whether reading memory that nobody has written is a mistake.
    public boolean checksInitialised() {
        return checksInitialised;
    }

    /// With or without that check.
    public Configuration checksInitialised(boolean on) {
        Configuration copy = copy();
        copy.checksInitialised = on;
        return copy;
    }

    /// Whether a floating-point atomic, whose result depends on the order of threads, is a mistake.
    public boolean deterministic() {
        return deterministic;
    }

    /// With or without that check.
    public Configuration deterministic(boolean on) {
        Configuration copy = copy();
        copy.deterministic = on;
        return copy;
    }

    /// Threads of this machine that the blocks of a kernel are spread over.
    public int hostThreads() {
        return hostThreads;
    }

    /// So many threads.
    public Configuration hostThreads(int count) {
        Configuration copy = copy();
        copy.hostThreads = atLeast(1, count, "hostThreads");
        return copy;
    }

    /// 0 runs warps and lanes in their natural order; anything else draws one, and results of approximate
    /// instructions within their documented ranges, and cuts sums of matrix instructions instead of rounding them.
    public long seed() {
        return seed;
    }

    /// Another seed.
    public Configuration seed(long value) {
        Configuration copy = copy();
        copy.seed = value;
        return copy;
    }

    /// Those of `cuda`, `cublas`, `cublasLt` and `cudnn` that are not there.
    public Set<String> missingLibraries() {
        return missingLibraries;
    }

    /// Without one more library.
    public Configuration withoutLibrary(String library) {
        Configuration copy = copy();
        copy.missingLibraries = plus(missingLibraries, library);
        return copy;
    }

    /// Functions that no library exports.
    public Set<String> missingSymbols() {
        return missingSymbols;
    }

    /// Without one more function.
    public Configuration withoutSymbol(String symbol) {
        Configuration copy = copy();
        copy.missingSymbols = plus(missingSymbols, symbol);
        return copy;
    }

    private Configuration copy() {
        try {
            return (Configuration) clone();
        } catch (CloneNotSupportedException e) {
            throw new AssertionError("is Cloneable", e);
        }
    }

    private static int atLeast(int least, int value, String what) {
        if (value < least) throw new IllegalArgumentException("configuration: too small; " + what + "=" + value);
        return value;
    }

    private static Set<String> plus(Set<String> set, String one) {
        Set<String> all = new TreeSet<>(set);
        all.add(one);
        return Set.copyOf(all);
    }
}
