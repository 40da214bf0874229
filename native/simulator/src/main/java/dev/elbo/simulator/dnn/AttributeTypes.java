package dev.elbo.simulator.dnn;

import static dev.elbo.simulator.dnn.BackendDescriptor.BOOLEAN;
import static dev.elbo.simulator.dnn.BackendDescriptor.DESCRIPTOR;
import static dev.elbo.simulator.dnn.BackendDescriptor.DOUBLE;
import static dev.elbo.simulator.dnn.BackendDescriptor.FLOAT;
import static dev.elbo.simulator.dnn.BackendDescriptor.HANDLE;
import static dev.elbo.simulator.dnn.BackendDescriptor.INT64;
import static dev.elbo.simulator.dnn.BackendDescriptor.VOID_PTR;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/// Which `cudnnBackendAttributeType_t` an attribute that callers set is of, by the documentation: the library refuses
/// another, though it may be as wide.
final class AttributeTypes {
    private static final int DATA_TYPE = 1;
    private static final int CONVOLUTION_MODE = 7;
    private static final int HEURISTIC_MODE = 8;
    private static final int KNOB_TYPE = 9;
    private static final int NAN_PROPAGATION = 10;
    private static final int POINTWISE_MODE = 14;

    private static final Map<Integer, Set<Integer>> ALL = new HashMap<>();

    static {
        are(Set.of(POINTWISE_MODE), 0);
        are(Set.of(DATA_TYPE), 1, 100, 901);
        are(Set.of(NAN_PROPAGATION), 2);
        are(Set.of(CONVOLUTION_MODE), 101);
        are(Set.of(HEURISTIC_MODE), 200);
        are(Set.of(KNOB_TYPE), 600);
        are(Set.of(HANDLE), 400, 800);
        are(Set.of(BOOLEAN), 907);
        are(Set.of(VOID_PTR), 1001, 1003);
        are(Set.of(INT64), 102, 103, 104, 105, 106, 601, 900, 902, 903, 906, 1000, 1301);
        are(Set.of(FLOAT, DOUBLE), 3, 4, 5, 700, 701, 706, 707, 712, 713, 754, 755);
        are(Set.of(DESCRIPTOR), 201, 300, 302, 401, 801, 1300);
        are(Set.of(DESCRIPTOR), 702, 703, 704, 705, 708, 709, 710, 711, 714, 715, 716, 717);
        are(Set.of(DESCRIPTOR), 750, 751, 752, 753, 756, 757);
    }

    private AttributeTypes() {}

    private static void are(Set<Integer> types, int... names) {
        for (int name : names) ALL.put(name, types);
    }

    /// Refuses an attribute that is none, or of another type.
    static void check(int name, int type) {
        Set<Integer> types = ALL.get(name);
        if (types == null) throw DnnStatus.BAD_PARAM.because("no such attribute, or not simulated; attribute=" + name);
        if (!types.contains(type)) {
            throw DnnStatus.BAD_PARAM.because(
                    "attribute of another type; attribute=" + name + ", type=" + type + ", wanted=" + types);
        }
    }
}
