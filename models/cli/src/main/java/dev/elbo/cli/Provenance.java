package dev.elbo.cli;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CpuOptions;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Device;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Where the bytes of a checkpoint come from: what they follow from besides the configuration.
///
/// ```
/// elbo, java     versions
/// device         cpu, cuda:0, …
/// products       what multiplies matrices there
/// kernels        SHA-256 of the PTX of Elbo's own kernels, on a GPU
/// precision      of the products of training
/// data           SHA-256 of what was learned from
/// ```
///
/// @param facts by these names
record Provenance(Map<String, String> facts) {
    private static final String PREFIX = "provenance.";
    private static final String DATA = PREFIX + "data";

    static Provenance of(Experiment experiment, Device device) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put(PREFIX + "elbo", Elbo.Version.text());
        facts.put(PREFIX + "java", Runtime.version().toString());
        facts.put(PREFIX + "device", device.toString());
        facts.put(
                PREFIX + "products",
                switch (device) {
                    case CpuDevice _ -> CpuOptions.best().oneDnn() ? "oneDNN" : "Elbo's own";
                    case CudaDevice cuda -> cuda.products() + ", compute capability " + cuda.computeCapability();
                });
        if (device instanceof CudaDevice cuda) {
            facts.put(PREFIX + "kernels", cuda.kernels());
        }
        facts.put(PREFIX + "precision", device.trainingPrecision().name());
        facts.put(DATA, experiment.learnedFrom());
        return new Provenance(facts);
    }

    /// The provenance that a checkpoint names; none of checkpoints that name none.
    static Provenance in(Map<String, String> facts) {
        Map<String, String> some = new LinkedHashMap<>();
        facts.forEach((name, value) -> {
            if (name.startsWith(PREFIX)) {
                some.put(name, value);
            }
        });
        return new Provenance(some);
    }

    /// Where the run was trained; `cpu` if it does not say.
    String device() {
        return facts.getOrDefault(PREFIX + "device", "cpu");
    }

    /// Whether `other` was learned from other data.
    boolean otherData(Provenance other) {
        return facts.containsKey(DATA) && !facts.get(DATA).equals(other.facts.get(DATA));
    }

    /// What differs from `now`, as a person reads it: `java 25 then, 26 now`.
    List<String> differences(Provenance now) {
        List<String> differences = new ArrayList<>();
        facts.forEach((name, then) -> {
            if (!then.equals(now.facts.get(name))) {
                differences.add(
                        name.substring(PREFIX.length()) + " " + then + " then, " + now.facts.get(name) + " now");
            }
        });
        return differences;
    }

    /// SHA-256 of memory on the host and of numbers that belong to it, in hexadecimal digits.
    static String hash(MemorySegment values, int[]... numbers) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (long at = 0; at < values.byteSize(); at += 1 << 30) {
                digest.update(values.asSlice(at, Math.min(1 << 30, values.byteSize() - at))
                        .asByteBuffer());
            }
            for (int[] some : numbers) {
                digest.update(MemorySegment.ofArray(some).toArray(ValueLayout.JAVA_BYTE));
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Provenance: every JDK has SHA-256", e);
        }
    }
}
