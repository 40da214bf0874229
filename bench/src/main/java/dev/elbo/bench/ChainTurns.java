package dev.elbo.bench;

import dev.elbo.bench.work.Contender;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.chain.Form;
import dev.elbo.runtime.chain.Inference;
import dev.elbo.runtime.chain.LinearChain;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.SplittableRandom;

/// Question: how long do Σ log Z and its gradients take beside what a person would write in DJL, in turns?
///
/// `ci/bench --peers ChainTurns [SIZE…]`, about two minutes on a quiet machine; it writes
/// `results/forward-backward.md`. All compute the same value from the same scores, or are refused; ratios are
/// taken within each turn. JAX is not among the peers: it is neither a Java library nor in Maven's repositories.
public final class ChainTurns {
    /// One thread each: two that wait for each other say more about a machine's other work than about themselves.
    private static final int THREADS = 1;

    private static final int TURNS = 5;
    private static final long TURN_NANOS = 300_000_000;
    private static final long WARM_UP_NANOS = 5_000_000_000L;

    private ChainTurns() {}

    /// Sequences × steps × states.
    private enum Size {
        SHORT(64, 256, 8),
        MIDDLE(256, 128, 48),
        LONG(32, 1024, 64),
        ENDLESS(1, 100_000, 8);

        /// Steps that a loop of operations is asked for: each keeps seven of them for their gradients.
        private static final int LOOPED = 10_000;

        final int n;
        final int steps;
        final int states;

        Size(int n, int steps, int states) {
            this.n = n;
            this.steps = steps;
            this.states = states;
        }

        /// Those who are asked; the longest chains are Elbo's alone.
        List<Peer> peers(List<Peer> all) {
            return steps <= LOOPED ? all : List.of();
        }

        Chains chains() {
            SplittableRandom random = new SplittableRandom(1);
            return new Chains(
                    n, steps, states, normals(random, n * steps * states, 2), normals(random, states * states, 1));
        }
    }

    /// Scores of chains, all of one length.
    ///
    /// @param unary       (n, steps, states)
    /// @param transitions (states, states)
    public record Chains(int n, int steps, int states, float[] unary, float[] transitions) {}

    /// A library that has been taught Σ log Z.
    public interface Peer {
        /// Its name in the results: a lower-case word.
        String name();

        /// Its full name and version, or why it is not here.
        String description();

        /// Whether it can run here.
        boolean present();

        /// @return whose loss is Σ log Z, and whose step finds its gradients too
        Contender open(Chains chains, int threads);
    }

    /// @param arguments the folder of results, and sizes; none: all
    public static void main(String[] arguments) throws IOException {
        Path results = Path.of(arguments[0]);
        List<Peer> peers = new ArrayList<>();
        ServiceLoader.load(Peer.class).forEach(peers::add);
        peers.forEach(peer -> System.out.println(peer.description()));
        peers.removeIf(peer -> !peer.present());
        List<String> named = Arrays.asList(arguments).subList(1, arguments.length);
        for (Size size : Size.values()) {
            if (named.isEmpty() || named.contains(size.name())) {
                Map<String, String> measured = measure(size, size.peers(peers));
                System.out.println(measured);
                Results.append(results.resolve(ChainTable.FILE), measured);
            }
        }
        ChainTable.write(results);
    }

    private static Map<String, String> measure(Size size, List<Peer> peers) {
        int threads = THREADS;
        Chains chains = size.chains();
        Map<String, Contender> contenders = new LinkedHashMap<>();
        try {
            contenders.put("elbo", new Elbo(chains, Form.AUTO, threads));
            contenders.put("elbo_scaled_f64", new Elbo(chains, Form.SCALED_F64, threads));
            peers.forEach(peer -> contenders.put(peer.name(), peer.open(chains, threads)));
            double expected = contenders.get("elbo_scaled_f64").loss();
            Map<String, double[]> millis = new LinkedHashMap<>();
            contenders.forEach((name, contender) -> {
                double actual = contender.loss();
                if (!(Math.abs(actual - expected) <= 1e-4 * Math.abs(expected))) {
                    throw new IllegalStateException("not the same chains: values differ; size=" + size + ", elbo="
                            + expected + ", " + name + "=" + actual);
                }
                for (long nanos = 0; nanos < WARM_UP_NANOS; ) {
                    nanos += contender.run(1);
                }
                millis.put(name, new double[TURNS]);
            });
            for (int turn = 0; turn < TURNS; turn++) {
                for (Map.Entry<String, Contender> each : contenders.entrySet()) {
                    long nanos = 0;
                    int steps = 0;
                    for (; nanos < TURN_NANOS; steps++) {
                        nanos += each.getValue().run(1);
                    }
                    millis.get(each.getKey())[turn] = nanos / 1e6 / steps;
                }
            }
            return summary(size, peers, millis);
        } finally {
            contenders.values().forEach(Contender::close);
        }
    }

    private static Map<String, String> summary(Size size, List<Peer> peers, Map<String, double[]> millis) {
        Map<String, String> measured = new LinkedHashMap<>();
        measured.put("benchmark", Results.quoted("ChainTurns"));
        measured.put("device", Results.quoted("cpu"));
        measured.put("size", Results.quoted(size.n + "x" + size.steps + "x" + size.states));
        measured.put("threads", Integer.toString(THREADS));
        measured.put("turns", Integer.toString(TURNS));
        double[] elbo = millis.get("elbo").clone();
        millis.forEach((name, each) -> {
            double[] ratio = new double[TURNS];
            Arrays.setAll(ratio, turn -> each[turn] / elbo[turn]);
            spread(name + "_ms", each, measured);
            if (!name.equals("elbo")) {
                spread(name + "_over_elbo", ratio, measured);
            }
        });
        peers.forEach(peer -> measured.put(peer.name() + "_is", Results.quoted(peer.description())));
        return measured;
    }

    /// Median, lowest and highest.
    private static void spread(String name, double[] values, Map<String, String> measured) {
        Arrays.sort(values);
        measured.put(name, Results.number(values[TURNS / 2]));
        measured.put(name + "_lowest", Results.number(values[0]));
        measured.put(name + "_highest", Results.number(values[TURNS - 1]));
    }

    private static float[] normals(SplittableRandom random, int size, double scale) {
        float[] x = new float[size];
        for (int e = 0; e < size; e++) {
            x[e] = (float) (scale * random.nextGaussian());
        }
        return x;
    }

    /// One replayed step.
    private static final class Elbo implements Contender {
        private final CpuDevice cpu;
        private final Arena owner = Arena.ofShared();
        private final Step<Tensor> step;

        Elbo(Chains chains, Form form, int threads) {
            cpu = CpuDevice.open(threads);
            Memory memory = Memory.of(cpu, "scores", owner);
            Tensor unary = memory.floats(Shape.of(chains.n, chains.steps, chains.states), chains.unary);
            Tensor transitions = memory.floats(Shape.of(chains.states, chains.states), chains.transitions);
            int[] lengths = new int[chains.n];
            Arrays.fill(lengths, chains.steps);
            LinearChain chain = LinearChain.of(unary, transitions, memory.ints(Shape.of(chains.n), lengths));
            step = Step.record(cpu, "chain", own -> {
                Tape tape = new Tape(own);
                tape.watch(unary, own.empty(unary.shape()));
                tape.watch(transitions, own.empty(transitions.shape()));
                Ops f = Ops.taped(own, tape);
                Tensor sum = f.sum(new Inference(f, chain, form).logPartition().value());
                tape.pullback(sum, 1);
                return sum;
            });
        }

        @Override
        public double loss() {
            return cpu.scalar(step.result());
        }

        @Override
        public long run(int steps) {
            long begin = System.nanoTime();
            for (int i = 0; i < steps; i++) {
                step.run();
            }
            cpu.synchronize();
            return System.nanoTime() - begin;
        }

        @Override
        public void close() {
            step.close();
            owner.close();
            cpu.close();
        }
    }
}
