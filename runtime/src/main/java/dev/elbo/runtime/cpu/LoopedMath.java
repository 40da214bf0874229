package dev.elbo.runtime.cpu;

import dev.elbo.runtime.portable.PortableMath;
import dev.elbo.runtime.random.Draws;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.ObjIntConsumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/// A provider: its loops, and what is composed of them.
record LoopedMath(
        String name,
        Map<Unary, List<Warmed<UnaryLoop>>> unaryLoops,
        Map<Binary, List<Warmed<BinaryLoop>>> binaryLoops,
        Map<Term, List<Warmed<TermLoop>>> termLoops,
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

    /// A value, and the gradients of up to three arguments.
    private static final int PARTS = 4;

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
                parts(always(copies.of(Unary.class, Unary.class, PlainUnaryLoop.class, UnaryLoop.class))),
                parts(always(copies.of(Binary.class, Binary.class, PlainBinaryLoop.class, BinaryLoop.class))),
                parts(always(copies.of(Term.class, Term.class, PlainTermLoop.class, TermLoop.class))),
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
                parts(always(copies.of(Unary.class, VectorUnary.class, VectorUnaryLoop.class, UnaryLoop.class))),
                parts(always(copies.of(Binary.class, VectorBinary.class, VectorBinaryLoop.class, BinaryLoop.class))),
                parts(always(copies.of(Term.class, VectorTerm.class, VectorTermLoop.class, TermLoop.class))),
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
                warmedParts(plain.unaryLoops, vectors.unaryLoops, exercise::unary),
                warmedParts(plain.binaryLoops, vectors.binaryLoops, exercise::binary),
                warmedParts(plain.termLoops, vectors.termLoops, exercise::term),
                warmed(plain.rowLoops, vectors.rowLoops, exercise::row),
                warmed(plain.drawLoops, vectors.drawLoops, exercise::draw),
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

    /// One loop for the value and all gradients.
    private static <K extends Enum<K>, L> Map<K, List<Warmed<L>>> parts(Map<K, Warmed<L>> loops) {
        Map<K, List<Warmed<L>>> table =
                new EnumMap<>(loops.keySet().iterator().next().getDeclaringClass());
        loops.forEach((key, loop) -> table.put(key, Collections.nCopies(PARTS, loop)));
        return table;
    }

    private static <K extends Enum<K>, L> Map<K, Warmed<L>> warmed(
            Map<K, Warmed<L>> plain, Map<K, Warmed<L>> vectors, Consumer<L> exercise) {
        Map<K, Warmed<L>> table = new EnumMap<>(plain);
        table.replaceAll((key, loop) -> Warmed.of(loop::get, vectors.get(key)::get, exercise));
        return table;
    }

    /// @param exercise of a loop for one part
    private static <K extends Enum<K>, L> Map<K, List<Warmed<L>>> warmedParts(
            Map<K, List<Warmed<L>>> plain, Map<K, List<Warmed<L>>> vectors, ObjIntConsumer<L> exercise) {
        Map<K, List<Warmed<L>>> table = new EnumMap<>(plain);
        table.replaceAll((key, loops) -> IntStream.range(0, PARTS)
                .mapToObj(part -> Warmed.of(
                        loops.get(part)::get, vectors.get(key).get(part)::get, (L loop) -> exercise.accept(loop, part)))
                .toList());
        return table;
    }

    @Override
    public String toString() {
        return name;
    }
}
