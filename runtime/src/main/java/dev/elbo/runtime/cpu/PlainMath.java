package dev.elbo.runtime.cpu;

/// The provider in plain Java, one loop per formula: what runs without the Vector API, and what the vector loops
/// are compared with.
final class PlainMath
        implements CpuMath, PlainPointwise, PlainRows, PlainSoftmax, PlainNoise, PlainUpdates, PlainProduct {
    static final PlainMath INSTANCE = new PlainMath();

    private PlainMath() {}

    @Override
    public String toString() {
        return "plain Java";
    }
}
