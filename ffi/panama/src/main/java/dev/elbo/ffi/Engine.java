package dev.elbo.ffi;

import dev.elbo.ffi.BackendDescriptor.Kind;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// An engine of cuDNN's graph interface with its knobs set: what stays the same from process to process.
///
/// @param index which engine
/// @param knobs its settings, in the library's order
/// @param notes `cudnnBackendNumericalNote_t` of the engine; empty when the engine comes from a name
record Engine(long index, List<Knob> knobs, List<Integer> notes) {
    /// @param type  `cudnnBackendKnobType_t`
    /// @param value its setting
    record Knob(int type, long value) {}

    private static final int NOTE_TENSOR_CORE = 0;
    private static final int NOTE_DOWN_CONVERT_INPUTS = 1;
    private static final int NOTE_REDUCED_PRECISION_REDUCTION = 2;
    private static final int NOTE_NONDETERMINISTIC = 4;
    /// More than `CUDNN_NUMERICAL_NOTE_TYPE_COUNT`.
    private static final int MOST_NOTES = 32;

    /// More than `CUDNN_KNOB_TYPE_COUNTS`.
    private static final int MOST_KNOBS = 64;

    private static final Pattern NAME = Pattern.compile("engine (\\d{1,18}) knobs((?: \\d{1,9}:-?\\d{1,18})*)");

    /// Reads an engine configuration that a heuristic returned.
    static Engine of(BackendDescriptor configuration, Arena frame) {
        BackendDescriptor engine = configuration
                .getDescriptors(Attribute.CONFIGURATION_ENGINE, Kind.ENGINE, 1, frame)
                .getFirst();
        List<Knob> knobs = new ArrayList<>();
        for (BackendDescriptor choice :
                configuration.getDescriptors(Attribute.CONFIGURATION_KNOBS, Kind.KNOB_CHOICE, MOST_KNOBS, frame)) {
            int type = choice.getValues(Attribute.KNOB_TYPE, BackendDescriptor.KNOB_TYPE, 1)
                    .getFirst();
            knobs.add(new Knob(type, choice.getLong(Attribute.KNOB_VALUE)));
        }
        return new Engine(
                engine.getLong(Attribute.ENGINE_INDEX),
                knobs,
                engine.getValues(Attribute.ENGINE_NUMERICAL_NOTES, BackendDescriptor.NUMERICAL_NOTE, MOST_NOTES));
    }

    /// Whether the engine computes the same bits each time and keeps `precision`.
    boolean fits(Precision precision) {
        if (notes.contains(NOTE_NONDETERMINISTIC) || notes.contains(NOTE_REDUCED_PRECISION_REDUCTION)) {
            return false;
        }
        return precision != Precision.FP32
                || !notes.contains(NOTE_TENSOR_CORE) && !notes.contains(NOTE_DOWN_CONVERT_INPUTS);
    }

    /// The same engine and knobs for `graph`.
    BackendDescriptor configuration(BackendDescriptor graph, Arena owner) {
        BackendDescriptor engine = BackendDescriptor.of(Kind.ENGINE, owner)
                .descriptor(Attribute.ENGINE_GRAPH, graph)
                .longs(Attribute.ENGINE_INDEX, index)
                .finish();
        BackendDescriptor configuration = BackendDescriptor.of(Kind.ENGINE_CONFIGURATION, owner)
                .descriptor(Attribute.CONFIGURATION_ENGINE, engine);
        if (!knobs.isEmpty()) {
            configuration.descriptors(
                    Attribute.CONFIGURATION_KNOBS,
                    knobs.stream().map(knob -> choice(knob, owner)).toList());
        }
        return configuration.finish();
    }

    private static BackendDescriptor choice(Knob knob, Arena owner) {
        return BackendDescriptor.of(Kind.KNOB_CHOICE, owner)
                .value(Attribute.KNOB_TYPE, BackendDescriptor.KNOB_TYPE, knob.type)
                .longs(Attribute.KNOB_VALUE, knob.value)
                .finish();
    }

    /// `engine 34 knobs 2:1 5:3`.
    String name() {
        return "engine " + index + " knobs"
                + knobs.stream().map(k -> " " + k.type + ":" + k.value).collect(Collectors.joining());
    }

    static boolean names(ConvolutionAlgorithm algorithm) {
        return NAME.matcher(algorithm.name()).matches();
    }

    /// The engine that a [#name] means.
    static Engine parse(ConvolutionAlgorithm named) {
        Matcher parts = NAME.matcher(named.name());
        if (!parts.matches()) {
            throw new IllegalArgumentException("convolution: not an engine; name=" + named.name());
        }
        List<Knob> knobs = new ArrayList<>();
        for (String knob : parts.group(2).strip().split(" ")) {
            if (!knob.isEmpty()) {
                String[] pair = knob.split(":");
                knobs.add(new Knob(Integer.parseInt(pair[0]), Long.parseLong(pair[1])));
            }
        }
        return new Engine(Long.parseLong(parts.group(1)), knobs, List.of());
    }
}
