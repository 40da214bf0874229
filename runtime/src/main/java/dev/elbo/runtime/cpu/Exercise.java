package dev.elbo.runtime.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Calls every method of a loop on a few hundred elements, so that it is compiled ([Warmed]). Few, because
/// compilers count calls. Every way through a loop is taken: code that is compiled for the ways it has seen falls
/// back to the interpreter at the first other one.
final class Exercise {
    private static final int LONGEST = 16 * 24 + 3;

    /// Whole vectors and a rest, whole vectors alone, a rest alone.
    private static final int[] LENGTHS = {LONGEST, LONGEST - 3, 3};

    private static final int[] ROWS = {16, 15, 1};
    private static final int[] COUNTS = {2, 1, 0};

    /// Columns of the loops over rows.
    private static final int[] WIDTHS = {16 * 12 - 1, 16 * 8, 3};

    private static final int[] NARROW = {83, 80, 3};
    private static final boolean[] BOTH = {true, false};
    private static final BinaryLoop.Part[] PARTS = BinaryLoop.Part.values();

    private final MemorySegment x = Arena.ofAuto().allocate(JAVA_FLOAT, LONGEST);
    private final MemorySegment y = Arena.ofAuto().allocate(JAVA_FLOAT, LONGEST);
    private final int[] places = {1, 0};
    private final float[] weights = {0.5f, 2};
    private final double[] sums = new double[LONGEST];

    Exercise() {
        for (int e = 0; e < LONGEST; e++) {
            Floats.put(x, e, 0.01f * (e - 100));
        }
    }

    void unary(UnaryLoop loop, int argument) {
        for (int n : LENGTHS) {
            if (argument == 0) {
                loop.forward(0.1f, x, y, 0, n);
            } else {
                for (boolean first : BOTH) {
                    loop.pullback(0.1f, x, x, x, y, 0, n, first);
                }
            }
        }
    }

    void binary(BinaryLoop loop, int argument) {
        for (int n : LENGTHS) {
            for (boolean first : BOTH) {
                loop.run(PARTS[argument], x, 0, x, 0, x, y, 0, n, first);
            }
        }
    }

    void term(TermLoop loop, int argument) {
        for (int n : LENGTHS) {
            if (argument == 0) {
                loop.sum(x, 0, x, 0, x, 0, n);
            } else {
                for (boolean first : BOTH) {
                    loop.pullback(argument, 0.5f, x, 0, x, 0, x, 0, y, 0, n, first);
                }
            }
        }
    }

    void row(RowLoop loop) {
        for (int n : LENGTHS) {
            for (boolean first : BOTH) {
                loop.run(x, 0, x, 0, x, 0, 0.3f, 0.7f, y, 0, n, first);
            }
        }
    }

    void draw(DrawLoop loop) {
        for (int n : LENGTHS) {
            for (int element = 0; element < 2; element++) {
                loop.run(y, 0, element, n, 1, 2, 3);
            }
        }
    }

    void runs(Runs loop) {
        for (int n : LENGTHS) {
            loop.max(x, 0, n);
            loop.nonZeros(x, 0, Math.min(n, Long.SIZE));
            loop.finite(x, 0, n);
            loop.add(x, 0, sums, 0, n);
            loop.exp(Scratch.ofThread().floats(n + Scratch.LANES), n);
            loop.log(Scratch.ofThread().floats(n + Scratch.LANES), n);
            loop.find(12345, x, 0, n);
            loop.find(Floats.get(x, n / 2), x, 0, n);
            loop.find(Float.NaN, x, 0, n);
        }
    }

    void adam(AdamLoop loop) {
        for (int n : LENGTHS) {
            loop.run(y, x, y, y, 0, n, 0, 0, 0, 0, 1, 1, 1, 0);
        }
    }

    void product(ProductLoop loop) {
        for (int rows : ROWS) {
            for (boolean flag : BOTH) {
                MemorySegment bias = flag ? x : null;
                float beta = flag ? 0.5f : 0.0f;
                loop.multiply(x, 0, 10, 1, x, 0, 18, 1, bias, y, 0, rows, 10, 18, 1, beta);
                loop.multiply(x, 0, 1, rows, x, 0, 1, 10, bias, y, 0, rows, 10, 16, 1, beta);
            }
        }
    }

    void weightedRows(WeightedRowsLoop loop) {
        for (int cols : WIDTHS) {
            for (int count : COUNTS) {
                for (boolean first : BOTH) {
                    loop.sum(x, cols, 0, cols, places, weights, 0, count, y, 0, first);
                }
            }
            loop.add(x, cols, y, 0);
        }
    }

    void normaliser(NormaliseLoop loop) {
        for (int cols : NARROW) {
            long rows = cols == 3 ? 1 : LONGEST / cols;
            MemorySegment kept = x;
            loop.moments(x, sums, 0, rows, cols);
            loop.normalise(x, kept, x, x, y, 0, rows, cols);
            loop.slopes(x, x, kept, sums, 0, rows, cols);
            for (boolean first : BOTH) {
                loop.pullback(x, x, kept, x, y, 0, rows, cols, first);
            }
        }
    }
}
