package dev.elbo.runtime.cpu;

import dev.elbo.runtime.portable.PortableMath;
import dev.elbo.runtime.random.Draws;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/// A provider: its loops, and what is composed of them.
record LoopedMath(
        String name,
        Map<Unary, Warmed<UnaryLoop>> unaryLoops,
        Map<Binary, Warmed<BinaryLoop>> binaryLoops,
        Map<Term, Warmed<TermLoop>> termLoops,
        Map<RowMap, Warmed<RowLoop>> rowLoops,
        Map<DrawLoop.Kind, Warmed<DrawLoop>> drawLoops,
        Warmed<Runs> runsLoops,
        Warmed<AdamLoop> adamLoop,
        Warmed<ProductLoop> productLoop,
        Warmed<WeightedRowsLoop> weightedRowsLoop,
        Warmed<NormaliseLoop> normaliseLoop,
        Warmed<ChainLoop> chainLoops,
        Warmed<StepLoop> stepLoops)
        implements CpuMath,
                LoopedPointwise,
                LoopedRows,
                LoopedSoftmax,
                LoopedNoise,
                LoopedFactor,
                LoopedUpdates,
                LoopedProduct,
                LoopedSparse,
                LoopedConvolution,
                LoopedNormalise,
                LoopedChain {

    /// What runs without the Vector API, and what the vector loops are compared with; made when first asked for.
    static final class Plain {
        static final LoopedMath INSTANCE = plain();

        private Plain() {}
    }

    /// For machines whose launcher adds `jdk.incubator.vector`; made when first asked for, which fails where it is
    /// missing.
    static final class Vectors {
        static final LoopedMath INSTANCE = vectors();

        private Vectors() {}
    }

    /// Each loop plain until its vector twin is compiled.
    static final class Best {
        static final LoopedMath INSTANCE = best(Plain.INSTANCE, Vectors.INSTANCE);

        private Best() {}
    }

    private static LoopedMath plain() {
        LoopCopies copies = new LoopCopies(Floats.class, PortableMath.class, Draws.class);
        return new LoopedMath(
                "plain Java",
                always(copies.of(Unary.class, Unary.class, PlainUnaryLoop.class, UnaryLoop.class)),
                always(copies.of(Binary.class, Binary.class, PlainBinaryLoop.class, BinaryLoop.class)),
                always(copies.of(Term.class, Term.class, PlainTermLoop.class, TermLoop.class)),
                always(copies.of(RowMap.class, RowMap.class, PlainRowLoop.class, RowLoop.class)),
                always(copies.of(DrawLoop.Kind.class, DrawLoop.Kind.class, PlainDrawLoop.class, DrawLoop.class)),
                Warmed.always(PlainRuns::new),
                Warmed.always(PlainAdamLoop::new),
                Warmed.always(PlainProduct::new),
                Warmed.always(PlainWeightedRows::new),
                Warmed.always(PlainNormalise::new),
                Warmed.always(PlainChainLoop::new),
                Warmed.always(PlainStepLoop::new));
    }

    private static LoopedMath vectors() {
        LoopCopies copies =
                new LoopCopies(Lanes.class, VectorFunctions.class, VectorTranspose.class, VectorDraws.class);
        return new LoopedMath(
                "Vector API, " + Lanes.F.vectorBitSize() + " bits",
                always(copies.of(Unary.class, VectorUnary.class, VectorUnaryLoop.class, UnaryLoop.class)),
                always(copies.of(Binary.class, VectorBinary.class, VectorBinaryLoop.class, BinaryLoop.class)),
                always(copies.of(Term.class, VectorTerm.class, VectorTermLoop.class, TermLoop.class)),
                always(copies.of(RowMap.class, VectorRowMap.class, VectorRowLoop.class, RowLoop.class)),
                always(copies.of(DrawLoop.Kind.class, DrawLoop.Kind.class, VectorDrawLoop.class, DrawLoop.class)),
                Warmed.always(copies.of(VectorRuns.class, Runs.class)),
                Warmed.always(copies.of(VectorAdamLoop.class, AdamLoop.class)),
                Warmed.always(copies.of(VectorProduct.class, ProductLoop.class)),
                Warmed.always(copies.of(VectorWeightedRows.class, WeightedRowsLoop.class)),
                Warmed.always(copies.of(VectorNormalise.class, NormaliseLoop.class)),
                Warmed.always(copies.of(VectorChainLoop.class, ChainLoop.class)),
                Warmed.always(copies.of(VectorStepLoop.class, StepLoop.class)));
    }

    private static LoopedMath best(LoopedMath plain, LoopedMath vectors) {
        Exercise exercise = new Exercise(); // used by the one thread that warms
        return new LoopedMath(
                vectors.name,
                warmed(plain.unaryLoops, vectors.unaryLoops, (_, loop) -> exercise.unary(loop)),
                warmed(plain.binaryLoops, vectors.binaryLoops, (_, loop) -> exercise.binary(loop)),
                warmed(plain.termLoops, vectors.termLoops, exercise::term),
                warmed(plain.rowLoops, vectors.rowLoops, (_, loop) -> exercise.row(loop)),
                warmed(plain.drawLoops, vectors.drawLoops, (_, loop) -> exercise.draw(loop)),
                Warmed.of(plain::runs, vectors::runs, exercise::runs),
                Warmed.of(plain.adamLoop::get, vectors.adamLoop::get, exercise::adam),
                Warmed.of(plain::product, vectors::product, exercise::product),
                Warmed.of(plain::weightedRows, vectors::weightedRows, exercise::weightedRows),
                Warmed.of(plain::normaliser, vectors::normaliser, exercise::normaliser),
                vectors.chainLoops,
                vectors.stepLoops);
    }

    private static <K extends Enum<K>, L> Map<K, Warmed<L>> always(Map<K, Supplier<L>> copies) {
        Map<K, Warmed<L>> table =
                new EnumMap<>(copies.keySet().iterator().next().getDeclaringClass());
        copies.forEach((key, copy) -> table.put(key, Warmed.always(copy)));
        return table;
    }

    private static <K extends Enum<K>, L> Map<K, Warmed<L>> warmed(
            Map<K, Warmed<L>> plain, Map<K, Warmed<L>> vectors, BiConsumer<K, L> exercise) {
        Map<K, Warmed<L>> table = new EnumMap<>(plain);
        table.replaceAll(
                (key, loop) -> Warmed.of(loop::get, vectors.get(key)::get, each -> exercise.accept(key, each)));
        return table;
    }

    @Override
    public String toString() {
        return name;
    }
}
