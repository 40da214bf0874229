package dev.elbo.runtime.cpu;

import java.lang.foreign.MemorySegment;

/// [PointwiseMath], composed of a provider's loops.
interface LoopedPointwise extends PointwiseMath, Loops {
    @Override
    default void unary(Unary f, float parameter, MemorySegment x, MemorySegment y, long from, long to) {
        loop(f, 0, to - from).forward(parameter, x, y, from, to);
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
        loop(f, 1, to - from).pullback(parameter, x, y, dy, dx, from, to, first);
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
        loop(f, BinaryLoop.Part.VALUE, to - from)
                .strided(BinaryLoop.Part.VALUE, a, aRow, aCol, b, bRow, bCol, null, y, from, to, cols, true);
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
        loop(f, part, to - from).strided(part, a, aRow, aCol, b, bRow, bCol, dy, d, from, to, cols, first);
    }

    @Override
    default void scale(float alpha, MemorySegment x, MemorySegment y, long from, long to, boolean first) {
        if (first) {
            loop(RowMap.SCALE, to - from).run(x, from, alpha, 0, y, from, to - from, true);
        } else {
            loop(RowMap.AXPY, to - from).run(x, from, y, from, alpha, 0, y, from, to - from, true);
        }
    }

    @Override
    default void fill(float value, MemorySegment y, long from, long to) {
        loop(RowMap.FILL, to - from).run(null, 0, value, 0, y, from, to - from, true);
    }

    @Override
    default void copyRows(
            MemorySegment x, int xRow, MemorySegment y, int yRow, long from, long to, int cols, boolean first) {
        RowLoop copy = loop(RowMap.COPY, (to - from) * cols);
        for (long i = from; i < to; i++) {
            copy.run(x, i * xRow, 0, 0, y, i * yRow, cols, first);
        }
    }
}
