package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Lanes.D;
import static dev.elbo.runtime.cpu.Lanes.F;
import static dev.elbo.runtime.cpu.Lanes.WIDTH;
import static dev.elbo.runtime.cpu.Lanes.all;
import static dev.elbo.runtime.cpu.Lanes.get;
import static dev.elbo.runtime.cpu.Lanes.lower;
import static dev.elbo.runtime.cpu.Lanes.upTo;
import static dev.elbo.runtime.cpu.Lanes.upper;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.NE;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// The provider on the Vector API, for machines whose launcher adds `jdk.incubator.vector`.
final class VectorMath
        implements CpuMath,
                LoopedPointwise,
                LoopedRows,
                LoopedSoftmax,
                LoopedNoise,
                LoopedChain,
                VectorUpdates,
                VectorProduct {
    static final VectorMath INSTANCE = new VectorMath();

    private final Map<Unary, UnaryLoop> unary =
            copies(Unary.class, VectorUnary.class, VectorUnaryLoop.class, UnaryLoop.class);
    private final Map<Binary, BinaryLoop> binary =
            copies(Binary.class, VectorBinary.class, VectorBinaryLoop.class, BinaryLoop.class);
    private final Map<Term, TermLoop> terms =
            copies(Term.class, VectorTerm.class, VectorTermLoop.class, TermLoop.class);
    private final Map<RowMap, RowLoop> maps =
            copies(RowMap.class, VectorRowMap.class, VectorRowLoop.class, RowLoop.class);
    private final Map<DrawLoop.Kind, DrawLoop> draws =
            copies(DrawLoop.Kind.class, DrawLoop.Kind.class, VectorDrawLoop.class, DrawLoop.class);

    private final ChainLoop chain = copies(
                    ChainLoop.Kind.class, ChainLoop.Kind.class, VectorChainLoop.class, ChainLoop.class)
            .get(ChainLoop.Kind.SUM_PRODUCT);

    private static <N extends Enum<N>, F extends Enum<F>, L> Map<N, L> copies(
            Class<N> names, Class<F> functions, Class<? extends L> template, Class<L> type) {
        return LoopCopies.of(names, functions, template, type, Lanes.class, VectorFunctions.class, VectorDraws.class);
    }

    private VectorMath() {}

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
        FloatVector max = all(Float.NEGATIVE_INFINITY);
        long e = 0;
        for (; e <= length - WIDTH; e += WIDTH) {
            FloatVector candidate = get(x, start + e);
            max = max.blend(candidate, larger(candidate, max));
        }
        if (e < length) {
            VectorMask<Float> mask = upTo(length - e);
            FloatVector candidate = get(x, start + e, mask);
            max = max.blend(candidate, larger(candidate, max).and(mask));
        }
        float[] lanes = Scratch.ofThread().terms();
        max.intoArray(lanes, 0);
        float result = lanes[0];
        for (int i = 1; i < WIDTH; i++) {
            result = lanes[i] > result || lanes[i] != lanes[i] ? lanes[i] : result;
        }
        return result;
    }

    private static VectorMask<Float> larger(FloatVector candidate, FloatVector max) {
        return candidate.compare(GT, max).or(candidate.compare(NE, candidate));
    }

    @Override
    public long find(float value, MemorySegment x, long start, long length) {
        boolean nan = value != value;
        for (long e = 0; e < length; e += WIDTH) {
            VectorMask<Float> mask = upTo(length - e);
            FloatVector candidate = get(x, start + e, mask);
            VectorMask<Float> found = (nan ? candidate.compare(NE, candidate) : candidate.compare(EQ, value)).and(mask);
            if (found.anyTrue()) {
                return e + found.firstTrue();
            }
        }
        return length;
    }

    @Override
    public void add(MemorySegment x, long start, double[] sums, int at, int length) {
        int k = 0;
        for (; k <= length - WIDTH; k += WIDTH) {
            FloatVector v = get(x, start + k);
            DoubleVector.fromArray(D, sums, at + k).add(lower(v)).intoArray(sums, at + k);
            int half = at + k + WIDTH / 2;
            DoubleVector.fromArray(D, sums, half).add(upper(v)).intoArray(sums, half);
        }
        for (; k < length; k++) {
            sums[at + k] += Floats.get(x, start + k);
        }
    }

    @Override
    public void drawWords(MemorySegment y, long at, long element, long length, long seed, long step, int operation) {
        draws.get(DrawLoop.Kind.WORDS).run(y, at, element, length, seed, step, operation);
    }

    @Override
    public void drawNormals(MemorySegment y, long at, long element, long length, long seed, long step, int operation) {
        draws.get(DrawLoop.Kind.NORMALS).run(y, at, element, length, seed, step, operation);
    }

    @Override
    public String toString() {
        return "Vector API, " + F.vectorBitSize() + " bits";
    }
}
