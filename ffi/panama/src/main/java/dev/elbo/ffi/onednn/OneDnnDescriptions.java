package dev.elbo.ffi.onednn;

import static java.lang.foreign.FunctionDescriptor.of;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.elbo.ffi.NativeException;
import dev.elbo.ffi.NativeLibrary;
import dev.elbo.ffi.onednn.OneDnn.Operand;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// Descriptions of primitives, from which machine code is made: products, convolutions, reorders. Checked.
final class OneDnnDescriptions {
    private static final int DNNL_FORWARD_TRAINING = 64;
    private static final int DNNL_CONVOLUTION_DIRECT = 1;
    private static final int DNNL_QUERY_IMPL_INFO_STR = 8;
    private static final int DNNL_LAST_IMPL_REACHED = 4;

    private static final NativeLibrary LIB = OneDnn.library();

    // dnnl_status_t dnnl_matmul_primitive_desc_create(dnnl_primitive_desc_t* desc, dnnl_engine_t engine,
    //         const_dnnl_memory_desc_t src, const_dnnl_memory_desc_t weights, const_dnnl_memory_desc_t bias,
    //         const_dnnl_memory_desc_t dst, const_dnnl_primitive_attr_t attr)
    private static final MethodHandle dnnl_matmul_primitive_desc_create = LIB.bind(
            "dnnl_matmul_primitive_desc_create",
            of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS));

    // dnnl_status_t dnnl_convolution_forward_primitive_desc_create(dnnl_primitive_desc_t* desc, dnnl_engine_t engine,
    //         dnnl_prop_kind_t prop_kind, dnnl_alg_kind_t alg_kind, const_dnnl_memory_desc_t src,
    //         const_dnnl_memory_desc_t weights, const_dnnl_memory_desc_t bias, const_dnnl_memory_desc_t dst,
    //         const dnnl_dims_t strides, const dnnl_dims_t dilates, const dnnl_dims_t padding_l,
    //         const dnnl_dims_t padding_r, const_dnnl_primitive_attr_t attr)
    private static final MethodHandle dnnl_convolution_forward_primitive_desc_create = LIB.bind(
            "dnnl_convolution_forward_primitive_desc_create",
            of(
                    JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS,
                    ADDRESS, ADDRESS, ADDRESS, ADDRESS));

    // dnnl_status_t dnnl_convolution_backward_data_primitive_desc_create(dnnl_primitive_desc_t* desc,
    //         dnnl_engine_t engine, dnnl_alg_kind_t alg_kind, const_dnnl_memory_desc_t diff_src,
    //         const_dnnl_memory_desc_t weights, const_dnnl_memory_desc_t diff_dst, const dnnl_dims_t strides,
    //         const dnnl_dims_t dilates, const dnnl_dims_t padding_l, const dnnl_dims_t padding_r,
    //         const_dnnl_primitive_desc_t hint_fwd, const_dnnl_primitive_attr_t attr)
    private static final MethodHandle dnnl_convolution_backward_data_primitive_desc_create = LIB.bind(
            "dnnl_convolution_backward_data_primitive_desc_create",
            of(
                    JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS,
                    ADDRESS, ADDRESS));

    // dnnl_status_t dnnl_convolution_backward_weights_primitive_desc_create(dnnl_primitive_desc_t* desc,
    //         dnnl_engine_t engine, dnnl_alg_kind_t alg_kind, const_dnnl_memory_desc_t src,
    //         const_dnnl_memory_desc_t diff_weights, const_dnnl_memory_desc_t diff_bias,
    //         const_dnnl_memory_desc_t diff_dst, const dnnl_dims_t strides, const dnnl_dims_t dilates,
    //         const dnnl_dims_t padding_l, const dnnl_dims_t padding_r, const_dnnl_primitive_desc_t hint_fwd,
    //         const_dnnl_primitive_attr_t attr)
    private static final MethodHandle dnnl_convolution_backward_weights_primitive_desc_create = LIB.bind(
            "dnnl_convolution_backward_weights_primitive_desc_create",
            of(
                    JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS,
                    ADDRESS, ADDRESS, ADDRESS));

    // dnnl_status_t dnnl_reorder_primitive_desc_create(dnnl_primitive_desc_t* desc, const_dnnl_memory_desc_t src,
    //         dnnl_engine_t src_engine, const_dnnl_memory_desc_t dst, dnnl_engine_t dst_engine,
    //         const_dnnl_primitive_attr_t attr)
    private static final MethodHandle dnnl_reorder_primitive_desc_create = LIB.bind(
            "dnnl_reorder_primitive_desc_create", of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS));

    // dnnl_status_t dnnl_primitive_desc_next_impl(dnnl_primitive_desc_t desc)
    private static final MethodHandle dnnl_primitive_desc_next_impl =
            LIB.bind("dnnl_primitive_desc_next_impl", of(JAVA_INT, ADDRESS));

    // dnnl_status_t dnnl_primitive_desc_query(const_dnnl_primitive_desc_t desc, dnnl_query_t what, int index,
    //         void* result)
    private static final MethodHandle dnnl_primitive_desc_query =
            LIB.bind("dnnl_primitive_desc_query", of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS));

    // const_dnnl_memory_desc_t dnnl_primitive_desc_query_md(const_dnnl_primitive_desc_t desc, dnnl_query_t what,
    //         int index)
    private static final MethodHandle dnnl_primitive_desc_query_md =
            LIB.bind("dnnl_primitive_desc_query_md", of(ADDRESS, ADDRESS, JAVA_INT, JAVA_INT));

    // dnnl_status_t dnnl_primitive_desc_destroy(dnnl_primitive_desc_t desc)
    private static final MethodHandle dnnl_primitive_desc_destroy =
            LIB.bind("dnnl_primitive_desc_destroy", of(JAVA_INT, ADDRESS));

    private OneDnnDescriptions() {}

    /// `dst = src · weights (+ bias)`, all matrices of two dimensions.
    ///
    /// @param bias description of (1, cols), or [MemorySegment#NULL]
    /// @param spec what a message says of the product
    static MemorySegment matmulDesc(
            MemorySegment src,
            MemorySegment weights,
            MemorySegment bias,
            MemorySegment dst,
            MemorySegment attr,
            Product.Spec spec,
            Arena owner) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ADDRESS);
            OneDnn.oneThread();
            int status;
            try {
                status = (int) dnnl_matmul_primitive_desc_create.invokeExact(
                        out, OneDnn.engine(), src, weights, bias, dst, attr);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            OneDnn.check(status, "dnnl_matmul_primitive_desc_create", spec);
            return OneDnn.owned(out, owner, OneDnnDescriptions::primitiveDescDestroy);
        }
    }

    /// The three directions of a convolution share these: images, weights, images and the windows that join them.
    ///
    /// @param src     images in
    /// @param weights of any layout, or the speed is that of oneDNN's reference loops
    /// @param bias    description of (channels out), or [MemorySegment#NULL]
    /// @param dst     images out
    record ConvolutionDesc(
            MemorySegment src, MemorySegment weights, MemorySegment bias, MemorySegment dst, Geometry geometry) {
        MemorySegment strides(Arena frame) {
            return OneDnn.dims(
                    new long[] {geometry.down().stride(), geometry.across().stride()}, frame);
        }

        /// oneDNN counts the rows left out between two taps: 0 is a plain convolution.
        MemorySegment dilates(Arena frame) {
            return OneDnn.dims(
                    new long[] {
                        geometry.down().dilation() - 1, geometry.across().dilation() - 1
                    },
                    frame);
        }

        MemorySegment before(Arena frame) {
            return OneDnn.dims(
                    new long[] {geometry.down().before(), geometry.across().before()}, frame);
        }

        MemorySegment after(Arena frame) {
            return OneDnn.dims(
                    new long[] {geometry.down().after(), geometry.across().after()}, frame);
        }
    }

    /// `dst = weights ∗ src (+ bias)`.
    static MemorySegment convolutionForwardDesc(ConvolutionDesc c, MemorySegment attr, Arena owner) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ADDRESS);
            MemorySegment strides = c.strides(frame);
            MemorySegment dilates = c.dilates(frame);
            MemorySegment before = c.before(frame);
            MemorySegment after = c.after(frame);
            OneDnn.oneThread();
            int status;
            try {
                status = (int) dnnl_convolution_forward_primitive_desc_create.invokeExact(
                        out,
                        OneDnn.engine(),
                        DNNL_FORWARD_TRAINING,
                        DNNL_CONVOLUTION_DIRECT,
                        c.src,
                        c.weights,
                        c.bias,
                        c.dst,
                        strides,
                        dilates,
                        before,
                        after,
                        attr);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            OneDnn.check(status, "dnnl_convolution_forward_primitive_desc_create", c.geometry);
            return OneDnn.owned(out, owner, OneDnnDescriptions::primitiveDescDestroy);
        }
    }

    /// `diff_src = weightsᵀ ∗ diff_dst`; reads no bias.
    ///
    /// @param forward the description of the forward pass, borrowed
    static MemorySegment convolutionBackwardDataDesc(
            ConvolutionDesc c, MemorySegment forward, MemorySegment attr, Arena owner) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ADDRESS);
            MemorySegment strides = c.strides(frame);
            MemorySegment dilates = c.dilates(frame);
            MemorySegment before = c.before(frame);
            MemorySegment after = c.after(frame);
            OneDnn.oneThread();
            int status;
            try {
                status = (int) dnnl_convolution_backward_data_primitive_desc_create.invokeExact(
                        out,
                        OneDnn.engine(),
                        DNNL_CONVOLUTION_DIRECT,
                        c.src,
                        c.weights,
                        c.dst,
                        strides,
                        dilates,
                        before,
                        after,
                        forward,
                        attr);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            OneDnn.check(status, "dnnl_convolution_backward_data_primitive_desc_create", c.geometry);
            return OneDnn.owned(out, owner, OneDnnDescriptions::primitiveDescDestroy);
        }
    }

    /// `diff_weights = src ∗ diff_dst`, `diff_bias = Σ diff_dst` where a bias is described.
    ///
    /// @param forward the description of the forward pass, borrowed
    static MemorySegment convolutionBackwardWeightsDesc(
            ConvolutionDesc c, MemorySegment forward, MemorySegment attr, Arena owner) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ADDRESS);
            MemorySegment strides = c.strides(frame);
            MemorySegment dilates = c.dilates(frame);
            MemorySegment before = c.before(frame);
            MemorySegment after = c.after(frame);
            OneDnn.oneThread();
            int status;
            try {
                status = (int) dnnl_convolution_backward_weights_primitive_desc_create.invokeExact(
                        out,
                        OneDnn.engine(),
                        DNNL_CONVOLUTION_DIRECT,
                        c.src,
                        c.weights,
                        c.bias,
                        c.dst,
                        strides,
                        dilates,
                        before,
                        after,
                        forward,
                        attr);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            OneDnn.check(status, "dnnl_convolution_backward_weights_primitive_desc_create", c.geometry);
            return OneDnn.owned(out, owner, OneDnnDescriptions::primitiveDescDestroy);
        }
    }

    /// `dst = src`, in another layout.
    static MemorySegment reorderDesc(MemorySegment src, MemorySegment dst, MemorySegment attr, Arena owner) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ADDRESS);
            OneDnn.oneThread();
            int status;
            try {
                status = (int) dnnl_reorder_primitive_desc_create.invokeExact(
                        out, src, OneDnn.engine(), dst, OneDnn.engine(), attr);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            OneDnn.check(status, "dnnl_reorder_primitive_desc_create", "");
            return OneDnn.owned(out, owner, OneDnnDescriptions::primitiveDescDestroy);
        }
    }

    /// Moves a description on to the next implementation of it.
    ///
    /// @return false when there is none; the description is unusable then
    static boolean nextImplementation(MemorySegment desc) {
        OneDnn.oneThread();
        int status;
        try {
            status = (int) dnnl_primitive_desc_next_impl.invokeExact(desc);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status == DNNL_LAST_IMPL_REACHED) {
            return false;
        }
        OneDnn.check(status, "dnnl_primitive_desc_next_impl", "");
        return true;
    }

    /// oneDNN's name of the implementation, such as `brg_matmul:avx512_core`.
    static String implementation(MemorySegment desc) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ADDRESS);
            int status;
            try {
                status = (int) dnnl_primitive_desc_query.invokeExact(desc, DNNL_QUERY_IMPL_INFO_STR, 0, out);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            OneDnn.check(status, "dnnl_primitive_desc_query", "what=impl_info_str");
            return out.get(ADDRESS, 0).reinterpret(Long.MAX_VALUE).getString(0);
        }
    }

    /// The layout a primitive chose for one of its tensors; lives as long as `desc`.
    ///
    static MemorySegment layout(MemorySegment desc, Operand operand) {
        try {
            return (MemorySegment) dnnl_primitive_desc_query_md.invokeExact(desc, operand.query, operand.index);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
    }

    private static void primitiveDescDestroy(MemorySegment desc) {
        int status;
        try {
            status = (int) dnnl_primitive_desc_destroy.invokeExact(desc);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        OneDnn.check(status, "dnnl_primitive_desc_destroy", "");
    }
}
