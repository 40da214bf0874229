package dev.elbo.simulator.dnn;

import dev.elbo.simulator.shim.Host;
import java.util.HashMap;
import java.util.Map;

/// A descriptor of cuDNN's graph interface: numbered attributes, each a list, and what they amount to once finished.
final class BackendDescriptor {
    /// `cudnnBackendAttributeType_t`.
    static final int HANDLE = 0;

    static final int BOOLEAN = 2;
    static final int INT64 = 3;
    static final int FLOAT = 4;
    static final int DOUBLE = 5;
    static final int VOID_PTR = 6;
    static final int NUMERICAL_NOTE = 11;
    static final int DESCRIPTOR = 15;
    static final int BEHAVIOUR_NOTE = 19;
    private static final int CHAR = 24;

    /// Elements of an attribute, each as the 64 bits that hold it.
    record Elements(int type, long[] bits) {}

    final int kind;
    private final Map<Integer, Elements> attributes = new HashMap<>();
    private Object meaning;

    /// Whether this plan has been executed, and what it needs is loaded.
    boolean warm;

    BackendDescriptor(int kind) {
        this.kind = kind;
    }

    boolean finished() {
        return meaning != null;
    }

    /// From now on it is only read.
    ///
    /// @param amountsTo what its attributes mean
    void finish(Object amountsTo) {
        meaning = amountsTo;
    }

    /// What a finished descriptor means.
    <T> T meaning(Class<T> type) {
        if (meaning == null) throw DnnStatus.BAD_PARAM.because("descriptor is not finished; kind=" + kind);
        if (!type.isInstance(meaning)) {
            throw DnnStatus.BAD_PARAM.because(
                    "descriptor of another kind; kind=" + kind + ", wanted=" + type.getSimpleName());
        }
        return type.cast(meaning);
    }

    /// From the caller's memory.
    void set(int name, int type, long count, long from) {
        if (meaning != null) throw DnnStatus.NOT_INITIALIZED.because("descriptor is finished; kind=" + kind);
        AttributeTypes.check(name, type);
        if (count > 0 && from == 0) throw DnnStatus.BAD_PARAM_NULL_POINTER.because("no elements; attribute=" + name);
        long[] bits = new long[Math.toIntExact(count)];
        int bytes = bytes(type);
        for (int i = 0; i < bits.length; i++) {
            long at = from + (long) i * bytes;
            bits[i] = bytes == 8 ? Host.getLong(at) : bytes == 4 ? Host.getInt(at) : Host.bytes(at, 1)[0];
        }
        attributes.put(name, new Elements(type, bits));
    }

    /// Into the caller's memory.
    static void put(int type, long to, int index, long bits) {
        int bytes = bytes(type);
        if (bytes == 8) Host.putLong(to + 8L * index, bits);
        else if (bytes == 4) Host.putInt(to + 4L * index, (int) bits);
        else Host.at(to + index, 1).fill((byte) bits);
    }

    private static int bytes(int type) {
        return switch (type) {
            case HANDLE, INT64, DOUBLE, VOID_PTR, DESCRIPTOR -> 8;
            case BOOLEAN, CHAR -> 1;
            default -> 4;
        };
    }

    /// What was set, null if it was not.
    Elements elements(int name) {
        return attributes.get(name);
    }

    boolean has(int name) {
        return attributes.containsKey(name);
    }

    long[] all(int name) {
        Elements found = attributes.get(name);
        if (found == null)
            throw DnnStatus.BAD_PARAM.because("attribute is missing; kind=" + kind + ", attribute=" + name);
        return found.bits;
    }

    long one(int name) {
        long[] all = all(name);
        if (all.length != 1) throw DnnStatus.BAD_PARAM.because("one element is wanted; attribute=" + name);
        return all[0];
    }

    long one(int name, long otherwise) {
        return has(name) ? one(name) : otherwise;
    }

    /// A scalar, which callers give as float or double.
    float real(int name, float otherwise) {
        Elements found = attributes.get(name);
        if (found == null) return otherwise;
        return found.type == DOUBLE
                ? (float) Double.longBitsToDouble(found.bits[0])
                : Float.intBitsToFloat((int) found.bits[0]);
    }
}
