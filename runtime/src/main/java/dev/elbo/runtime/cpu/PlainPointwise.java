package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.contribute;
import static dev.elbo.runtime.cpu.Floats.get;
import static dev.elbo.runtime.cpu.Floats.put;

import java.lang.foreign.MemorySegment;
import java.util.Map;

/// [PointwiseMath] in plain Java.
interface PlainPointwise extends PointwiseMath {
    Map<Unary, UnaryLoop> UNARY = LoopCopies.of(Unary.class, PlainUnaryLoop.class, UnaryLoop.class);
    Map<Binary, BinaryLoop> BINARY = LoopCopies.of(Binary.class, PlainBinaryLoop.class, BinaryLoop.class);

    @Override
    default void unary(Unary f, float parameter, MemorySegment x, MemorySegment y, long from, long to) {
        UNARY.get(f).forward(parameter, x, y, from, to);
    }

    @Override
    default void unaryPullback(
            Unary f,
            float parameter,
            MemorySegment x,
            MemorySegment y,
            MemorySegment dy,
            MemorySegment dx,
            long from,
            long to,
            boolean first) {
        UNARY.get(f).pullback(parameter, x, y, dy, dx, from, to, first);
    }

    @Override
    default void binary(
            Binary f,
            MemorySegment a,
            int aRow,
            int aCol,
            MemorySegment b,
            int bRow,
            int bCol,
            MemorySegment y,
            long from,
            long to,
            int cols) {
        BINARY.get(f).strided(BinaryLoop.Part.VALUE, a, aRow, aCol, b, bRow, bCol, null, y, from, to, cols, true);
    }

    @Override
    default void binaryPullback(
            Binary f,
            boolean ofB,
            MemorySegment a,
            int aRow,
            int aCol,
            MemorySegment b,
            int bRow,
            int bCol,
            MemorySegment dy,
            MemorySegment d,
            long from,
            long to,
            int cols,
            boolean first) {
        BinaryLoop.Part part = ofB ? BinaryLoop.Part.GRADIENT_OF_B : BinaryLoop.Part.GRADIENT_OF_A;
        BINARY.get(f).strided(part, a, aRow, aCol, b, bRow, bCol, dy, d, from, to, cols, first);
    }

    @Override
    default void scale(float alpha, MemorySegment x, MemorySegment y, long from, long to, boolean first) {
        for (long e = from; e < to; e++) {
            put(y, e, first ? alpha * get(x, e) : Math.fma(alpha, get(x, e), get(y, e)));
        }
    }

    @Override
    default void fill(float value, MemorySegment y, long from, long to) {
        for (long e = from; e < to; e++) {
            put(y, e, value);
        }
    }

    @Override
    default void copyRows(
            MemorySegment x, int xRow, MemorySegment y, int yRow, long from, long to, int cols, boolean first) {
        for (long i = from; i < to; i++) {
            for (int j = 0; j < cols; j++) {
                contribute(y, i * yRow + j, get(x, i * xRow + j), first);
            }
        }
    }
}
