package dev.elbo.simulator.dnn;

import dev.elbo.simulator.dnn.Convolution.Manner;
import java.util.Arrays;
import java.util.List;

/// Something that computes operation graphs, as the library offers several.
///
/// Each sums in its own order or rounds in its own way, so that a program which does not keep to the engine it chose
/// gets other bits.
///
/// @param index     what the library calls it
/// @param notes     `cudnnBackendNumericalNote_t`
/// @param fallback  whether only the fallback list names it
/// @param scratch   whether it needs a workspace as large as the result
/// @param fuses     whether it takes more than one operation
/// @param alone     whether it takes one operation by itself
/// @param compiles  whether its code is made when its plan is
record Engine(
        int index,
        List<Integer> notes,
        boolean fallback,
        boolean scratch,
        boolean fuses,
        boolean alone,
        boolean compiles) {
    private static final int TENSOR_CORE = 0;
    private static final int DOWN_CONVERT_INPUTS = 1;
    private static final int NONDETERMINISTIC = 4;

    /// The engine that is offered for everything and takes nothing.
    private static final int BOASTER = 7;

    /// The favourite first.
    private static final List<Engine> ALL = List.of(
            new Engine(12, List.of(TENSOR_CORE, DOWN_CONVERT_INPUTS), false, false, true, true, false),
            new Engine(5, List.of(NONDETERMINISTIC), false, true, false, true, false),
            new Engine(BOASTER, List.of(), false, false, true, true, true),
            new Engine(3, List.of(), false, true, true, true, true),
            new Engine(0, List.of(), true, false, false, true, false));

    /// The engines of a heuristic mode.
    static List<Engine> of(OperationGraph graph, boolean fallback) {
        if (graph.fusesSigmoid()) return List.of();
        return ALL.stream()
                .filter(each -> each.fallback == fallback)
                .filter(each -> graph.fused() ? each.fuses : each.alone)
                .toList();
    }

    /// @throws dev.elbo.simulator.shim.Failure BAD_PARAM if there is no such engine for a graph
    static Engine of(OperationGraph graph, long index) {
        return ALL.stream()
                .filter(each -> each.index == index && (graph.fused() ? each.fuses : each.alone))
                .findFirst()
                .orElseThrow(() -> DnnStatus.NOT_SUPPORTED.because("no such engine for this graph; engine=" + index));
    }

    /// @param capability of the device, 10 · major + minor
    /// @throws dev.elbo.simulator.shim.Failure NOT_SUPPORTED if it turns out not to take the graph
    void accept(OperationGraph graph, int capability) {
        if (index == BOASTER)
            throw DnnStatus.NOT_SUPPORTED.because("the engine does not take the graph; engine=" + index);
        boolean aligned = graph.bound().stream()
                .allMatch(tensor -> tensor.alignment() >= tensor.shape().type().bytes());
        if (!aligned) throw DnnStatus.NOT_SUPPORTED.because("tensors are not aligned to their numbers");
        boolean oneType = graph.bound().stream()
                        .map(tensor -> tensor.shape().type())
                        .distinct()
                        .count()
                == 1;
        for (Operation each : graph.operations()) {
            if (each instanceof Operation.Convolving convolving) convolving.checkTypes(capability);
            // Only what is compiled for a graph knows tensors of two types, and that does not add into its result.
            if (!oneType && (!compiles || each.beta() != 0)) {
                throw DnnStatus.NOT_SUPPORTED.because("tensors of two types; engine=" + index);
            }
        }
    }

    long workspace(OperationGraph graph) {
        return scratch ? graph.resultBytes() : 0;
    }

    boolean has(int note) {
        return notes.contains(note);
    }

    /// How it makes its sums. The nondeterministic one does it another way each time.
    Manner manner(long run) {
        boolean reverse = has(NONDETERMINISTIC) ? run % 2 == 0 : index == 3;
        return new Manner(has(DOWN_CONVERT_INPUTS), reverse);
    }

    /// The knob that its configurations have: a type and a value, empty if it has none.
    long[] knob() {
        return index == 3 ? new long[] {2, 1} : new long[0];
    }

    @Override
    public String toString() {
        return "engine " + index + " notes " + Arrays.toString(notes.toArray());
    }
}
