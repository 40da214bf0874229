package dev.elbo.kernels;

import java.util.List;
import java.util.Map;
import java.util.NavigableMap;

/// One kernel file: its header, its kernels, and its PTX for one or more generations of GPU.
///
/// @param name      of the file, without its ending
/// @param header    what the family computes, in words
/// @param entries   the kernels, in the order of the source
/// @param constants the whole numbers that the source and its headers define, such as the codes of functions
/// @param variants  PTX by the least capability that executes it; the plain one, if there is one, is the first
public record KernelFamily(
        String name,
        KernelHeader header,
        List<KernelEntry> entries,
        Map<String, Integer> constants,
        NavigableMap<ComputeCapability, Ptx> variants) {
    /// The PTX to load on a device: the newest that it executes.
    ///
    /// @throws IllegalArgumentException when the device is older than the first variant
    public Ptx ptx(ComputeCapability device) {
        var newest = variants.floorEntry(device);
        if (newest == null) {
            throw new IllegalArgumentException("kernel family: the device is too old; family=" + name + ", needs="
                    + variants.firstKey() + ", device=" + device);
        }
        return newest.getValue();
    }

    /// One kernel.
    ///
    /// @throws IllegalArgumentException when the family has none of that name
    public KernelEntry entry(String kernel) {
        return entries.stream()
                .filter(entry -> entry.name().equals(kernel))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("kernel: not in this family; kernel=" + kernel
                        + ", family=" + name + ", kernels="
                        + entries.stream().map(KernelEntry::name).toList()));
    }

    /// A whole number that the source defines.
    ///
    /// @throws IllegalArgumentException when it defines none of that name
    public int constant(String constant) {
        Integer value = constants.get(constant);
        if (value == null) {
            throw new IllegalArgumentException(
                    "kernel constant: not defined; constant=" + constant + ", family=" + name);
        }
        return value;
    }
}
