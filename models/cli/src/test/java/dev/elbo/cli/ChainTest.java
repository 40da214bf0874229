package dev.elbo.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.file.Npz;
import dev.elbo.runtime.file.StoredArray;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `elbo chain` against the enumeration of all paths.
class ChainTest {
    private static final int N = 4;
    private static final int STEPS = 4;
    private static final int STATES = 3;
    private static final int BEST = 30;
    private static final int SAMPLES = 4000;
    private static final long[] LENGTHS = {4, 3, 1, 0};
    private static final float FORBIDDEN = Float.NEGATIVE_INFINITY;

    @TempDir
    Path folder;

    /// Scores on the host; NaN in the padding.
    private record Scores(float[] unary, float[] transitions, boolean perStep, float[] start, float[] end) {
        static Scores random(boolean perStep) {
            SplittableRandom random = new SplittableRandom(3);
            Scores scores = new Scores(
                    normals(random, N * STEPS * STATES),
                    normals(random, (perStep ? N * (STEPS - 1) : 1) * STATES * STATES),
                    perStep,
                    normals(random, STATES),
                    normals(random, STATES));
            scores.start[1] = FORBIDDEN;
            scores.transitions[2] = FORBIDDEN;
            for (int q = 0; q < N; q++) {
                for (int e = (int) LENGTHS[q] * STATES; e < STEPS * STATES; e++) {
                    scores.unary[q * STEPS * STATES + e] = Float.NaN;
                }
            }
            return scores;
        }

        private static float[] normals(SplittableRandom random, int size) {
            float[] x = new float[size];
            for (int i = 0; i < size; i++) {
                x[i] = (float) random.nextGaussian();
            }
            return x;
        }

        Path write(Path file) throws IOException {
            Map<String, StoredArray> arrays = new LinkedHashMap<>();
            arrays.put("unary", StoredArray.of(List.of((long) N, (long) STEPS, (long) STATES), unary));
            List<Long> square = List.of((long) STATES, (long) STATES);
            List<Long> own = List.of((long) N, STEPS - 1L, (long) STATES, (long) STATES);
            arrays.put("transitions", StoredArray.of(perStep ? own : square, transitions));
            arrays.put("start", StoredArray.of(List.of((long) STATES), start));
            arrays.put("end", StoredArray.of(List.of((long) STATES), end));
            arrays.put("lengths", StoredArray.of(List.of((long) N), LENGTHS));
            new Npz(arrays).write(file);
            return file;
        }

        double score(int q, int[] path) {
            double score = 0;
            for (int t = 0; t < path.length; t++) {
                score += unary[(q * STEPS + t) * STATES + path[t]];
                score += t == 0 ? start[path[t]] : 0;
                score += t == path.length - 1 ? end[path[t]] : 0;
                int matrix = perStep ? q * (STEPS - 1) + t - 1 : 0;
                score += t > 0 ? transitions[(matrix * STATES + path[t - 1]) * STATES + path[t]] : 0;
            }
            return score;
        }

        /// Every possible path of a sequence, best first.
        List<int[]> paths(int q) {
            List<int[]> paths = new ArrayList<>(List.of(new int[0]));
            for (int t = 0; t < LENGTHS[q]; t++) {
                List<int[]> longer = new ArrayList<>();
                for (int[] path : paths) {
                    for (int i = 0; i < STATES; i++) {
                        int[] next = Arrays.copyOf(path, t + 1);
                        next[t] = i;
                        longer.add(next);
                    }
                }
                paths = longer;
            }
            return paths.stream()
                    .filter(path -> score(q, path) > FORBIDDEN)
                    .sorted(Comparator.comparingDouble(path -> -score(q, path)))
                    .toList();
        }

        double logPartition(int q) {
            return Math.log(paths(q).stream()
                    .mapToDouble(path -> Math.exp(score(q, path)))
                    .sum());
        }

        double probability(int q, int[] path) {
            return Math.exp(score(q, path) - logPartition(q));
        }

        double marginal(int q, int t, int i) {
            return paths(q).stream()
                    .filter(path -> t < path.length && path[t] == i)
                    .mapToDouble(path -> probability(q, path))
                    .sum();
        }

        double pair(int q, int t, int i, int j) {
            return paths(q).stream()
                    .filter(path -> t + 1 < path.length && path[t] == i && path[t + 1] == j)
                    .mapToDouble(path -> probability(q, path))
                    .sum();
        }

        double entropy(int q) {
            return paths(q).stream()
                    .mapToDouble(path -> -probability(q, path) * Math.log(probability(q, path)))
                    .sum();
        }
    }

    private static long[] padded(int[] path) {
        long[] padded = new long[STEPS];
        Arrays.fill(padded, -1);
        for (int t = 0; t < path.length; t++) {
            padded[t] = path[t];
        }
        return padded;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyAnswerIsThatOfTheEnumeration(boolean perStep) throws IOException {
        Scores scores = Scores.random(perStep);
        Path in = scores.write(folder.resolve("in.npz"));
        Path out = folder.resolve("out.npz");
        String want = "log-partition,marginals,pairwise,viterbi,k-best=" + BEST + ",samples=" + SAMPLES
                + ",entropy,gradients";
        Session.Seen seen = Session.run("chain", in, "--want", want, "--out", out, "--json");
        assertEquals(0, seen.code(), seen.err());
        Map<String, StoredArray> answers = Npz.read(out).arrays();
        float[] logPartition = answers.get("log_partition").toFloats();
        float[] entropy = answers.get("entropy").toFloats();
        float[] unary = answers.get("unary_marginals").toFloats();
        float[] unaryGradient = answers.get("unary_gradient").toFloats();
        float[] pairs = answers.get("pairwise_marginals").toFloats();
        assertEquals(List.of(4L, 3L, 3L, 3L), answers.get("pairwise_marginals").shape());
        for (int q = 0; q < N; q++) {
            assertEquals(scores.logPartition(q), logPartition[q], 2e-6);
            assertEquals(scores.entropy(q), entropy[q], 2e-6);
            for (int e = 0; e < STEPS * STATES; e++) {
                double expected = scores.marginal(q, e / STATES, e % STATES);
                assertEquals(expected, unary[q * STEPS * STATES + e], 1e-6);
                assertEquals(expected, unaryGradient[q * STEPS * STATES + e], 1e-6);
            }
            int square = STATES * STATES;
            for (int e = 0; e < (STEPS - 1) * square; e++) {
                double expected = scores.pair(q, e / square, e % square / STATES, e % STATES);
                assertEquals(expected, pairs[q * (STEPS - 1) * square + e], 1e-6);
            }
            checkPaths(scores, q, answers);
        }
    }

    private static void checkPaths(Scores scores, int q, Map<String, StoredArray> answers) {
        List<int[]> paths = scores.paths(q);
        long[] best = answers.get("k_best").toLongs();
        float[] bestScores = answers.get("k_best_scores").toFloats();
        for (int k = 0; k < BEST; k++) {
            int at = (q * BEST + k) * STEPS;
            long[] actual = Arrays.copyOfRange(best, at, at + STEPS);
            if (k < paths.size()) {
                assertArrayEquals(padded(paths.get(k)), actual, "sequence " + q + ", path " + k);
                assertEquals(scores.score(q, paths.get(k)), bestScores[q * BEST + k], 1e-5);
            } else {
                assertArrayEquals(padded(new int[0]), actual);
                assertEquals(FORBIDDEN, bestScores[q * BEST + k]);
            }
        }
        long[] viterbi = answers.get("viterbi").toLongs();
        assertArrayEquals(padded(paths.getFirst()), Arrays.copyOfRange(viterbi, q * STEPS, (q + 1) * STEPS));
        assertEquals(
                scores.score(q, paths.getFirst()), answers.get("viterbi_score").toFloats()[q], 1e-5);
        long[] samples = answers.get("samples").toLongs();
        for (int t = 0; t < LENGTHS[q]; t++) {
            double p = scores.marginal(q, t, 0);
            int count = 0;
            for (int m = 0; m < SAMPLES; m++) {
                count += samples[(q * SAMPLES + m) * STEPS + t] == 0 ? 1 : 0;
            }
            double sd = Math.sqrt(p * (1 - p) / SAMPLES);
            assertEquals(p, (double) count / SAMPLES, 4 * sd, "sequence " + q + ", step " + t);
        }
    }

    /// The sums over the sequences that shared scores are owed.
    @Test
    void gradientsOfSharedScoresAreSums() throws IOException {
        Scores scores = Scores.random(false);
        Path in = scores.write(folder.resolve("in.npz"));
        Path out = folder.resolve("out.npz");
        assertEquals(
                0,
                Session.run("chain", in, "--want", "gradients,entropy", "--out", out)
                        .code());
        Map<String, StoredArray> answers = Npz.read(out).arrays();
        for (int i = 0; i < STATES; i++) {
            double start = 0;
            double end = 0;
            for (int q = 0; q < N; q++) {
                start += scores.marginal(q, 0, i);
                end += LENGTHS[q] == 0 ? 0 : scores.marginal(q, (int) LENGTHS[q] - 1, i);
            }
            assertEquals(start, answers.get("start_gradient").toFloats()[i], 2e-6);
            assertEquals(end, answers.get("end_gradient").toFloats()[i], 2e-6);
            for (int j = 0; j < STATES; j++) {
                double pairs = 0;
                for (int q = 0; q < N; q++) {
                    for (int t = 0; t + 1 < STEPS; t++) {
                        pairs += scores.pair(q, t, i, j);
                    }
                }
                assertEquals(pairs, answers.get("transitions_gradient").toFloats()[i * STATES + j], 2e-6);
            }
        }
        assertTrue(
                answers.containsKey("entropy_unary_gradient"), answers.keySet().toString());
    }

    @Test
    void theFormCanBeForcedAndIsReported() throws IOException {
        Path in = Scores.random(false).write(folder.resolve("in.npz"));
        Path out = folder.resolve("out.npz");
        for (String form : List.of("scaled-f32", "scaled-f64", "log", "scan")) {
            Session.Seen seen = Session.run("chain", in, "--want", "log-partition", "--form", form, "--out", out);
            assertEquals(0, seen.code(), seen.err());
            assertTrue(seen.out().contains(form + "="), seen.out());
        }
        Session.Seen tiles = Session.run("chain", in, "--want", "log-partition", "--form", "tiles", "--out", out);
        assertTrue(tiles.out().contains("scaled-f32="), "a CPU has no units for it: " + tiles.out());
        assertEquals(2, code(in, out, "pairwise", "scan"));
        assertEquals(0, code(in, out, "pairwise", "scaled-f32"));
        assertEquals(2, code(in, out, "viterbi", "linear"));
    }

    private static int code(Path in, Path out, String question, String form) {
        return Session.run("chain", in, "--want", question, "--form", form, "--out", out)
                .code();
    }

    @Test
    void whatAPersonGotWrongIsNamed() throws IOException {
        Path in = folder.resolve("bad.npz");
        Path out = folder.resolve("out.npz");
        StoredArray unary = StoredArray.of(List.of(1L, 2L, 2L), 0f, 0, 0, 0);
        StoredArray square = StoredArray.of(List.of(2L, 2L), 0f, 0, 0, 0);
        assertEquals(
                3, Session.run("chain", in, "--want", "viterbi", "--out", out).code());
        new Npz(Map.of("unary", unary)).write(in);
        Session.Seen missing = Session.run("chain", in, "--want", "viterbi", "--out", out);
        assertEquals(3, missing.code());
        assertTrue(missing.err().contains("no array `transitions`; arrays=[unary]"), missing.err());
        new Npz(Map.of("unary", unary, "transitions", unary)).write(in);
        Session.Seen extents = Session.run("chain", in, "--want", "viterbi", "--out", out);
        assertTrue(extents.err().contains("array=transitions, expected=2, shape=[1, 2, 2]"), extents.err());
        new Npz(Map.of("unary", unary, "transitions", square, "lengths", StoredArray.of(List.of(1L), 3L))).write(in);
        Session.Seen length = Session.run("chain", in, "--want", "viterbi", "--out", out);
        assertEquals(3, length.code());
        assertTrue(length.err().contains("a length out of range; sequence=0, length=3, steps=2"), length.err());
        new Npz(Map.of("unary", unary, "transitions", square, "weights", square)).write(in);
        assertTrue(Session.run("chain", in, "--want", "viterbi", "--out", out)
                .err()
                .contains("array=weights"));
        for (String question : List.of("best", "k-best", "k-best=0", "viterbi=2")) {
            assertEquals(
                    2,
                    Session.run("chain", in, "--want", question, "--out", out).code(),
                    question);
        }
    }
}
