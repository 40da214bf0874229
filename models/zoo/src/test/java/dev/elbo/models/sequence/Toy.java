package dev.elbo.models.sequence;

import dev.elbo.models.data.Sequences;
import dev.elbo.runtime.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/// Small sequences for tests.
final class Toy {
    private Toy() {}

    /// Sequences of numbers.
    ///
    /// @param x      by sequence, position and feature
    /// @param labels by sequence and position
    static Sequences numbers(float[][][] x, int[][] labels, int classes, Arena owner) {
        int features = x[0][0].length;
        int rows = IntStream.range(0, x.length).map(i -> x[i].length).sum();
        MemorySegment values = owner.allocate(4L * rows * features, 64);
        int[] starts = new int[x.length + 1];
        int[] flat = new int[rows];
        for (int q = 0; q < x.length; q++) {
            starts[q + 1] = starts[q] + x[q].length;
            for (int t = 0; t < x[q].length; t++) {
                flat[starts[q] + t] = labels[q][t];
                for (int i = 0; i < features; i++) {
                    values.setAtIndex(ValueLayout.JAVA_FLOAT, (long) (starts[q] + t) * features + i, x[q][t][i]);
                }
            }
        }
        return new Sequences(List.of(features), DType.F32, values, starts, flat, names(classes), new int[x.length]);
    }

    /// Random numbers and labels; lengths from 1 to `longest` in turn.
    static Sequences random(int n, int longest, int features, int classes, long seed, Arena owner) {
        SplittableRandom random = new SplittableRandom(seed);
        float[][][] x = new float[n][][];
        int[][] labels = new int[n][];
        for (int q = 0; q < n; q++) {
            int length = 1 + q % longest;
            x[q] = new float[length][features];
            labels[q] = new int[length];
            for (int t = 0; t < length; t++) {
                labels[q][t] = random.nextInt(classes);
                for (int i = 0; i < features; i++) {
                    x[q][t][i] = (float) random.nextGaussian();
                }
            }
        }
        return numbers(x, labels, classes, owner);
    }

    static List<String> names(int classes) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < classes; i++) {
            names.add(String.valueOf((char) ('a' + i)));
        }
        return names;
    }
}
