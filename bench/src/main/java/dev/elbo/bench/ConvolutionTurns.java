package dev.elbo.bench;

import dev.elbo.runtime.CpuDevice;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// One layer, Elbo and its peers in turns of a tenth of a second, so that all see the same other work; the ratio is
/// taken within each turn. A peer whose loss differs from Elbo's is an error.
final class ConvolutionTurns {
    private static final int TURNS = 15;
    private static final long TURN_NANOS = 100_000_000;
    private static final long WARM_UP_NANOS = 3_000_000_000L;

    private final ConvolutionLayer layer;
    private final boolean gradients;
    private final Map<String, ConvolutionContender> contenders = new LinkedHashMap<>();
    private final Map<String, double[]> times = new LinkedHashMap<>();

    private ConvolutionTurns(ConvolutionLayer layer, boolean gradients) {
        this.layer = layer;
        this.gradients = gradients;
    }

    /// Measures a layer.
    ///
    /// @param peers     those that are here
    /// @param gradients whether the gradients are computed as well
    /// @return names and JSON values
    static Map<String, String> measure(
            ConvolutionLayer layer, boolean gradients, List<ConvolutionContender.Library> peers) {
        return new ConvolutionTurns(layer, gradients).measure(peers);
    }

    private Map<String, String> measure(List<ConvolutionContender.Library> peers) {
        int threads = Runtime.getRuntime().availableProcessors();
        try (CpuDevice cpu = CpuDevice.open(threads);
                ElboConvolution elbo = new ElboConvolution(layer, cpu)) {
            contenders.put("elbo", elbo);
            try {
                peers.forEach(peer -> contenders.put(peer.name(), peer.open(layer, threads)));
                contenders.forEach((name, each) -> warmUp(name, each, elbo.loss()));
                for (int turn = 0; turn < TURNS; turn++) {
                    int now = turn;
                    contenders.forEach((name, each) -> times.get(name)[now] = millis(each, TURN_NANOS));
                }
            } finally {
                contenders.values().stream().skip(1).forEach(ConvolutionContender::close);
            }
        }
        return summary(peers, threads);
    }

    private void warmUp(String name, ConvolutionContender contender, double loss) {
        double other = contender.loss();
        if (!(Math.abs(other - loss) <= 1e-4 * loss)) {
            throw new IllegalStateException("losses differ; elbo=" + loss + ", " + name + "=" + other);
        }
        millis(contender, WARM_UP_NANOS);
        times.put(name, new double[TURNS]);
    }

    /// Milliseconds of one run, over about so long.
    private double millis(ConvolutionContender contender, long nanos) {
        long start = System.nanoTime();
        int runs = 0;
        long now;
        do {
            contender.run(1, gradients);
            runs++;
            now = System.nanoTime();
        } while (now - start < nanos);
        return (now - start) / 1e6 / runs;
    }

    private Map<String, String> summary(List<ConvolutionContender.Library> peers, int threads) {
        Map<String, String> measured = new LinkedHashMap<>();
        measured.put("benchmark", Results.quoted("ConvolutionBench.turns"));
        measured.put("device", Results.quoted("cpu"));
        measured.put("layer", Results.quoted(layer.name()));
        measured.put("gradients", Boolean.toString(gradients));
        measured.put("threads", Integer.toString(threads));
        measured.put("turns", Integer.toString(TURNS));
        double[] elbo = times.get("elbo");
        times.forEach((name, each) -> {
            spread(name + "_ms", each.clone(), measured);
            if (each != elbo) {
                double[] ratio = new double[TURNS];
                Arrays.setAll(ratio, turn -> each[turn] / elbo[turn]);
                spread(name + "_over_elbo", ratio, measured);
            }
        });
        double[] gigaflops = Arrays.stream(elbo)
                .map(millis -> (gradients ? 3 : 1) * layer.flops() / (1e6 * millis))
                .toArray();
        spread("elbo_gflops", gigaflops, measured);
        peers.forEach(peer -> measured.put(peer.name() + "_is", Results.quoted(peer.description())));
        return measured;
    }

    /// Median and quartiles.
    private static void spread(String name, double[] values, Map<String, String> measured) {
        Arrays.sort(values);
        measured.put(name, Results.number(values[TURNS / 2]));
        String quartiles = Results.number(values[TURNS / 4]) + "," + Results.number(values[3 * TURNS / 4]);
        measured.put(name + "_quartiles", "[" + quartiles + "]");
    }
}
