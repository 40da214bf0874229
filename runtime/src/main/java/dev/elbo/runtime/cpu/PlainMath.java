package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.get;
import static dev.elbo.runtime.cpu.Floats.put;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.elbo.runtime.portable.PortableMath;
import dev.elbo.runtime.random.Draws;
import dev.elbo.runtime.random.Philox;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/// The provider in plain Java: what runs without the Vector API, and what the vector loops are compared with.
final class PlainMath
        implements CpuMath,
                LoopedPointwise,
                LoopedRows,
                LoopedSoftmax,
                LoopedNoise,
                LoopedChain,
                PlainUpdates,
                PlainProduct {
    static final PlainMath INSTANCE = new PlainMath();

    private final Map<Unary, UnaryLoop> unary = copies(Unary.class, PlainUnaryLoop.class, UnaryLoop.class);
    private final Map<Binary, BinaryLoop> binary = copies(Binary.class, PlainBinaryLoop.class, BinaryLoop.class);
    private final Map<Term, TermLoop> terms = copies(Term.class, PlainTermLoop.class, TermLoop.class);
    private final Map<RowMap, RowLoop> maps = copies(RowMap.class, PlainRowLoop.class, RowLoop.class);

    private final ChainLoop chain = new PlainChainLoop();

    private static <F extends Enum<F>, L> Map<F, L> copies(
            Class<F> functions, Class<? extends L> template, Class<L> type) {
        return LoopCopies.of(functions, functions, template, type, Floats.class, PortableMath.class, Draws.class);
    }

    private PlainMath() {}

    @Override
    public UnaryLoop loop(Unary f) {
        return unary.get(f);
    }

    @Override
    public BinaryLoop loop(Binary f) {
        return binary.get(f);
    }

    @Override
    public TermLoop loop(Term term) {
        return terms.get(term);
    }

    @Override
    public RowLoop loop(RowMap map) {
        return maps.get(map);
    }

    @Override
    public ChainLoop chainLoop() {
        return chain;
    }

    @Override
    public float max(MemorySegment x, long start, long length) {
        float max = Float.NEGATIVE_INFINITY;
        for (long e = start; e < start + length; e++) {
            float candidate = get(x, e);
            max = candidate > max || candidate != candidate ? candidate : max;
        }
        return max;
    }

    @Override
    public long find(float value, MemorySegment x, long start, long length) {
        for (long k = 0; k < length; k++) {
            float candidate = get(x, start + k);
            if (candidate == value || candidate != candidate && value != value) {
                return k;
            }
        }
        return length;
    }

    @Override
    public void add(MemorySegment x, long start, double[] sums, int at, int length) {
        for (int k = 0; k < length; k++) {
            sums[at + k] += get(x, start + k);
        }
    }

    @Override
    public void drawWords(MemorySegment y, long at, long element, long length, long seed, long step, int operation) {
        int[] words = Scratch.ofThread().words();
        for (long k = 0; k < length; k++) {
            long e = element + k;
            if (k == 0 || (e & 3) == 0) {
                Philox.block(seed, step, operation, (int) (e >>> 2), words);
            }
            y.setAtIndex(JAVA_INT, at + k, words[(int) e & 3]);
        }
    }

    @Override
    public void drawNormals(MemorySegment y, long at, long element, long length, long seed, long step, int operation) {
        int[] words = Scratch.ofThread().words();
        float[] four = Scratch.ofThread().floats(4);
        for (long k = 0; k < length; k++) {
            long e = element + k;
            if (k == 0 || (e & 3) == 0) {
                Philox.block(seed, step, operation, (int) (e >>> 2), words);
                Draws.normals(words, four, 0);
            }
            put(y, at + k, four[(int) e & 3]);
        }
    }

    @Override
    public String toString() {
        return "plain Java";
    }
}
