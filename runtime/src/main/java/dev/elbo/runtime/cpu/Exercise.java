package dev.elbo.runtime.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Calls every method of a loop on a few hundred elements, whole vectors and a rest, so that it is compiled
/// ([Warmed]). Few, because compilers count calls: the first thousand are interpreted.
final class Exercise {
    private static final int N = 16 * 24 + 3;
    private static final boolean[] BOTH = {true, false};

    private final MemorySegment x = Arena.ofAuto().allocate(JAVA_FLOAT, N);
    private final MemorySegment y = Arena.ofAuto().allocate(JAVA_FLOAT, N);
    private final double[] sums = new double[N];

    Exercise() {
        for (int e = 0; e < N; e++) {
            Floats.put(x, e, 0.01f * (e - 100));
        }
    }

    void unary(UnaryLoop loop) {
        loop.forward(0.1f, x, y, 0, N);
        for (boolean first : BOTH) {
            loop.pullback(0.1f, x, x, x, y, 0, N, first);
        }
    }

    void binary(BinaryLoop loop) {
        for (BinaryLoop.Part part : BinaryLoop.Part.values()) {
            for (boolean first : BOTH) {
                loop.run(part, x, 0, x, 0, x, y, 0, N, first);
            }
        }
    }

    void term(Term term, TermLoop loop) {
        loop.sum(x, 0, x, 0, x, 0, N);
        for (int k = 1; k <= term.arity(); k++) {
            for (boolean first : BOTH) {
                loop.pullback(k, 0.5f, x, 0, x, 0, x, 0, y, 0, N, first);
            }
        }
    }

    void row(RowLoop loop) {
        for (boolean first : BOTH) {
            loop.run(x, 0, x, 0, x, 0, 0.3f, 0.7f, y, 0, N, first);
        }
    }

    void draw(DrawLoop loop) {
        loop.run(y, 0, 1, N - 1, 1, 2, 3);
    }

    void runs(Runs loop) {
        loop.max(x, 0, N);
        loop.find(12345, x, 0, N);
        loop.add(x, 0, sums, 0, N);
    }

    void updates(UpdateMath loop) {
        loop.adam(y, x, y, y, 0, N, 0, 0, 0, 0, 1, 1, 1, 0);
        loop.sgd(y, x, y, 0, N, 0, 0, 0);
    }

    void product(ProductLoop loop) {
        loop.multiply(x, 16, 1, x, 16, 1, null, y, 0, 15, 16, 18, 1, 0);
    }
}
