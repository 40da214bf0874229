package dev.elbo.ffi.onednn;

import static java.lang.foreign.FunctionDescriptor.of;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.elbo.ffi.NativeException;
import dev.elbo.ffi.NativeLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// What a primitive is given beside its tensors: scratchpad, arithmetic, and what follows the sums. Checked.
final class OneDnnAttributes {
    /// In a sum: the type of the destination. Reorders refuse to be told that it is f32.
    private static final int DNNL_DATA_TYPE_UNDEF = 0;
    private static final int DNNL_SCRATCHPAD_USER = 1;

    private static final NativeLibrary LIB = OneDnn.library();

    // dnnl_status_t dnnl_primitive_attr_create(dnnl_primitive_attr_t* attr)
    private static final MethodHandle dnnl_primitive_attr_create =
            LIB.bind("dnnl_primitive_attr_create", of(JAVA_INT, ADDRESS));

    // dnnl_status_t dnnl_primitive_attr_set_scratchpad_mode(dnnl_primitive_attr_t attr, dnnl_scratchpad_mode_t mode)
    private static final MethodHandle dnnl_primitive_attr_set_scratchpad_mode =
            LIB.bind("dnnl_primitive_attr_set_scratchpad_mode", of(JAVA_INT, ADDRESS, JAVA_INT));

    // dnnl_status_t dnnl_primitive_attr_set_fpmath_mode(dnnl_primitive_attr_t attr, dnnl_fpmath_mode_t mode)
    private static final MethodHandle dnnl_primitive_attr_set_fpmath_mode =
            LIB.bind("dnnl_primitive_attr_set_fpmath_mode", of(JAVA_INT, ADDRESS, JAVA_INT));

    // dnnl_status_t dnnl_primitive_attr_set_post_ops(dnnl_primitive_attr_t attr, const_dnnl_post_ops_t post_ops)
    private static final MethodHandle dnnl_primitive_attr_set_post_ops =
            LIB.bind("dnnl_primitive_attr_set_post_ops", of(JAVA_INT, ADDRESS, ADDRESS));

    // dnnl_status_t dnnl_primitive_attr_destroy(dnnl_primitive_attr_t attr)
    private static final MethodHandle dnnl_primitive_attr_destroy =
            LIB.bind("dnnl_primitive_attr_destroy", of(JAVA_INT, ADDRESS));

    // dnnl_status_t dnnl_post_ops_create(dnnl_post_ops_t* post_ops)
    private static final MethodHandle dnnl_post_ops_create = LIB.bind("dnnl_post_ops_create", of(JAVA_INT, ADDRESS));

    // dnnl_status_t dnnl_post_ops_append_sum(dnnl_post_ops_t post_ops, float scale, int32_t zero_point,
    //         dnnl_data_type_t data_type)
    private static final MethodHandle dnnl_post_ops_append_sum =
            LIB.bind("dnnl_post_ops_append_sum", of(JAVA_INT, ADDRESS, JAVA_FLOAT, JAVA_INT, JAVA_INT));

    // dnnl_status_t dnnl_post_ops_append_eltwise(dnnl_post_ops_t post_ops, dnnl_alg_kind_t alg_kind, float alpha,
    //         float beta)
    private static final MethodHandle dnnl_post_ops_append_eltwise =
            LIB.bind("dnnl_post_ops_append_eltwise", of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_FLOAT, JAVA_FLOAT));

    // dnnl_status_t dnnl_post_ops_destroy(dnnl_post_ops_t post_ops)
    private static final MethodHandle dnnl_post_ops_destroy = LIB.bind("dnnl_post_ops_destroy", of(JAVA_INT, ADDRESS));

    private OneDnnAttributes() {}

    /// Attributes of a primitive: the caller's scratchpad, an arithmetic, and what follows the sums.
    ///
    /// The arithmetic is set even where it is the default: the variable `ONEDNN_DEFAULT_FPMATH_MODE` moves that.
    ///
    /// @param accumulate whether the result is added to what lies at the destination
    /// @param activation applied last
    static MemorySegment attributes(Arithmetic arithmetic, boolean accumulate, Activation activation, Arena owner) {
        MemorySegment attr = attrCreate(owner);
        attrSet(dnnl_primitive_attr_set_scratchpad_mode, "scratchpad_mode", attr, DNNL_SCRATCHPAD_USER);
        attrSet(dnnl_primitive_attr_set_fpmath_mode, "fpmath_mode", attr, arithmetic.ordinal());
        if (accumulate || !activation.isIdentity()) {
            MemorySegment postOps = postOpsCreate(owner);
            if (accumulate) {
                postOpsAppendSum(postOps);
            }
            if (!activation.isIdentity()) {
                postOpsAppendEltwise(postOps, activation);
            }
            attrSetPostOps(attr, postOps);
        }
        return attr;
    }

    private static MemorySegment attrCreate(Arena owner) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ADDRESS);
            int status;
            try {
                status = (int) dnnl_primitive_attr_create.invokeExact(out);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            OneDnn.check(status, "dnnl_primitive_attr_create", "");
            return OneDnn.owned(out, owner, OneDnnAttributes::attrDestroy);
        }
    }

    private static void attrSet(MethodHandle setter, String name, MemorySegment attr, int value) {
        int status;
        try {
            status = (int) setter.invokeExact(attr, value);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        OneDnn.check(status, "dnnl_primitive_attr_set_" + name, "value=" + value);
    }

    private static void attrSetPostOps(MemorySegment attr, MemorySegment postOps) {
        int status;
        try {
            status = (int) dnnl_primitive_attr_set_post_ops.invokeExact(attr, postOps);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        OneDnn.check(status, "dnnl_primitive_attr_set_post_ops", "");
    }

    private static void attrDestroy(MemorySegment attr) {
        int status;
        try {
            status = (int) dnnl_primitive_attr_destroy.invokeExact(attr);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        OneDnn.check(status, "dnnl_primitive_attr_destroy", "");
    }

    private static MemorySegment postOpsCreate(Arena owner) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ADDRESS);
            int status;
            try {
                status = (int) dnnl_post_ops_create.invokeExact(out);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            OneDnn.check(status, "dnnl_post_ops_create", "");
            return OneDnn.owned(out, owner, OneDnnAttributes::postOpsDestroy);
        }
    }

    private static void postOpsAppendSum(MemorySegment postOps) {
        int status;
        try {
            status = (int) dnnl_post_ops_append_sum.invokeExact(postOps, 1f, 0, DNNL_DATA_TYPE_UNDEF);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        OneDnn.check(status, "dnnl_post_ops_append_sum", "scale=1");
    }

    private static void postOpsAppendEltwise(MemorySegment postOps, Activation f) {
        int status;
        try {
            status = (int) dnnl_post_ops_append_eltwise.invokeExact(postOps, f.algorithm(), f.alpha(), f.beta());
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        OneDnn.check(status, "dnnl_post_ops_append_eltwise", "activation=" + f);
    }

    private static void postOpsDestroy(MemorySegment postOps) {
        int status;
        try {
            status = (int) dnnl_post_ops_destroy.invokeExact(postOps);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        OneDnn.check(status, "dnnl_post_ops_destroy", "");
    }
}
