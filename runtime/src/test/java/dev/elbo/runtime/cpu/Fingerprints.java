package dev.elbo.runtime.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.elbo.runtime.chain.Form;
import dev.elbo.runtime.random.Noise;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.TreeMap;

/// Hashes of what a provider computes, to be compared between machines, widths of vectors and ways to run Java.
public final class Fingerprints {
    /// The noise whose draws are written down in `dev/elbo/runtime/random/README.md`.
    public static final Noise DOCUMENTED = new Noise(12345L | 678L << 32, 7, 0);

    private static final long BASIS = 1469598103934665603L;

    private Fingerprints() {}

    /// The vector loops from the first call on, compiled or not; plain ones where there are none.
    public static CpuMath vectors() {
        return CpuMath.best() == CpuMath.plain() ? CpuMath.plain() : LoopedMath.Vectors.INSTANCE;
    }

    /// Hashes of the first `count` documented uniforms and normals.
    public static Map<String, String> draws(CpuMath math, int count) {
        Map<String, String> hashes = new TreeMap<>();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment y = arena.allocate(JAVA_FLOAT, count);
            Noise noise = DOCUMENTED;
            math.uniforms(y, 0, count, noise.seed(), noise.step(), noise.operation());
            hashes.put("uniforms", hex(hash(y, count)));
            math.normals(y, 0, count, noise.seed(), noise.step(), noise.operation());
            hashes.put("normals", hex(hash(y, count)));
        }
        return hashes;
    }

    /// Hashes of every loop of a provider, over `n` numbers.
    public static Map<String, String> loops(CpuMath math, int n) {
        Map<String, String> hashes = new TreeMap<>();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment x = normals(arena, 1, n);
            MemorySegment v = normals(arena, 2, n);
            MemorySegment w = normals(arena, 3, n);
            MemorySegment y = arena.allocate(JAVA_FLOAT, n);
            for (Unary f : Unary.values()) {
                math.unary(f, 0.1f, x, y, 0, n);
                hashes.put("unary." + f, hex(hash(y, n)));
                math.unaryPullback(f, 0.1f, x, v, w, y, 0, n, false);
                hashes.put("unaryPullback." + f, hex(hash(y, n)));
            }
            for (Binary f : Binary.values()) {
                math.binary(f, x, n, 1, v, 0, 0, y, 0, n, n);
                hashes.put("binary." + f, hex(hash(y, n)));
            }
            for (Term term : Term.values()) {
                math.sumRows(term, Rows.of(x), Rows.of(v), Rows.of(w), y, 0, 1, n, 1, true);
                hashes.put("sum." + term, hex(hash(y, 1)));
                math.sumRowsPullback(term, 1, Rows.of(x), Rows.of(v), Rows.of(w), PerRow.of(w), y, 0, 1, n, 1, true);
                hashes.put("sumPullback." + term, hex(hash(y, n)));
            }
            for (RowMap map : RowMap.values()) {
                ((Loops) math).loop(map).run(x, 0, v, 0, w, 0, 0.3f, 0.7f, y, 0, n, true);
                hashes.put("map." + map, hex(hash(y, n)));
            }
            math.softmaxRows(x, y, 0, 1, n);
            hashes.put("softmax", hex(hash(y, n)));
            math.multiply(x, 16, 1, v, 16, 1, null, y, 0, 16, 16, 16, 1, 0, Unary.IDENTITY, 0);
            hashes.put("product", hex(hash(y, 256)));
            for (int states : new int[] {5, 8}) {
                hashes.put("chain." + states, hex(hash(y, marginals(math, arena, x, v, y, n, states))));
            }
        }
        return hashes;
    }

    /// γ of chains of three steps.
    ///
    /// @return how many numbers they are
    private static int marginals(
            CpuMath math, Arena arena, MemorySegment x, MemorySegment v, MemorySegment y, int n, int states) {
        int chains = n / (3 * states);
        MemorySegment lengths = arena.allocate(JAVA_INT, chains);
        for (int q = 0; q < chains; q++) {
            lengths.setAtIndex(JAVA_INT, q, 3 - q % 2);
        }
        ChainScores scores = new ChainScores(x, v, null, null, lengths, chains, 3, states, false);
        ChainResults results = new ChainResults(null, null, arena.allocate(JAVA_INT, chains), y, null);
        math.logPartition(scores, Form.SCALED_F32, results, 0, chains);
        return chains * 3 * states;
    }

    private static MemorySegment normals(Arena arena, int operation, int n) {
        MemorySegment x = arena.allocate(JAVA_FLOAT, n);
        CpuMath.plain().normals(x, 0, n, 1, 1, operation);
        return x;
    }

    /// 64-bit FNV-1a over words: h = (h ⊕ word) · 1099511628211. A NaN counts as 0x7fc00000.
    public static long hash(MemorySegment x, long count) {
        long hash = BASIS;
        for (long e = 0; e < count; e++) {
            hash = mix(hash, x.getAtIndex(JAVA_FLOAT, e));
        }
        return hash;
    }

    /// One more number in a hash.
    public static long mix(long hash, float x) {
        return (hash ^ Float.floatToIntBits(x) & 0xFFFFFFFFL) * 1099511628211L;
    }

    /// The start of a hash.
    public static long basis() {
        return BASIS;
    }

    /// Sixteen digits.
    public static String hex(long hash) {
        return "%016x".formatted(hash);
    }

    /// Prints the hashes of a provider, for a JVM started otherwise.
    ///
    /// @param arguments `plain` or `vectors`, how many draws, and over how many numbers the loops run
    public static void main(String[] arguments) {
        CpuMath math = arguments[0].equals("plain") ? CpuMath.plain() : vectors();
        System.out.println("provider " + math.toString().replace(' ', '_'));
        Map<String, String> hashes = draws(math, Integer.parseInt(arguments[1]));
        hashes.putAll(loops(math, Integer.parseInt(arguments[2])));
        hashes.forEach((name, hash) -> System.out.println(name + " " + hash));
    }
}
