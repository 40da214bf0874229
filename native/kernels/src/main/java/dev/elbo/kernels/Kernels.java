package dev.elbo.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;

/// The catalogue of all kernels: read once from the PTX and the sources that travel in the same jar.
public final class Kernels {
    private static final String INDEX = "index";
    private static final String SOURCES = "cuda/";

    private static final Map<String, KernelFamily> FAMILIES = load();
    private static final Map<String, KernelFamily> OWNERS = owners();

    private Kernels() {}

    /// All families, in alphabetical order.
    public static List<KernelFamily> families() {
        return List.copyOf(FAMILIES.values());
    }

    /// One family.
    ///
    /// @throws IllegalArgumentException when there is none of that name
    public static KernelFamily family(String name) {
        return known("kernel family", name, FAMILIES);
    }

    /// The family that holds a kernel.
    ///
    /// @throws IllegalArgumentException when no family does
    public static KernelFamily owner(String kernel) {
        return known("kernel", kernel, OWNERS);
    }

    /// One kernel, whatever its family.
    ///
    /// @throws IllegalArgumentException when there is none of that name
    public static KernelEntry entry(String kernel) {
        return owner(kernel).entry(kernel);
    }

    /// What names this set of kernels in the provenance of a run: the SHA-256 of all PTX, in hexadecimal.
    public static String fingerprint() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (KernelFamily family : FAMILIES.values()) {
                family.variants()
                        .values()
                        .forEach(ptx -> digest.update(ptx.text().getBytes(StandardCharsets.UTF_8)));
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("kernels: every Java platform has SHA-256, this one has not", e);
        }
    }

    private static KernelFamily known(String what, String name, Map<String, KernelFamily> map) {
        KernelFamily family = map.get(name);
        if (family == null) {
            throw new IllegalArgumentException(what + ": unknown; name=" + name + ", known=" + map.keySet());
        }
        return family;
    }

    private static Map<String, KernelFamily> owners() {
        Map<String, KernelFamily> owners = new TreeMap<>();
        for (KernelFamily family : FAMILIES.values()) {
            for (KernelEntry entry : family.entries()) {
                KernelFamily other = owners.put(entry.name(), family);
                if (other != null) {
                    throw new IllegalStateException("kernel: the name is taken twice; name=" + entry.name()
                            + ", families=" + other.name() + " and " + family.name());
                }
            }
        }
        return owners;
    }

    private static Map<String, KernelFamily> load() {
        Map<String, NavigableMap<ComputeCapability, Ptx>> variants = new TreeMap<>();
        for (String line : read(INDEX).lines().toList()) {
            String file = line.substring(0, line.indexOf(' '));
            Ptx ptx = Ptx.parse(file, read(file));
            variants.computeIfAbsent(file.substring(0, file.indexOf('.')), _ -> new TreeMap<>())
                    .put(ptx.target(), ptx);
        }
        Map<String, KernelFamily> families = new TreeMap<>();
        variants.forEach((name, ptx) -> families.put(name, family(name, ptx)));
        return families;
    }

    private static KernelFamily family(String name, NavigableMap<ComputeCapability, Ptx> variants) {
        // What needs newer chips than others has no plain variant.
        String file = variants.firstEntry().getValue().file().replace(".ptx", ".cu");
        CudaSource source = CudaSource.parse(file, read(SOURCES + file));
        Map<String, Ptx.Entry> compiled = new HashMap<>();
        variants.firstEntry().getValue().entries().forEach(entry -> compiled.put(entry.name(), entry));
        List<KernelEntry> entries = new ArrayList<>();
        source.kernels().forEach((kernel, signature) -> {
            Launch launch = source.launches().get(kernel);
            Ptx.Entry ptx = compiled.get(kernel);
            if (launch == null || ptx == null) {
                throw new IllegalStateException(
                        "kernel: " + (ptx == null ? "not in the PTX" : "no launch in the header") + "; kernel=" + kernel
                                + ", file=" + file);
            }
            entries.add(new KernelEntry(kernel, name, signature.parameters(), launch, ptx.sharedBytes()));
        });
        return new KernelFamily(name, source.header(), List.copyOf(entries), constants(source), variants);
    }

    private static Map<String, Integer> constants(CudaSource source) {
        Map<String, Integer> constants = new TreeMap<>(source.constants());
        Deque<String> open = new ArrayDeque<>(source.includes());
        Set<String> seen = new HashSet<>();
        while (!open.isEmpty()) {
            String header = open.pop();
            if (seen.add(header)) {
                String text = read(SOURCES + header);
                constants.putAll(CudaSource.constants(text));
                String folder = header.substring(0, header.lastIndexOf('/') + 1);
                CudaSource.includes(text).forEach(include -> open.push(folder + include));
            }
        }
        return constants;
    }

    private static String read(String resource) {
        try (InputStream in = Kernels.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("kernels: a resource is missing; resource=" + resource);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("kernels: a resource cannot be read; resource=" + resource, e);
        }
    }
}
