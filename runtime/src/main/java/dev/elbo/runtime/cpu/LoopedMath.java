package dev.elbo.runtime.cpu;

import dev.elbo.runtime.portable.PortableMath;
import dev.elbo.runtime.random.Draws;
import java.util.Map;

/// A provider: its loops, and what is composed of them.
record LoopedMath(
        String name,
        Map<Unary, UnaryLoop> unaryLoops,
        Map<Binary, BinaryLoop> binaryLoops,
        Map<Term, TermLoop> termLoops,
        Map<RowMap, RowLoop> rowLoops,
        Map<DrawLoop.Kind, DrawLoop> drawLoops,
        Runs runs,
        UpdateMath updates,
        ProductLoop product,
        ChainLoop chainLoop)
        implements CpuMath,
                LoopedPointwise,
                LoopedRows,
                LoopedSoftmax,
                LoopedNoise,
                LoopedUpdates,
                LoopedProduct,
                LoopedChain {

    /// What runs without the Vector API, and what the vector loops are compared with; made when first asked for.
    static final class Plain {
        static final LoopedMath INSTANCE = plain();

        private Plain() {}
    }

    /// For machines whose launcher adds `jdk.incubator.vector`; made when first asked for, which fails where it is
    /// missing.
    static final class Vectors {
        static final LoopedMath INSTANCE = vector();

        private Vectors() {}
    }

    private static LoopedMath plain() {
        LoopCopies copies = new LoopCopies(Floats.class, PortableMath.class, Draws.class);
        return new LoopedMath(
                "plain Java",
                copies.of(Unary.class, Unary.class, PlainUnaryLoop.class, UnaryLoop.class),
                copies.of(Binary.class, Binary.class, PlainBinaryLoop.class, BinaryLoop.class),
                copies.of(Term.class, Term.class, PlainTermLoop.class, TermLoop.class),
                copies.of(RowMap.class, RowMap.class, PlainRowLoop.class, RowLoop.class),
                copies.of(DrawLoop.Kind.class, DrawLoop.Kind.class, PlainDrawLoop.class, DrawLoop.class),
                new PlainRuns(),
                new PlainUpdates(),
                new PlainProduct(),
                new PlainChainLoop());
    }

    private static LoopedMath vector() {
        LoopCopies copies = new LoopCopies(Lanes.class, VectorFunctions.class, VectorDraws.class);
        return new LoopedMath(
                "Vector API, " + Lanes.F.vectorBitSize() + " bits",
                copies.of(Unary.class, VectorUnary.class, VectorUnaryLoop.class, UnaryLoop.class),
                copies.of(Binary.class, VectorBinary.class, VectorBinaryLoop.class, BinaryLoop.class),
                copies.of(Term.class, VectorTerm.class, VectorTermLoop.class, TermLoop.class),
                copies.of(RowMap.class, VectorRowMap.class, VectorRowLoop.class, RowLoop.class),
                copies.of(DrawLoop.Kind.class, DrawLoop.Kind.class, VectorDrawLoop.class, DrawLoop.class),
                copies.of(VectorRuns.class, Runs.class),
                copies.of(VectorUpdates.class, UpdateMath.class),
                copies.of(VectorProduct.class, ProductLoop.class),
                copies.of(VectorChainLoop.class, ChainLoop.class));
    }

    @Override
    public String toString() {
        return name;
    }
}
