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

    default Runs runs() {
        return runsLoops().get();
    }

    default ProductLoop product() {
        return productLoop().get();
    }

    default NormaliseLoop normaliser() {
        return normaliseLoop().get();
    }
}
