package dev.elbo.ffi.onednn;

import static java.lang.foreign.FunctionDescriptor.of;
import static java.lang.foreign.FunctionDescriptor.ofVoid;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.elbo.ffi.NativeException;
import dev.elbo.ffi.NativeLibrary;
import dev.elbo.ffi.Report;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.function.Consumer;

/// The C functions of oneDNN 3 that Elbo calls, checked.
///
/// Every object oneDNN hands out is an opaque pointer: a segment of length 0 here, destroyed by the arena called
/// `owner`. There is one engine and one stream, both the CPU's; a CPU stream holds no state and every call has ended
/// when it returns.
///
/// Each calling thread is set to one OpenMP thread before a primitive is made and before it is run, because oneDNN cuts
/// its work by the number of threads it sees at both moments, and with it the order of its sums. The setting belongs to
/// the calling thread and stays: a thread that comes through here has one OpenMP thread from then on.
///
/// Enum values and layouts are those of the headers of oneDNN 3.11 and 3.13, which agree.
public final class OneDnn {
    /// The most dimensions of a tensor; C reads arrays of this length.
    private static final int DNNL_MAX_NDIMS = 12;

    /// In a sum: the type of the destination. Reorders refuse to be told that it is f32.
    private static final int DNNL_DATA_TYPE_UNDEF = 0;

    private static final int DNNL_F32 = 3;
    private static final int DNNL_CPU = 1;
    private static final int DNNL_IN_ORDER = 1;
    private static final int DNNL_FORMAT_TAG_ANY = 1;
    private static final int DNNL_SCRATCHPAD_USER = 1;
    private static final int DNNL_FORWARD_TRAINING = 64;
    private static final int DNNL_CONVOLUTION_DIRECT = 1;
    private static final int DNNL_QUERY_IMPL_INFO_STR = 8;
    private static final int DNNL_LAST_IMPL_REACHED = 4;

    /// A tensor of a primitive: `DNNL_ARG_…` when the primitive runs, `dnnl_query_…_md` and an index for its layout.
    enum Operand {
        SRC(1, 129, 0),
        WEIGHTS(33, 131, 0),
        BIAS(41, 131, 1),
        DST(17, 133, 0),
        DIFF_SRC(129, 130, 0),
        DIFF_WEIGHTS(161, 132, 0),
        DIFF_BIAS(169, 132, 1),
        DIFF_DST(145, 134, 0),
        SCRATCHPAD(80, 136, 0);

        private final int argument;
        private final int query;
        private final int index;

        Operand(int argument, int query, int index) {
            this.argument = argument;
            this.query = query;
            this.index = index;
        }

        int argument() {
            return argument;
        }
    }

    private static final NativeLibrary LIB = OneDnnLibrary.find();

    // dnnl_status_t dnnl_engine_create(dnnl_engine_t* engine, dnnl_engine_kind_t kind, size_t index)
    private static final MethodHandle dnnl_engine_create =
            LIB.bind("dnnl_engine_create", of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG));

    // dnnl_status_t dnnl_stream_create(dnnl_stream_t* stream, dnnl_engine_t engine, unsigned flags)
    private static final MethodHandle dnnl_stream_create =
            LIB.bind("dnnl_stream_create", of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT));

    // dnnl_status_t dnnl_memory_desc_create_with_strides(dnnl_memory_desc_t* desc, int ndims, const dnnl_dims_t dims,
    //         dnnl_data_type_t data_type, const dnnl_dims_t strides)
    private static final MethodHandle dnnl_memory_desc_create_with_strides = LIB.bind(
            "dnnl_memory_desc_create_with_strides", of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS));

    // dnnl_status_t dnnl_memory_desc_create_with_tag(dnnl_memory_desc_t* desc, int ndims, const dnnl_dims_t dims,
    //         dnnl_data_type_t data_type, dnnl_format_tag_t tag)
    private static final MethodHandle dnnl_memory_desc_create_with_tag =
            LIB.bind("dnnl_memory_desc_create_with_tag", of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));

    // size_t dnnl_memory_desc_get_size(const_dnnl_memory_desc_t desc)
    private static final MethodHandle dnnl_memory_desc_get_size =
            LIB.bind("dnnl_memory_desc_get_size", of(JAVA_LONG, ADDRESS));

    // int dnnl_memory_desc_equal(const_dnnl_memory_desc_t lhs, const_dnnl_memory_desc_t rhs)
    private static final MethodHandle dnnl_memory_desc_equal =
            LIB.bind("dnnl_memory_desc_equal", of(JAVA_INT, ADDRESS, ADDRESS));

    // dnnl_status_t dnnl_memory_desc_destroy(dnnl_memory_desc_t desc)
    private static final MethodHandle dnnl_memory_desc_destroy =
            LIB.bind("dnnl_memory_desc_destroy", of(JAVA_INT, ADDRESS));

    // dnnl_status_t dnnl_memory_create(dnnl_memory_t* memory, const_dnnl_memory_desc_t desc, dnnl_engine_t engine,
    //         void* handle)
    private static final MethodHandle dnnl_memory_create =
            LIB.bind("dnnl_memory_create", of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS));

    // dnnl_status_t dnnl_memory_set_data_handle(dnnl_memory_t memory, void* handle)
    // The handle is bound as a number: a slice would be an object on the Java heap for each call.
    private static final MethodHandle dnnl_memory_set_data_handle =
            LIB.bind("dnnl_memory_set_data_handle", of(JAVA_INT, ADDRESS, JAVA_LONG));

    // dnnl_status_t dnnl_memory_destroy(dnnl_memory_t memory)
    private static final MethodHandle dnnl_memory_destroy = LIB.bind("dnnl_memory_destroy", of(JAVA_INT, ADDRESS));

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

    // dnnl_status_t dnnl_primitive_create(dnnl_primitive_t* primitive, const_dnnl_primitive_desc_t desc)
    private static final MethodHandle dnnl_primitive_create =
            LIB.bind("dnnl_primitive_create", of(JAVA_INT, ADDRESS, ADDRESS));

    // dnnl_status_t dnnl_primitive_execute(const_dnnl_primitive_t primitive, dnnl_stream_t stream, int nargs,
    //         const dnnl_exec_arg_t* args)
    private static final MethodHandle dnnl_primitive_execute =
            LIB.bind("dnnl_primitive_execute", of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, ADDRESS));

    // dnnl_status_t dnnl_primitive_destroy(dnnl_primitive_t primitive)
    private static final MethodHandle dnnl_primitive_destroy =
            LIB.bind("dnnl_primitive_destroy", of(JAVA_INT, ADDRESS));

    // dnnl_cpu_isa_t dnnl_get_effective_cpu_isa(void)
    private static final MethodHandle dnnl_get_effective_cpu_isa = LIB.bind("dnnl_get_effective_cpu_isa", of(JAVA_INT));

    // void omp_set_num_threads(int count), of the OpenMP runtime that oneDNN brought along
    private static final MethodHandle omp_set_num_threads = LIB.bind("omp_set_num_threads", ofVoid(JAVA_INT));

    private static final String[] STATUS = {
        "dnnl_success",
        "dnnl_out_of_memory",
        "dnnl_invalid_arguments",
        "dnnl_unimplemented",
        "dnnl_last_impl_reached",
        "dnnl_runtime_error",
        "dnnl_not_required",
        "dnnl_invalid_graph",
        "dnnl_invalid_graph_op",
        "dnnl_invalid_shape",
        "dnnl_invalid_data_type"
    };

    private OneDnn() {}

    /// The engine and stream of the process; made on first use, so that this class loads without the library.
    private static final class Process {
        static final MemorySegment ENGINE = engineCreate();
        static final MemorySegment STREAM = streamCreate(ENGINE);
    }

    /// The library behind these functions; absent with a reason when it was not found.
    public static NativeLibrary library() {
        return LIB;
    }

    /// The library as the doctor reports it.
    public static Report.Library report() {
        return new Report.Library(
                "oneDNN",
                LIB,
                "products and convolutions on the CPU are Elbo's own, several times slower",
                "add " + OneDnnLibrary.JAR + " to the class path, or name a file by -Delbo.library.dnnl");
    }

    /// The instruction set oneDNN's kernels are made for, a bit set of `dnnl_cpu_isa_t` (AVX2 is 7, AVX-512 39).
    public static int cpuIsa() {
        try {
            return (int) dnnl_get_effective_cpu_isa.invokeExact();
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
    }

    /// Gives the calling thread, and no other, one OpenMP thread.
    static void oneThread() {
        try {
            omp_set_num_threads.invokeExact(1);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
    }

    private static MemorySegment engineCreate() {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ADDRESS);
            int status;
            try {
                status = (int) dnnl_engine_create.invokeExact(out, DNNL_CPU, 0L);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            check(status, "dnnl_engine_create", "kind=cpu");
            return out.get(ADDRESS, 0);
        }
    }

    private static MemorySegment streamCreate(MemorySegment engine) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ADDRESS);
            int status;
            try {
                status = (int) dnnl_stream_create.invokeExact(out, engine, DNNL_IN_ORDER);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            check(status, "dnnl_stream_create", "");
            return out.get(ADDRESS, 0);
        }
    }

    /// Describes an f32 tensor by its strides.
    ///
    /// @param extents at most 12
    /// @param strides elements from one index to the next, one per extent
    static MemorySegment memoryDescCreate(long[] extents, long[] strides, Arena owner) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ADDRESS);
            MemorySegment dims = dims(extents, frame);
            MemorySegment steps = dims(strides, frame);
            int status;
            try {
                status = (int)
                        dnnl_memory_desc_create_with_strides.invokeExact(out, extents.length, dims, DNNL_F32, steps);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            check(
                    status,
                    "dnnl_memory_desc_create_with_strides",
                    "dims=" + Arrays.toString(extents) + ", strides=" + Arrays.toString(strides));
            return owned(out, owner, OneDnn::memoryDescDestroy);
        }
    }

    /// Describes an f32 tensor whose layout the primitive may choose.
    static MemorySegment memoryDescAny(long[] extents, Arena owner) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ADDRESS);
            MemorySegment dims = dims(extents, frame);
            int status;
            try {
                status = (int) dnnl_memory_desc_create_with_tag.invokeExact(
                        out, extents.length, dims, DNNL_F32, DNNL_FORMAT_TAG_ANY);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            check(status, "dnnl_memory_desc_create_with_tag", "dims=" + Arrays.toString(extents) + ", tag=any");
            return owned(out, owner, OneDnn::memoryDescDestroy);
        }
    }

    /// Bytes a tensor of this description takes, padding of blocked layouts included.
    static long memoryDescSize(MemorySegment desc) {
        try {
            return (long) dnnl_memory_desc_get_size.invokeExact(desc);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
    }

    /// Whether two descriptions are of the same tensor in the same layout.
    static boolean memoryDescEqual(MemorySegment one, MemorySegment other) {
        try {
            return (int) dnnl_memory_desc_equal.invokeExact(one, other) != 0;
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
    }

    private static void memoryDescDestroy(MemorySegment desc) {
        int status;
        try {
            status = (int) dnnl_memory_desc_destroy.invokeExact(desc);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        check(status, "dnnl_memory_desc_destroy", "");
    }

    /// A memory object without memory; [#memorySetDataHandle] gives it some.
    static MemorySegment memoryCreate(MemorySegment desc, Arena owner) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ADDRESS);
            int status;
            try {
                status = (int) dnnl_memory_create.invokeExact(out, desc, Process.ENGINE, MemorySegment.NULL);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            check(status, "dnnl_memory_create", "");
            return owned(out, owner, OneDnn::memoryDestroy);
        }
    }

    /// Lets a memory object stand for the memory at `offset` bytes into `data`. Allocates nothing.
    ///
    /// @param data native memory, borrowed
    /// @throws IllegalStateException when `data` was freed
    static void memorySetDataHandle(MemorySegment memory, MemorySegment data, long offset) {
        if (!data.scope().isAlive()) {
            throw new IllegalStateException("memorySetDataHandle: memory was freed; bytes=" + data.byteSize());
        }
        int status;
        try {
            status = (int) dnnl_memory_set_data_handle.invokeExact(memory, data.address() + offset);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        check(status, "dnnl_memory_set_data_handle", "");
    }

    private static void memoryDestroy(MemorySegment memory) {
        int status;
        try {
            status = (int) dnnl_memory_destroy.invokeExact(memory);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        check(status, "dnnl_memory_destroy", "");
    }

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
            check(status, "dnnl_primitive_attr_create", "");
            return owned(out, owner, OneDnn::attrDestroy);
        }
    }

    private static void attrSet(MethodHandle setter, String name, MemorySegment attr, int value) {
        int status;
        try {
            status = (int) setter.invokeExact(attr, value);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        check(status, "dnnl_primitive_attr_set_" + name, "value=" + value);
    }

    private static void attrSetPostOps(MemorySegment attr, MemorySegment postOps) {
        int status;
        try {
            status = (int) dnnl_primitive_attr_set_post_ops.invokeExact(attr, postOps);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        check(status, "dnnl_primitive_attr_set_post_ops", "");
    }

    private static void attrDestroy(MemorySegment attr) {
        int status;
        try {
            status = (int) dnnl_primitive_attr_destroy.invokeExact(attr);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        check(status, "dnnl_primitive_attr_destroy", "");
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
            check(status, "dnnl_post_ops_create", "");
            return owned(out, owner, OneDnn::postOpsDestroy);
        }
    }

    private static void postOpsAppendSum(MemorySegment postOps) {
        int status;
        try {
            status = (int) dnnl_post_ops_append_sum.invokeExact(postOps, 1f, 0, DNNL_DATA_TYPE_UNDEF);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        check(status, "dnnl_post_ops_append_sum", "scale=1");
    }

    private static void postOpsAppendEltwise(MemorySegment postOps, Activation f) {
        int status;
        try {
            status = (int) dnnl_post_ops_append_eltwise.invokeExact(postOps, f.algorithm(), f.alpha(), f.beta());
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        check(status, "dnnl_post_ops_append_eltwise", "activation=" + f);
    }

    private static void postOpsDestroy(MemorySegment postOps) {
        int status;
        try {
            status = (int) dnnl_post_ops_destroy.invokeExact(postOps);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        check(status, "dnnl_post_ops_destroy", "");
    }

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
            oneThread();
            int status;
            try {
                status = (int) dnnl_matmul_primitive_desc_create.invokeExact(
                        out, Process.ENGINE, src, weights, bias, dst, attr);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            check(status, "dnnl_matmul_primitive_desc_create", spec);
            return owned(out, owner, OneDnn::primitiveDescDestroy);
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
            return dims(new long[] {geometry.down().stride(), geometry.across().stride()}, frame);
        }

        /// oneDNN counts the rows left out between two taps: 0 is a plain convolution.
        MemorySegment dilates(Arena frame) {
            return dims(
                    new long[] {
                        geometry.down().dilation() - 1, geometry.across().dilation() - 1
                    },
                    frame);
        }

        MemorySegment before(Arena frame) {
            return dims(new long[] {geometry.down().before(), geometry.across().before()}, frame);
        }

        MemorySegment after(Arena frame) {
            return dims(new long[] {geometry.down().after(), geometry.across().after()}, frame);
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
            oneThread();
            int status;
            try {
                status = (int) dnnl_convolution_forward_primitive_desc_create.invokeExact(
                        out,
                        Process.ENGINE,
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
            check(status, "dnnl_convolution_forward_primitive_desc_create", c.geometry);
            return owned(out, owner, OneDnn::primitiveDescDestroy);
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
            oneThread();
            int status;
            try {
                status = (int) dnnl_convolution_backward_data_primitive_desc_create.invokeExact(
                        out,
                        Process.ENGINE,
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
            check(status, "dnnl_convolution_backward_data_primitive_desc_create", c.geometry);
            return owned(out, owner, OneDnn::primitiveDescDestroy);
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
            oneThread();
            int status;
            try {
                status = (int) dnnl_convolution_backward_weights_primitive_desc_create.invokeExact(
                        out,
                        Process.ENGINE,
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
            check(status, "dnnl_convolution_backward_weights_primitive_desc_create", c.geometry);
            return owned(out, owner, OneDnn::primitiveDescDestroy);
        }
    }

    /// `dst = src`, in another layout.
    static MemorySegment reorderDesc(MemorySegment src, MemorySegment dst, MemorySegment attr, Arena owner) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ADDRESS);
            oneThread();
            int status;
            try {
                status = (int) dnnl_reorder_primitive_desc_create.invokeExact(
                        out, src, Process.ENGINE, dst, Process.ENGINE, attr);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            check(status, "dnnl_reorder_primitive_desc_create", "");
            return owned(out, owner, OneDnn::primitiveDescDestroy);
        }
    }

    /// Moves a description on to the next implementation of it.
    ///
    /// @return false when there is none; the description is unusable then
    static boolean nextImplementation(MemorySegment desc) {
        oneThread();
        int status;
        try {
            status = (int) dnnl_primitive_desc_next_impl.invokeExact(desc);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status == DNNL_LAST_IMPL_REACHED) {
            return false;
        }
        check(status, "dnnl_primitive_desc_next_impl", "");
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
            check(status, "dnnl_primitive_desc_query", "what=impl_info_str");
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
        check(status, "dnnl_primitive_desc_destroy", "");
    }

    /// Makes the machine code of a description, or takes it from oneDNN's own cache (1024 primitives).
    static MemorySegment primitiveCreate(MemorySegment desc, Arena owner) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ADDRESS);
            oneThread();
            int status;
            try {
                status = (int) dnnl_primitive_create.invokeExact(out, desc);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            check(status, "dnnl_primitive_create", "");
            return owned(out, owner, OneDnn::primitiveDestroy);
        }
    }

    /// Runs a primitive on this thread alone. Allocates nothing; several threads may run one primitive at a time.
    ///
    /// @param count     number of arguments
    /// @param arguments array of `dnnl_exec_arg_t {int name; dnnl_memory_t memory}`, 16 bytes each
    static void primitiveExecute(MemorySegment primitive, int count, MemorySegment arguments) {
        oneThread();
        int status;
        try {
            status = (int) dnnl_primitive_execute.invokeExact(primitive, Process.STREAM, count, arguments);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        check(status, "dnnl_primitive_execute", "");
    }

    private static void primitiveDestroy(MemorySegment primitive) {
        int status;
        try {
            status = (int) dnnl_primitive_destroy.invokeExact(primitive);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        check(status, "dnnl_primitive_destroy", "");
    }

    /// Hands what C wrote to `out` to its owner; destroys it at once where the owner, closed or another thread's,
    /// refuses.
    private static MemorySegment owned(MemorySegment out, Arena owner, Consumer<MemorySegment> destroy) {
        MemorySegment thing = out.get(ADDRESS, 0);
        try {
            return thing.reinterpret(0, owner, destroy);
        } catch (RuntimeException refused) {
            destroy.accept(thing);
            throw refused;
        }
    }

    private static MemorySegment dims(long[] values, Arena frame) {
        if (values.length > DNNL_MAX_NDIMS) {
            throw new IllegalArgumentException(
                    "dims: oneDNN has at most " + DNNL_MAX_NDIMS + " dimensions; dims=" + Arrays.toString(values));
        }
        MemorySegment dims = frame.allocate(JAVA_LONG, DNNL_MAX_NDIMS);
        MemorySegment.copy(values, 0, dims, JAVA_LONG, 0, values.length);
        return dims;
    }

    private static void check(int status, String function, Object arguments) {
        if (status != 0) {
            String name = status > 0 && status < STATUS.length ? STATUS[status] : "dnnl_status";
            throw new NativeException(function, status, name, arguments.toString());
        }
    }
}
