package dev.elbo.bench.work;

import java.util.Map;

/// Workloads that run through in a moment: three of everything, but for the sides of images.
final class Small {
    private static final Map<String, Integer> LEAST = Map.of("side", 28);
    private static final int FEW = 3;

    private Small() {}

    static Sized of(Workload workload) {
        Sizes sizes = workload.sizes().getFirst();
        for (Map.Entry<String, Integer> each : sizes.extents().entrySet()) {
            int least = LEAST.getOrDefault(each.getKey(), FEW);
            sizes = sizes.with(Sizes.of(each.getKey() + Math.min(each.getValue(), least)));
        }
        return new Sized(workload, sizes);
    }
}
