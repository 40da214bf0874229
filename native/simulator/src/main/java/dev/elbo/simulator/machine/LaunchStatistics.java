package dev.elbo.simulator.machine;

/// What a launch did.
///
/// @param instructions     instructions issued, one for all lanes of a warp
/// @param laneInstructions instructions times the lanes they were issued for
/// @param loadedBytes      bytes of global memory asked for by loads and atomics
/// @param storedBytes      bytes of global memory written by stores and atomics
/// @param barriers         block-wide barriers completed
/// @param floatAtomics     floating-point atomics whose result depends on their order, counted per lane
public record LaunchStatistics(
        long instructions,
        long laneInstructions,
        long loadedBytes,
        long storedBytes,
        long barriers,
        long floatAtomics) {
    static final LaunchStatistics NONE = new LaunchStatistics(0, 0, 0, 0, 0, 0);

    /// Both together.
    public LaunchStatistics plus(LaunchStatistics other) {
        return new LaunchStatistics(
                instructions + other.instructions,
                laneInstructions + other.laneInstructions,
                loadedBytes + other.loadedBytes,
                storedBytes + other.storedBytes,
                barriers + other.barriers,
                floatAtomics + other.floatAtomics);
    }
}
