package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Lanes.I;
import static dev.elbo.runtime.cpu.Lanes.WIDTH;
import static dev.elbo.runtime.cpu.Lanes.put;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.XOR;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;

/// Template of [LoopCopies]: as many Philox blocks at once as a vector has lanes, one word of each in a vector. A
/// batch of them goes through memory from one small loop to the next, since one large loop is more than the
/// compilers take.
final class VectorDrawLoop implements DrawLoop {
    private static final boolean NORMALS = LoopCopies.function(MethodHandles.lookup(), Kind.class) == Kind.NORMALS;

    /// Vectors of blocks in a batch: four kilobytes of words at 512 bits.
    private static final int BATCH = 16;

    /// Elements that a vector of blocks draws, and its words in memory.
    private static final int ELEMENTS = 4 * WIDTH;

    private static final IntVector IOTA = IntVector.zero(I).addIndex(1);

    /// Which lanes of two vectors, the second counted on from the first, a zip of their halves takes: one by one,
    /// and by pairs.
    private static final IntVector LOW = zip(1, 0);

    private static final IntVector HIGH = zip(1, WIDTH / 2);
    private static final IntVector LOW_PAIRS = zip(2, 0);
    private static final IntVector HIGH_PAIRS = zip(2, WIDTH / 2);

    private static IntVector zip(int group, int start) {
        int[] lanes = new int[WIDTH];
        for (int i = 0; i < WIDTH; i++) {
            int vector = i / group % 2;
            lanes[i] = vector * WIDTH + start + i / (2 * group) * group + i % group;
        }
        return IntVector.fromArray(I, lanes, 0);
    }

    @Override
    public void run(MemorySegment y, long at, long element, long length, long seed, long step, int operation) {
        Scratch scratch = Scratch.ofThread();
        int[] words = scratch.batch(BATCH * ELEMENTS);
        int block = (int) (element >>> 2);
        for (long done = -(element & 3); done < length; done += BATCH * ELEMENTS) {
            int count = (int) Math.min(BATCH, (length - done + ELEMENTS - 1) / ELEMENTS);
            philox(words, count, block, seed, step, operation);
            if (NORMALS) {
                normals(words, 2 * count);
            }
            for (int i = 0; i < count; i++) {
                long from = done + (long) i * ELEMENTS;
                if (from >= 0 && from + ELEMENTS <= length) {
                    deal(words, i * ELEMENTS, y, at + from);
                } else {
                    deal(words, i * ELEMENTS, scratch.edge(), 0);
                    long begin = Math.max(from, 0);
                    long end = Math.min(from + ELEMENTS, length);
                    MemorySegment.copy(scratch.edge(), begin - from << 2, y, at + begin << 2, end - begin << 2);
                }
            }
            block += BATCH * WIDTH;
        }
    }

    /// The words of `count` vectors of blocks: four vectors for each.
    private void philox(int[] words, int count, int block, long seed, long step, int operation) {
        for (int i = 0; i < count; i++) {
            IntVector c0 = IOTA.add(block + i * WIDTH);
            IntVector c1 = IntVector.broadcast(I, operation);
            IntVector c2 = IntVector.broadcast(I, (int) step);
            IntVector c3 = IntVector.broadcast(I, (int) (step >>> 32));
            int k0 = (int) seed;
            int k1 = (int) (seed >>> 32);
            for (int round = 0; round < 10; round++) {
                IntVector high0 = multiplyHigh(c0, 0xD2511F53L);
                IntVector high1 = multiplyHigh(c2, 0xCD9E8D57L);
                IntVector next0 = high1.lanewise(XOR, c1).lanewise(XOR, k0);
                IntVector next2 = high0.lanewise(XOR, c3).lanewise(XOR, k1);
                c1 = c2.mul(0xCD9E8D57);
                c3 = c0.mul(0xD2511F53);
                c0 = next0;
                c2 = next2;
                k0 += 0x9E3779B9;
                k1 += 0xBB67AE85;
            }
            c0.intoArray(words, i * ELEMENTS);
            c1.intoArray(words, i * ELEMENTS + WIDTH);
            c2.intoArray(words, i * ELEMENTS + 2 * WIDTH);
            c3.intoArray(words, i * ELEMENTS + 3 * WIDTH);
        }
    }

    /// The upper words of unsigned products: those of the even lanes, and those of the odd ones.
    private static IntVector multiplyHigh(IntVector a, long factor) {
        LongVector pairs = a.reinterpretAsLongs();
        LongVector even = pairs.and(0xFFFFFFFFL).mul(factor).lanewise(LSHR, 32);
        LongVector odd = pairs.lanewise(LSHR, 32).mul(factor).and(0xFFFFFFFF00000000L);
        return even.or(odd).reinterpretAsInts();
    }

    /// Turns pairs of vectors of words into pairs of vectors of normals.
    private void normals(int[] words, int pairs) {
        for (int i = 0; i < pairs; i++) {
            int first = 2 * i * WIDTH;
            IntVector turn = IntVector.fromArray(I, words, first + WIDTH);
            FloatVector radius = VectorDraws.radius(IntVector.fromArray(I, words, first));
            radius.mul(VectorDraws.cosine(turn)).reinterpretAsInts().intoArray(words, first);
            radius.mul(VectorDraws.sine(turn)).reinterpretAsInts().intoArray(words, first + WIDTH);
        }
    }

    /// Lane j of four vectors to elements 4 j … 4 j + 3: a transposition, by zips of words and then of pairs.
    private void deal(int[] words, int from, MemorySegment y, long at) {
        IntVector c0 = IntVector.fromArray(I, words, from);
        IntVector c1 = IntVector.fromArray(I, words, from + WIDTH);
        IntVector c2 = IntVector.fromArray(I, words, from + 2 * WIDTH);
        IntVector c3 = IntVector.fromArray(I, words, from + 3 * WIDTH);
        IntVector low01 = LOW.selectFrom(c0, c1);
        IntVector low23 = LOW.selectFrom(c2, c3);
        IntVector high01 = HIGH.selectFrom(c0, c1);
        IntVector high23 = HIGH.selectFrom(c2, c3);
        put(LOW_PAIRS.selectFrom(low01, low23).reinterpretAsFloats(), y, at);
        put(HIGH_PAIRS.selectFrom(low01, low23).reinterpretAsFloats(), y, at + WIDTH);
        put(LOW_PAIRS.selectFrom(high01, high23).reinterpretAsFloats(), y, at + 2 * WIDTH);
        put(HIGH_PAIRS.selectFrom(high01, high23).reinterpretAsFloats(), y, at + 3 * WIDTH);
    }
}
