package dev.elbo.simulator;

/// What the simulated device found wrong: one exception type for everything a GPU would answer with garbage, a hang or
/// `CUDA_ERROR_ILLEGAL_ADDRESS`.
///
/// The message is a full sentence, `what: detail; name=value, name=value`, and names kernel, line, block, thread,
/// address and the owning allocation where there are such.
public final class SimulatorFault extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// What kind of mistake it was.
    public enum Kind {
        /// An access beside every allocation, or past the end of one.
        OUT_OF_BOUNDS("out of bounds"),
        /// An access to memory that was given back.
        USE_AFTER_FREE("use after free"),
        /// An address that is no multiple of the access's size.
        MISALIGNED("misaligned access"),
        /// A read of memory that nobody has written.
        UNINITIALISED_READ("read of memory never written"),
        /// Two threads at one shared address, one of them writing, with no barrier between.
        SHARED_RACE("race on shared memory"),
        /// Threads wait where others can never arrive.
        BARRIER("barrier that some threads miss"),
        /// A lane takes part in a warp-wide operation that does not name it, or reads from one that takes no part.
        WARP_MASK("warp operation with a wrong mask"),
        /// The bytes passed are not the bytes the kernel takes.
        PARAMETER_BLOCK("parameter block"),
        /// Grid, block or shared memory that the kernel or the device does not allow.
        LAUNCH_CONFIGURATION("launch configuration"),
        /// An order-dependent floating-point atomic in a launch declared deterministic.
        FLOAT_ATOMIC("floating-point atomic in a deterministic launch"),
        /// A free of an address that is not the start of a live allocation.
        INVALID_FREE("invalid free"),
        /// More memory asked for than the device has left.
        OUT_OF_MEMORY("out of memory"),
        /// A kernel that ran longer than it was allowed to.
        TIME_LIMIT("instruction limit reached"),
        /// A `trap`, a failed device assertion, or a call of something that the simulator has no body for.
        TRAP("trap");

        private final String words;

        Kind(String words) {
            this.words = words;
        }
    }

    private final Kind kind;
    private final String detail;
    private final transient Site site;
    private final long address;

    /// A fault outside any kernel.
    ///
    /// @param detail what happened, with `; name=value` pairs of its own where they help
    public SimulatorFault(Kind kind, String detail) {
        this(kind, detail, null, 0);
    }

    /// A fault of one thread.
    ///
    /// @param site    where the thread was, null outside kernels
    /// @param address the device address concerned, 0 if there is none
    public SimulatorFault(Kind kind, String detail, Site site, long address) {
        super(text(kind, detail, site, address));
        this.kind = kind;
        this.detail = detail;
        this.site = site;
        this.address = address;
    }

    /// The same fault, seen from inside a kernel.
    public SimulatorFault at(Site where) {
        SimulatorFault fault = new SimulatorFault(kind, detail, where, address);
        fault.setStackTrace(getStackTrace());
        return fault;
    }

    public Kind kind() {
        return kind;
    }

    /// Where it happened, null for a fault outside any kernel.
    public Site site() {
        return site;
    }

    /// The device address concerned, 0 if there is none.
    public long address() {
        return address;
    }

    private static String text(Kind kind, String detail, Site site, long address) {
        StringBuilder text = new StringBuilder(kind.words).append(": ").append(detail);
        String separator = detail.contains("; ") ? ", " : "; ";
        if (site != null) {
            text.append(separator).append(site);
            separator = ", ";
        }
        if (address != 0) {
            text.append(separator).append("address=0x").append(Long.toHexString(address));
        }
        return text.toString();
    }
}
