package dev.elbo.ffi.onednn;

import static java.lang.foreign.FunctionDescriptor.of;
import static java.lang.foreign.FunctionDescriptor.ofVoid;
import static java.lang.foreign.ValueLayout.ADDRESS;
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

/// The C functions of oneDNN 3 that Elbo calls, checked: the engine, memory and primitives.
///
/// [OneDnnAttributes] and [OneDnnDescriptions] are the rest of them.
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

    private static final int DNNL_F32 = 3;
    private static final int DNNL_CPU = 1;
    private static final int DNNL_IN_ORDER = 1;
    private static final int DNNL_FORMAT_TAG_ANY = 1;

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
        final int query;
        final int index;

        Operand(int argument, int query, int index) {
            this.argument = argument;
            this.query = query;
            this.index = index;
        }

        int argument() {
            return argument;
        }
    }

    /// Primitives that oneDNN keeps after their owners have closed, about 0.3 MB each: a thousand shapes of products
    /// held 800 MB by its default of 1024. Who uses a primitive again keeps it.
    private static final int CACHED_PRIMITIVES = 64;

    private static final NativeLibrary LIB = OneDnnLibrary.find();

    // dnnl_status_t dnnl_engine_create(dnnl_engine_t* engine, dnnl_engine_kind_t kind, size_t index)
    private static final MethodHandle dnnl_engine_create =
            LIB.bind("dnnl_engine_create", of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG));

    // dnnl_status_t dnnl_set_primitive_cache_capacity(int capacity)
    private static final MethodHandle dnnl_set_primitive_cache_capacity =
            LIB.bind("dnnl_set_primitive_cache_capacity", of(JAVA_INT, JAVA_INT));

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

    /// The CPU's engine, for descriptions.
    static MemorySegment engine() {
        return Process.ENGINE;
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

    /// The process's engine, and with it a bound on the primitives that oneDNN keeps of its own accord.
    private static MemorySegment engineCreate() {
        primitiveCacheCapacity(CACHED_PRIMITIVES);
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

    private static void primitiveCacheCapacity(int primitives) {
        int status;
        try {
            status = (int) dnnl_set_primitive_cache_capacity.invokeExact(primitives);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        check(status, "dnnl_set_primitive_cache_capacity", "primitives=" + primitives);
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

    /// Makes the machine code of a description, or takes it from oneDNN's own cache.
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
    static MemorySegment owned(MemorySegment out, Arena owner, Consumer<MemorySegment> destroy) {
        MemorySegment thing = out.get(ADDRESS, 0);
        try {
            return thing.reinterpret(0, owner, destroy);
        } catch (RuntimeException refused) {
            destroy.accept(thing);
            throw refused;
        }
    }

    static MemorySegment dims(long[] values, Arena frame) {
        if (values.length > DNNL_MAX_NDIMS) {
            throw new IllegalArgumentException(
                    "dims: oneDNN has at most " + DNNL_MAX_NDIMS + " dimensions; dims=" + Arrays.toString(values));
        }
        MemorySegment dims = frame.allocate(JAVA_LONG, DNNL_MAX_NDIMS);
        MemorySegment.copy(values, 0, dims, JAVA_LONG, 0, values.length);
        return dims;
    }

    static void check(int status, String function, Object arguments) {
        if (status != 0) {
            String name = status > 0 && status < STATUS.length ? STATUS[status] : "dnnl_status";
            throw new NativeException(function, status, name, arguments.toString());
        }
    }
}
