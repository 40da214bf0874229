package dev.elbo.models.sequence;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.models.data.SequenceSet;
import dev.elbo.models.data.Sequences;
import dev.elbo.models.layers.OnCpu;
import dev.elbo.models.recipe.Budget;
import dev.elbo.models.recipe.CrfRecipe;
import dev.elbo.models.recipe.SequenceRecipe;
import dev.elbo.models.training.Training;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.DType;
import dev.elbo.runtime.GradientCheck;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.chain.Inference;
import dev.elbo.runtime.ops.Draws;
import dev.elbo.runtime.random.Purpose;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CrfTest extends OnCpu {
    private static final int STATES = 3;
    private static final int FEATURES = 2;

    private Crf network(List<Integer> hidden) {
        Clock init = Clock.of(5, 0, memory);
        Crf crf = Crf.of(UnaryScores.Network.of(FEATURES, hidden, STATES, init, memory), STATES, memory);
        for (Tensor scores : List.of(crf.transitions(), crf.start(), crf.end())) {
            cpu.write(cpu.floats(Draws.normals(scores.shape(), init.next(Purpose.INITIALISE), memory)), scores);
        }
        return crf;
    }

    private static Ragged all(Sequences sequences, Memory memory) {
        int[] which = new int[sequences.count()];
        for (int i = 0; i < which.length; i++) {
            which[i] = i;
        }
        return Ragged.upload(sequences, which, memory);
    }

    /// p(y | x) of one sequence from its definition, every tagging written out.
    private double byEnumeration(Crf crf, Sequences sequences, int q, int[] labels) {
        Ragged one = Ragged.upload(sequences, new int[] {q}, memory);
        float[] unary = cpu.floats(crf.unary().scores(f, one.x()));
        double[] total = {0};
        taggings(labels.length, new ArrayList<>(), path -> total[0] += Math.exp(score(crf, unary, path)));
        List<Integer> gold = new ArrayList<>();
        for (int label : labels) {
            gold.add(label);
        }
        return score(crf, unary, gold) - Math.log(total[0]);
    }

    private interface Visitor {
        void visit(List<Integer> path);
    }

    private static void taggings(int length, List<Integer> path, Visitor visitor) {
        if (path.size() == length) {
            visitor.visit(path);
            return;
        }
        for (int i = 0; i < STATES; i++) {
            path.add(i);
            taggings(length, path, visitor);
            path.removeLast();
        }
    }

    private double score(Crf crf, float[] unary, List<Integer> path) {
        double score = cpu.floats(crf.start())[path.getFirst()] + cpu.floats(crf.end())[path.getLast()];
        for (int t = 0; t < path.size(); t++) {
            score += unary[t * STATES + path.get(t)];
            score += t == 0 ? 0 : cpu.floats(crf.transitions())[path.get(t - 1) * STATES + path.get(t)];
        }
        return score;
    }

    @Test
    void likelihoodIsThatOfTheEnumeration() {
        Sequences sequences = Toy.random(6, 4, FEATURES, STATES, 1, arena);
        for (List<Integer> hidden : List.of(List.<Integer>of(), List.of(4))) {
            Crf crf = network(hidden);
            Ragged batch = all(sequences, memory);
            float[] values = cpu.floats(Inference.of(f, crf.chain(f, batch))
                    .logLikelihood(batch.labels())
                    .value());
            for (int q = 0; q < sequences.count(); q++) {
                int from = sequences.starts()[q];
                int[] labels =
                        Arrays.copyOfRange(sequences.labels(), from, sequences.starts()[q + 1]);
                assertEquals(byEnumeration(crf, sequences, q, labels), values[q], 3e-6, "sequence " + q);
            }
        }
    }

    @Test
    void gradientMatchesFiniteDifference() {
        Crf crf = network(List.of(4));
        Ragged batch = all(Toy.random(5, 4, FEATURES, STATES, 2, arena), memory);
        UnaryScores.Network network = (UnaryScores.Network) crf.unary();
        // Biases away from the kinks of the hidden units.
        cpu.write(new float[] {9, 9, 9, 9}, network.hidden().layers().getFirst().bias());
        List<Tensor> wanted = List.of(
                network.hidden().layers().getFirst().weight(),
                network.output().weight(),
                crf.transitions(),
                crf.start(),
                crf.end());
        for (long seed = 1; seed <= 3; seed++) {
            GradientCheck.Result result = GradientCheck.of(
                    cpu,
                    (ops, _) -> Inference.of(ops, crf.chain(ops, batch))
                            .logLikelihood(batch.labels())
                            .value(),
                    List.of(),
                    wanted,
                    seed);
            assertTrue(result.error() < 2e-3, result.toString());
        }
    }

    /// Through the chain, the layers and both convolutions.
    @Test
    void gradientThroughPicturesMatchesFiniteDifference() {
        Parameters<Crf> crf = Parameters.of(cpu, "crf", arena, m -> {
            Clock init = Clock.of(6, 0, m);
            return Crf.of(
                    UnaryScores.Pictures.of(List.of(4, 3), List.of(2, 3), List.of(5), STATES, init, m), STATES, m);
        });
        // Biases away from the kinks of the units.
        UnaryScores.Pictures pictures = (UnaryScores.Pictures) crf.model().unary();
        cpu.write(new float[] {9, 9}, pictures.first().bias());
        cpu.write(new float[] {9, 9, 9}, pictures.second().bias());
        cpu.write(
                new float[] {9, 9, 9, 9, 9},
                pictures.hidden().layers().getFirst().bias());
        Ragged batch = all(Toy.random(5, 3, 12, STATES, 4, arena), memory);
        List<Tensor> wanted =
                crf.all().stream().map(Parameters.Parameter::value).toList();
        for (long seed = 1; seed <= 3; seed++) {
            GradientCheck.Result result = GradientCheck.of(
                    cpu,
                    (ops, _) -> Inference.of(ops, crf.model().chain(ops, batch))
                            .logLikelihood(batch.labels())
                            .value(),
                    List.of(),
                    wanted,
                    seed);
            assertTrue(result.error() < 3e-3, result.toString());
            assertTrue(result.scale() > 0.1, result.toString());
        }
    }

    @Test
    void gradientOfFeatureWeightsMatchesFiniteDifference() {
        UnaryScores.Features features = UnaryScores.Features.of(5, STATES, memory);
        Crf crf = Crf.of(features, STATES, memory);
        Tensor x = memory.ints(Shape.of(1, 3, 2), 0, 4, -1, 2, 2, 4);
        Ragged batch = new Ragged(x, null, memory.ints(Shape.of(1, 3), 0, 2, 1), memory.ints(Shape.of(1), 3));
        GradientCheck.Result result = GradientCheck.of(
                cpu,
                (ops, _) -> Inference.of(ops, crf.chain(ops, batch))
                        .logLikelihood(batch.labels())
                        .value(),
                List.of(),
                List.of(features.table(), features.bias(), crf.transitions()),
                7);
        assertTrue(result.error() < 2e-3, result.toString());
        assertTrue(result.scale() > 0.1, result.toString());
    }

    /// Whatever a batch is made of, a sequence's likelihood has the same bits.
    @Test
    void bucketsAndBatchesAgreeInEveryBit() {
        Sequences sequences = Toy.random(20, 6, FEATURES, STATES, 3, arena);
        Crf crf = network(List.of());
        Ragged batch = all(sequences, memory);
        float[] whole = cpu.floats(Inference.of(f, crf.chain(f, batch))
                .logLikelihood(batch.labels())
                .value());
        int[] order = Ragged.byLength(sequences);
        int at = 0;
        for (Ragged bucket : Ragged.buckets(sequences, 12, memory)) {
            assertTrue(bucket.count() == 1 || bucket.count() * bucket.steps() <= 12, "bucket too large");
            float[] some = cpu.floats(Inference.of(f, crf.chain(f, bucket))
                    .logLikelihood(bucket.labels())
                    .value());
            for (float value : some) {
                assertEquals(whole[order[at++]], value);
            }
        }
        assertEquals(sequences.count(), at);
        Tensor index = memory.ints(Shape.of(2), 7, 3);
        Ragged picked = batch.gather(f, index);
        float[] two = cpu.floats(Inference.of(f, crf.chain(f, picked))
                .logLikelihood(picked.labels())
                .value());
        assertArrayEquals(new float[] {whole[7], whole[3]}, two);
    }

    /// Tags of a two-state Markov chain that switches with probability 0.2, seen as one of two features through noise
    /// that lies with probability 0.1: the best conditional likelihood is that of the true posterior.
    @Test
    void trainingReachesTheEntropyOfAToy() {
        Sequences train = noisyTags(3000, 8, 11);
        Sequences test = noisyTags(1000, 8, 12);
        SequenceSet set = new SequenceSet("toy", train, test, 2);
        CrfRecipe recipe = new CrfRecipe("crf", List.of(), List.of(), 0, 0.01);
        Parameters<Crf> built = recipe.build(cpu, set, 1, arena);
        try (Training training = recipe.training(built, set, new Budget(60, 0, 0, 1), arena)) {
            training.run(_ -> true);
        }
        Map<String, Double> figures = SequenceRecipe.evaluate(recipe.tagger(built.model()), set, cpu);
        double entropy = -meanPosterior(test);
        assertEquals(-entropy, figures.get("test_log_likelihood"), 0.02);
        assertTrue(figures.get("test_accuracy") > 0.88, figures.toString());
    }

    private Sequences noisyTags(int n, int length, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        MemorySegment values = arena.allocate(4L * n * length, 64);
        int[] labels = new int[n * length];
        int[] starts = new int[n + 1];
        for (int q = 0; q < n; q++) {
            starts[q + 1] = starts[q] + length;
            for (int t = starts[q]; t < starts[q + 1]; t++) {
                labels[t] = t == starts[q] ? random.nextInt(2) : labels[t - 1] ^ (random.nextDouble() < 0.2 ? 1 : 0);
                int seen = labels[t] ^ (random.nextDouble() < 0.1 ? 1 : 0);
                values.setAtIndex(ValueLayout.JAVA_INT, t, seen);
            }
        }
        return new Sequences(List.of(1), DType.I32, values, starts, labels, Toy.names(2), new int[n]);
    }

    /// Mean log p(tags | seen) under the process that made them, by the forward recursion over two states.
    private static double meanPosterior(Sequences of) {
        double sum = 0;
        for (int q = 0; q < of.count(); q++) {
            double[] alpha = {0.5, 0.5};
            double joint = 0;
            for (int t = of.starts()[q]; t < of.starts()[q + 1]; t++) {
                int seen = of.values().getAtIndex(ValueLayout.JAVA_INT, t);
                double[] next = new double[2];
                for (int j = 0; j < 2; j++) {
                    double before = t == of.starts()[q] ? alpha[j] : 0.8 * alpha[j] + 0.2 * alpha[1 - j];
                    next[j] = before * (seen == j ? 0.9 : 0.1);
                }
                alpha = next;
                int label = of.labels()[t];
                double step = t == of.starts()[q] ? 0.5 : label == of.labels()[t - 1] ? 0.8 : 0.2;
                joint += Math.log(step * (seen == label ? 0.9 : 0.1));
            }
            sum += joint - Math.log(alpha[0] + alpha[1]);
        }
        return sum / of.count();
    }

    /// Pairs of features whose exclusive or is the tag: no linear score knows it, a network does.
    @Test
    void aNetworkLearnsWhatLinearScoresCannot() {
        SplittableRandom random = new SplittableRandom(4);
        float[][][] x = new float[200][3][2];
        int[][] labels = new int[200][3];
        for (int q = 0; q < x.length; q++) {
            for (int t = 0; t < 3; t++) {
                x[q][t] = new float[] {random.nextInt(2), random.nextInt(2)};
                labels[q][t] = x[q][t][0] == x[q][t][1] ? 0 : 1;
            }
        }
        Sequences data = Toy.numbers(x, labels, 2, arena);
        SequenceSet set = new SequenceSet("xor", data, data, 0);
        CrfRecipe linear = new CrfRecipe("crf", List.of(), List.of(), 0, 0.1);
        CrfRecipe network = new CrfRecipe("nn-crf", List.of(), List.of(16), 0, 0);
        assertTrue(accuracy(linear, set, new Budget(50, 0, 0, 1)) < 0.8);
        assertEquals(1, accuracy(network, set, new Budget(60, 20, 0.01, 1)));
    }

    private double accuracy(CrfRecipe recipe, SequenceSet set, Budget budget) {
        Parameters<Crf> built = recipe.build(cpu, set, 1, arena);
        try (Training training = recipe.training(built, set, budget, arena)) {
            training.run(_ -> true);
        }
        return SequenceRecipe.evaluate(recipe.tagger(built.model()), set, cpu).get("test_accuracy");
    }

    @Test
    void aTagThatTrainingNeverShowsIsWrongAndNotNaN() {
        Sequences train = Toy.random(6, 4, FEATURES, STATES, 1, arena);
        Sequences test = Toy.random(6, 4, FEATURES, STATES + 1, 9, arena);
        Crf crf = network(List.of());
        Tagging tagging = Tagging.of(crf::chain, test, cpu);
        assertTrue(Double.isFinite(tagging.meanLogLikelihood()));
        assertTrue(tagging.accuracy() < 1);
        assertTrue(Arrays.stream(tagging.logLikelihood()).anyMatch(Double::isNaN), "no unknown tag");
        assertEquals(STATES, new SequenceSet("toy", train, test, 0).classes().size());
    }
}
