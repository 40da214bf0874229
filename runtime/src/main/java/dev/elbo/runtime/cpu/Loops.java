package dev.elbo.runtime.cpu;

import java.util.List;
import java.util.Map;

/// What a provider consists of. Everything else is composed of these loops, once.
///
/// A function that has gradients has its loop once for its value and once for the gradient of each argument, since
/// one of them may never be asked for: first the value, then argument 1, 2, …
interface Loops {
    Map<Unary, List<Warmed<UnaryLoop>>> unaryLoops();

    Map<Binary, List<Warmed<BinaryLoop>>> binaryLoops();

    Map<Term, List<Warmed<TermLoop>>> termLoops();

    Map<RowMap, Warmed<RowLoop>> rowLoops();

    Map<DrawLoop.Kind, Warmed<DrawLoop>> drawLoops();

    Warmed<Runs> runsLoops();

    Warmed<AdamLoop> adamLoop();

    Warmed<ProductLoop> productLoop();

    Warmed<WeightedRowsLoop> weightedRowsLoop();

    Warmed<NormaliseLoop> normaliseLoop();

    /// For sums of a row.
    default TermLoop loop(Term term) {
        return termLoops().get(term).getFirst().get();
    }

    default RowLoop loop(RowMap map) {
        return rowLoops().get(map).get();
    }

    default DrawLoop loop(DrawLoop.Kind kind) {
        return drawLoops().get(kind).get();
    }

    /// For a range of so many elements in all.
    ///
    /// @param argument whose gradient; 0 for the value
    default UnaryLoop loop(Unary f, int argument, long elements) {
        return unaryLoops().get(f).get(argument).get(elements);
    }

    /// For a range of so many elements in all.
    default BinaryLoop loop(Binary f, BinaryLoop.Part part, long elements) {
        return binaryLoops().get(f).get(part.ordinal()).get(elements);
    }

    /// For a range of so many elements in all.
    ///
    /// @param argument whose gradient; 0 for the sum
    default TermLoop loop(Term term, int argument, long elements) {
        return termLoops().get(term).get(argument).get(elements);
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
