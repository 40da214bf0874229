package dev.elbo.runtime.cpu;

import java.util.Map;

/// What a provider consists of. Everything else is composed of these loops, once.
interface Loops {
    Map<Unary, UnaryLoop> unaryLoops();

    Map<Binary, BinaryLoop> binaryLoops();

    Map<Term, TermLoop> termLoops();

    Map<RowMap, RowLoop> rowLoops();

    Map<DrawLoop.Kind, DrawLoop> drawLoops();

    Runs runs();

    UpdateMath updates();

    ProductLoop product();

    default UnaryLoop loop(Unary f) {
        return unaryLoops().get(f);
    }

    default BinaryLoop loop(Binary f) {
        return binaryLoops().get(f);
    }

    default TermLoop loop(Term term) {
        return termLoops().get(term);
    }

    default RowLoop loop(RowMap map) {
        return rowLoops().get(map);
    }

    default DrawLoop loop(DrawLoop.Kind kind) {
        return drawLoops().get(kind);
    }
}
