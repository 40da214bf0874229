package dev.elbo.bench.work;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/// All workloads: those that Elbo brings, then those on the class path.
public final class Workloads {
    private static final List<Workload> STEPS =
            List.of(VaeStep.VAE, VaeStep.IWAE, new RbmStep(), new DcganStep(), ChainStep.CHAIN, ChainStep.DOUBLE);

    private Workloads() {}

    /// All of them.
    public static List<Workload> all() {
        List<Workload> all = new ArrayList<>(STEPS);
        all.addAll(Operations.all());
        ServiceLoader.load(Workload.class).forEach(all::add);
        return all;
    }

    /// All of a kind, at each of their own sizes.
    public static List<Sized> of(Workload.Kind kind) {
        return all().stream()
                .filter(each -> each.kind() == kind)
                .flatMap(each -> each.sizes().stream().map(sizes -> new Sized(each, sizes)))
                .toList();
    }

    /// The one of a name, at any sizes: `vae`, `vae_batch256_hidden800`.
    public static Sized named(String name) {
        String[] parts = name.split("_", 2);
        Workload workload = all().stream()
                .filter(each -> each.name().equals(parts[0]))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("workload: no such name; name=" + parts[0]
                        + ", there are=" + all().stream().map(Workload::name).collect(Collectors.joining(" "))));
        Sizes first = workload.sizes().getFirst();
        return new Sized(workload, parts.length == 1 ? first : first.with(Sizes.of(parts[1])));
    }
}
