package dev.elbo.runtime.cpu;

import java.util.Map;

/// What a provider consists of. Everything else is composed of these loops, once.
interface Loops {
    Map<Unary, Warmed<UnaryLoop>> unaryLoops();

    Map<Binary, Warmed<BinaryLoop>> binaryLoops();

    Map<Term, Warmed<TermLoop>> termLoops();

    Map<RowMap, Warmed<RowLoop>> rowLoops();

    Map<DrawLoop.Kind, Warmed<DrawLoop>> drawLoops();

    Warmed<Runs> runsLoops();

    Warmed<AdamLoop> adamLoop();

    Warmed<ProductLoop> productLoop();

    Warmed<WeightedRowsLoop> weightedRowsLoop();

    Warmed<NormaliseLoop> normaliseLoop();

    default UnaryLoop loop(Unary f) {
        return unaryLoops().get(f).get();
    }

    default BinaryLoop loop(Binary f) {
        return binaryLoops().get(f).get();
    }

    default TermLoop loop(Term term) {
        return termLoops().get(term).get();
    }

    default RowLoop loop(RowMap map) {
        return rowLoops().get(map).get();
    }

    default DrawLoop loop(DrawLoop.Kind kind) {
        return drawLoops().get(kind).get();
    }

    /// For a range of so many elements in all.
    default UnaryLoop loop(Unary f, long elements) {
        return unaryLoops().get(f).get(elements);
    }

    /// For a range of so many elements in all.
    default BinaryLoop loop(Binary f, long elements) {
        return binaryLoops().get(f).get(elements);
    }

    /// For a range of so many elements in all.
    default TermLoop loop(Term term, long elements) {
        return termLoops().get(term).get(elements);
    }

    /// For a range of so many elements in all.
    default RowLoop loop(RowMap map, long elements) {
        return rowLoops().get(map).get(elements);
    }

    default Runs runs() {
        return runsLoops().get();
    }

    default ProductLoop product() {
        return productLoop().get();
    }

    default WeightedRowsLoop weightedRows() {
        return weightedRowsLoop().get();
    }

    default NormaliseLoop normaliser() {
        return normaliseLoop().get();
    }
}
