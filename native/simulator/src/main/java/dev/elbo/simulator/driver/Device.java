package dev.elbo.simulator.driver;

/// One GPU of the machine.
final class Device {
    final int ordinal;
    final long memory;
    private long used;
    private Context primary;
    private int retained;
    int primaryFlags;

    Device(int ordinal, long memory) {
        this.ordinal = ordinal;
        this.memory = memory;
    }

    long free() {
        return memory - used;
    }

    /// Takes memory, or says that there is not enough.
    boolean take(long bytes) {
        if (bytes > free()) return false;
        used += bytes;
        return true;
    }

    void give(long bytes) {
        used -= bytes;
    }

    /// The primary context, null while nobody holds it.
    Context primary() {
        return primary;
    }

    Context retain(Driver driver) {
        if (retained++ == 0) primary = new Context(driver, this, true);
        return primary;
    }

    void release() {
        if (retained == 0) throw Result.INVALID_CONTEXT.because("primary context released more often than retained");
        if (--retained == 0) reset();
    }

    /// Ends the primary context, whoever holds it.
    void reset() {
        if (primary == null) return;
        primary.destroy();
        primary = null;
        retained = 0;
    }
}
