package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Lanes.I;
import static dev.elbo.runtime.cpu.Lanes.WIDTH;
import static dev.elbo.runtime.cpu.Lanes.put;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;

/// Template of [LoopCopies]: as many Philox blocks at once as a vector has lanes, one word of each in a vector,
/// which are then dealt out in the order of their elements.
final class VectorDrawLoop implements DrawLoop {
    private static final boolean NORMALS = LoopCopies.function(MethodHandles.lookup(), Kind.class) == Kind.NORMALS;

    /// Elements of one round of the loop.
    private static final int ELEMENTS = 4 * WIDTH;

    private static final IntVector IOTA = IntVector.zero(I).addIndex(1);

    private static final VectorShuffle<Integer> LOW = VectorShuffle.makeZip(I, 0);
    private static final VectorShuffle<Integer> HIGH = VectorShuffle.makeZip(I, 1);
    private static final VectorShuffle<Long> LOW_PAIRS = VectorShuffle.makeZip(Lanes.L, 0);
    private static final VectorShuffle<Long> HIGH_PAIRS = VectorShuffle.makeZip(Lanes.L, 1);

    @Override
    public void run(MemorySegment y, long at, long element, long length, long seed, long step, int operation) {
        MemorySegment edge = Scratch.ofThread().edge();
        int block = (int) (element >>> 2);
        for (long done = -(element & 3); done < length; done += ELEMENTS) {
            IntVector c0 = IOTA.add(block);
            IntVector c1 = IntVector.broadcast(I, operation);
            IntVector c2 = IntVector.broadcast(I, (int) step);
            IntVector c3 = IntVector.broadcast(I, (int) (step >>> 32));
            int k0 = (int) seed;
            int k1 = (int) (seed >>> 32);
            for (int round = 0; round < 10; round++) {
                IntVector high0 = multiplyHigh(c0, 0xD2511F53L);
                IntVector low0 = c0.mul(0xD2511F53);
                IntVector high1 = multiplyHigh(c2, 0xCD9E8D57L);
                IntVector low1 = c2.mul(0xCD9E8D57);
                c0 = xor(xor(high1, c1), IntVector.broadcast(I, k0));
                c1 = low1;
                c2 = xor(xor(high0, c3), IntVector.broadcast(I, k1));
                c3 = low0;
                k0 += 0x9E3779B9;
                k1 += 0xBB67AE85;
            }
            if (NORMALS) {
                // Two rounds of one piece of code: written out twice, the method is too large for HotSpot's first
                // compiler, and then it may never come to the second, in which alone vectors are not boxed.
                for (int pair = 0; pair < 2; pair++) {
                    FloatVector radius = VectorDraws.radius(c0);
                    IntVector angle = c1;
                    c0 = c2;
                    c1 = c3;
                    c2 = radius.mul(VectorDraws.cosine(angle)).reinterpretAsInts();
                    c3 = radius.mul(VectorDraws.sine(angle)).reinterpretAsInts();
                }
            }
            boolean whole = done >= 0 && done + ELEMENTS <= length;
            deal(c0, c1, c2, c3, whole ? y : edge, whole ? at + done : 0);
            if (!whole) {
                long from = Math.max(done, 0);
                long to = Math.min(done + ELEMENTS, length);
                MemorySegment.copy(edge, from - done << 2, y, at + from << 2, to - from << 2);
            }
            block += WIDTH;
        }
    }

    private static IntVector xor(IntVector a, IntVector b) {
        return a.lanewise(VectorOperators.XOR, b);
    }

    /// The upper words of unsigned products: those of the even lanes, and those of the odd ones.
    private static IntVector multiplyHigh(IntVector a, long factor) {
        LongVector pairs = a.reinterpretAsLongs();
        LongVector even = pairs.and(0xFFFFFFFFL).mul(factor).lanewise(LSHR, 32);
        LongVector odd = pairs.lanewise(LSHR, 32).mul(factor).and(0xFFFFFFFF00000000L);
        return even.or(odd).reinterpretAsInts();
    }

    /// Lane j of the four vectors to elements 4 j … 4 j + 3: a transposition, by zips of words and then of pairs.
    private static void deal(IntVector c0, IntVector c1, IntVector c2, IntVector c3, MemorySegment y, long at) {
        LongVector low01 = c0.rearrange(LOW, c1).reinterpretAsLongs();
        LongVector low23 = c2.rearrange(LOW, c3).reinterpretAsLongs();
        LongVector high01 = c0.rearrange(HIGH, c1).reinterpretAsLongs();
        LongVector high23 = c2.rearrange(HIGH, c3).reinterpretAsLongs();
        put(floats(low01.rearrange(LOW_PAIRS, low23)), y, at);
        put(floats(low01.rearrange(HIGH_PAIRS, low23)), y, at + WIDTH);
        put(floats(high01.rearrange(LOW_PAIRS, high23)), y, at + 2 * WIDTH);
        put(floats(high01.rearrange(HIGH_PAIRS, high23)), y, at + 3 * WIDTH);
    }

    private static FloatVector floats(LongVector pairs) {
        return pairs.reinterpretAsInts().reinterpretAsFloats();
    }
}
