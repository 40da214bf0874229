package dev.elbo.runtime.cpu;

import dev.elbo.runtime.chain.Form;

/// Working memory of one thread for chains: its arrays grow to the largest chain met and stay.
final class ChainScratch {
    final ScaledSequence scaled = new ScaledSequence();
    final LogSequence logs = new LogSequence();
    final BestPaths best = new BestPaths();

    final int[] lengths = new int[ChainMath.GROUP];
    final int[] exponents = new int[ChainMath.GROUP];
    final int[] backExponents = new int[ChainMath.GROUP];
    final float[] first = new float[ChainMath.GROUP];
    final double[] maxima = new double[ChainMath.GROUP];
    final double[] block = new double[16 * ChainMath.GROUP];

    float[] a = new float[0];
    float[] transposed = new float[0];
    float[] b = new float[0];
    float[] f = new float[0];
    float[] gamma = new float[0];
    float[] r = new float[0];
    float[] scales = new float[0];
    private float[] work = new float[0];
    private float[] spare = new float[0];
    private double[][] rows = new double[6][0];

    /// Room for `steps` of `states` (a multiple of 4) in every lane.
    void reserve(int steps, int states) {
        int cells = Math.toIntExact((long) steps * states * ChainMath.GROUP);
        int rows = Math.multiplyExact(ChainLanes.stride(steps, states), ChainMath.GROUP);
        a = atLeast(a, states * states);
        transposed = atLeast(transposed, states * states);
        b = atLeast(b, rows);
        f = atLeast(f, cells);
        gamma = atLeast(gamma, rows);
        r = atLeast(r, (2 * states + 1) * ChainMath.GROUP);
        scales = atLeast(scales, steps * ChainMath.GROUP);
    }

    /// At least `length` floats of any content, for within a loop.
    float[] work(int length) {
        work = atLeast(work, length);
        return work;
    }

    /// At least `length` floats of any content, for b while W takes its place.
    float[] spare(int length) {
        spare = atLeast(spare, length);
        return spare;
    }

    /// At least `length` doubles of any content.
    ///
    /// @param slot 0 to 5, for as many arrays at once
    double[] row(int slot, long length) {
        rows[slot] = ChainSequence.atLeast(rows[slot], length);
        return rows[slot];
    }

    static float[] atLeast(float[] array, int length) {
        return array.length >= length ? array : new float[length];
    }

    /// One sequence, run forwards and, if asked and possible, backwards, in the form asked for or the first that is
    /// certain.
    ///
    /// @param form [Form#AUTO] and every f32 form try [Form#SCALED_F64] first
    ChainSequence solve(ChainScores scores, long q, Form form, boolean backwards) {
        if (form != Form.LOG) {
            boolean certain = run(scaled, scores, q, backwards);
            if (certain || form == Form.SCALED_F64) {
                return scaled;
            }
        }
        run(logs, scores, q, backwards);
        return logs;
    }

    private static boolean run(ChainSequence sequence, ChainScores scores, long q, boolean backwards) {
        sequence.at(scores, q);
        boolean certain = sequence.forward();
        boolean possible = sequence.logPartition() != Double.NEGATIVE_INFINITY;
        return possible && backwards ? sequence.backward() && certain : certain;
    }
}
