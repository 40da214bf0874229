package dev.elbo.simulator.machine;

/// How a launch is run and what is checked.
///
/// @param initialised      reads of memory never written are faults
/// @param races            races on shared memory are faults
/// @param missedBarriers   a block-wide barrier that some threads left the kernel without reaching is a fault
/// @param deterministic    floating-point atomics whose result depends on their order are faults
/// @param cooperative      all blocks run side by side, so that they may wait for each other
/// @param threads          host threads that blocks are spread over
/// @param seed             0 runs warps in their natural order, each up to a barrier; anything else draws their
///                         order and how long each runs at a time; also where in their documented ranges the
///                         results of approximate instructions lie, and that sums of matrix instructions are cut
/// @param instructionLimit instructions that one block may issue before it counts as hung
public record LaunchOptions(
        boolean initialised,
        boolean races,
        boolean missedBarriers,
        boolean deterministic,
        boolean cooperative,
        int threads,
        long seed,
        long instructionLimit) {
    /// All checks but determinism, one host thread, natural order.
    public static final LaunchOptions CHECKED = new LaunchOptions(true, true, true, false, false, 1, 0, 500_000_000L);

    public LaunchOptions withInitialised(boolean on) {
        return new LaunchOptions(
                on, races, missedBarriers, deterministic, cooperative, threads, seed, instructionLimit);
    }

    public LaunchOptions withRaces(boolean on) {
        return new LaunchOptions(
                initialised, on, missedBarriers, deterministic, cooperative, threads, seed, instructionLimit);
    }

    public LaunchOptions withMissedBarriers(boolean on) {
        return new LaunchOptions(initialised, races, on, deterministic, cooperative, threads, seed, instructionLimit);
    }

    public LaunchOptions withDeterministic(boolean on) {
        return new LaunchOptions(initialised, races, missedBarriers, on, cooperative, threads, seed, instructionLimit);
    }

    public LaunchOptions withCooperative(boolean on) {
        return new LaunchOptions(
                initialised, races, missedBarriers, deterministic, on, threads, seed, instructionLimit);
    }

    public LaunchOptions withThreads(int count) {
        return new LaunchOptions(
                initialised, races, missedBarriers, deterministic, cooperative, count, seed, instructionLimit);
    }

    public LaunchOptions withSeed(long value) {
        return new LaunchOptions(
                initialised, races, missedBarriers, deterministic, cooperative, threads, value, instructionLimit);
    }

    public LaunchOptions withInstructionLimit(long limit) {
        return new LaunchOptions(initialised, races, missedBarriers, deterministic, cooperative, threads, seed, limit);
    }
}
