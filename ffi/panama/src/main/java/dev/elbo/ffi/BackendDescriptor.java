package dev.elbo.ffi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// A descriptor of cuDNN's graph interface: created, given attributes, finished, and from then on read.
///
/// ```java
/// BackendDescriptor x = BackendDescriptor.of(Kind.TENSOR, owner)
///         .longs(TENSOR_DIMENSIONS, 8, 3, 32, 32)
///         …
///         .finish();
/// ```
///
/// @param kind    what it describes
/// @param pointer the library's descriptor, destroyed with its owner
record BackendDescriptor(Kind kind, MemorySegment pointer) {
    /// `cudnnBackendDescriptorType_t`.
    enum Kind {
        POINTWISE(0),
        CONVOLUTION(1),
        ENGINE(2),
        ENGINE_CONFIGURATION(3),
        HEURISTIC(4),
        PLAN(5),
        KNOB_CHOICE(7),
        CONVOLUTION_FORWARD(10),
        CONVOLUTION_FILTER_GRADIENT(11),
        CONVOLUTION_DATA_GRADIENT(12),
        POINTWISE_OPERATION(13),
        GRAPH(15),
        VARIANT_PACK(16),
        TENSOR(17);

        final int value;

        Kind(int value) {
            this.value = value;
        }
    }

    // cudnnBackendAttributeType_t; an enumeration's elements are C ints, a boolean's C bools
    static final int DATA_TYPE = 1;
    static final int CONVOLUTION_MODE = 7;
    static final int HEURISTIC_MODE = 8;
    static final int KNOB_TYPE = 9;
    static final int NAN_PROPAGATION = 10;
    static final int NUMERICAL_NOTE = 11;
    static final int POINTWISE_MODE = 14;
    private static final int HANDLE = 0;
    private static final int BOOLEAN = 2;
    private static final int INT64 = 3;
    private static final int FLOAT = 4;
    private static final int VOID_PTR = 6;
    private static final int BACKEND_DESCRIPTOR = 15;

    /// @param owner destroys the descriptor when it closes
    static BackendDescriptor of(Kind kind, Arena owner) {
        return new BackendDescriptor(kind, CuDnnBackend.createDescriptor(kind.value, owner));
    }

    /// Sets an enumeration.
    ///
    /// @param type the attribute type of the enumeration
    BackendDescriptor value(int name, int type, int value) {
        try (Arena frame = Arena.ofConfined()) {
            return set(name, type, 1, frame.allocateFrom(JAVA_INT, value));
        }
    }

    BackendDescriptor bool(int name, boolean value) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment element = frame.allocate(JAVA_BOOLEAN);
            element.set(JAVA_BOOLEAN, 0, value);
            return set(name, BOOLEAN, 1, element);
        }
    }

    BackendDescriptor longs(int name, long... values) {
        try (Arena frame = Arena.ofConfined()) {
            return set(name, INT64, values.length, frame.allocateFrom(JAVA_LONG, values));
        }
    }

    BackendDescriptor real(int name, float value) {
        try (Arena frame = Arena.ofConfined()) {
            return set(name, FLOAT, 1, frame.allocateFrom(JAVA_FLOAT, value));
        }
    }

    BackendDescriptor handle(int name, MemorySegment handle) {
        return pointers(name, HANDLE, List.of(handle));
    }

    BackendDescriptor pointers(int name, List<MemorySegment> pointers) {
        return pointers(name, VOID_PTR, pointers);
    }

    BackendDescriptor descriptor(int name, BackendDescriptor value) {
        return descriptors(name, List.of(value));
    }

    BackendDescriptor descriptors(int name, List<BackendDescriptor> values) {
        return pointers(
                name,
                BACKEND_DESCRIPTOR,
                values.stream().map(BackendDescriptor::pointer).toList());
    }

    private BackendDescriptor pointers(int name, int type, List<MemorySegment> values) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment elements = frame.allocate(ADDRESS, values.size());
            for (int i = 0; i < values.size(); i++) {
                elements.setAtIndex(JAVA_LONG, i, DevicePointer.address(values.get(i)));
            }
            return set(name, type, values.size(), elements);
        }
    }

    private BackendDescriptor set(int name, int type, long count, MemorySegment elements) {
        CuDnnBackend.setAttribute(pointer, name, type, count, elements);
        return this;
    }

    BackendDescriptor finish() {
        CuDnnBackend.finish(pointer, kind.name());
        return this;
    }

    long getLong(int name) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment element = frame.allocate(JAVA_LONG);
            CuDnnBackend.getAttribute(pointer, name, INT64, 1, element);
            return element.get(JAVA_LONG, 0);
        }
    }

    /// Elements of an enumeration.
    ///
    /// @param most how many there can be
    List<Integer> getValues(int name, int type, int most) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment elements = frame.allocate(JAVA_INT, most);
            long count = CuDnnBackend.getAttribute(pointer, name, type, most, elements);
            List<Integer> values = new ArrayList<>();
            for (long i = 0; i < count; i++) {
                values.add(elements.getAtIndex(JAVA_INT, i));
            }
            return values;
        }
    }

    /// How many descriptors this one holds. The library is known to tell that of a heuristic's results alone.
    long countDescriptors(int name) {
        return CuDnnBackend.getAttribute(pointer, name, BACKEND_DESCRIPTOR, 0, MemorySegment.NULL);
    }

    /// Descriptors this one holds. The library wants them created before it fills them in.
    ///
    /// @param of    what they describe
    /// @param count how many there are, or more
    /// @param owner destroys them when it closes
    List<BackendDescriptor> getDescriptors(int name, Kind of, long count, Arena owner) {
        List<BackendDescriptor> held = new ArrayList<>();
        if (count == 0) {
            return held;
        }
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment elements = frame.allocate(ADDRESS, count);
            for (long i = 0; i < count; i++) {
                BackendDescriptor one = of(of, owner);
                held.add(one);
                elements.setAtIndex(ADDRESS, i, one.pointer);
            }
            long filled = CuDnnBackend.getAttribute(pointer, name, BACKEND_DESCRIPTOR, count, elements);
            return held.subList(0, (int) Math.min(filled, count));
        }
    }
}
