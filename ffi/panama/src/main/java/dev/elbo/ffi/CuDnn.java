package dev.elbo.ffi;

import static java.lang.foreign.FunctionDescriptor.of;
import static java.lang.foreign.FunctionDescriptor.ofVoid;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.elbo.ffi.ConvolutionShape.Pass;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// The functions of cuDNN 9 that Elbo calls, checked: handles, descriptors, statuses.
///
/// [CuDnnBackend] is its graph interface. [CuDnnConvolutions], [CuDnnPointwise] and [CuDnnNormalisation] are calls
/// that predate it; they are marked deprecated since cuDNN 9.0 but still exported, and stand in where the graph
/// interface has no engine. Scalars (`alpha`, `beta`) are host memory of one f32, read during the call.
public final class CuDnn {
    public static final int DATA_FLOAT = 0;
    public static final int DATA_BFLOAT16 = 9;
    public static final int CROSS_CORRELATION = 1;

    /// `cudnnMathType_t` that lets f32 factors be rounded to TF32.
    static final int DEFAULT_MATH = 0;
    static final int TENSOR_OP_MATH = 1;
    /// `cudnnMathType_t` that multiplies f32 as f32.
    static final int FMA_MATH = 3;

    /// `cudnnBatchNormMode_t`: one mean and variance for each channel.
    public static final int BATCHNORM_SPATIAL = 1;

    private static final int PROPAGATE_NAN = 1;
    private static final NativeLibrary LIB = CudaLibraries.ofProcess().cudnn();

    // What the library promises to end with a zero byte, however long it is.
    private static final AddressLayout TEXT =
            ADDRESS.withTargetLayout(MemoryLayout.sequenceLayout(Long.MAX_VALUE, JAVA_BYTE));

    // const char* cudnnGetErrorString(cudnnStatus_t status)
    private static final MethodHandle cudnnGetErrorString = LIB.bind("cudnnGetErrorString", of(TEXT, JAVA_INT));

    // void cudnnGetLastErrorString(char* message, size_t max_size)
    private static final MethodHandle cudnnGetLastErrorString =
            LIB.bind("cudnnGetLastErrorString", ofVoid(ADDRESS, JAVA_LONG));

    // cudnnStatus_t cudnnCreate(cudnnHandle_t* handle)
    private static final MethodHandle cudnnCreate = LIB.bind("cudnnCreate", of(JAVA_INT, ADDRESS));

    // cudnnStatus_t cudnnDestroy(cudnnHandle_t handle)
    private static final MethodHandle cudnnDestroy = LIB.bind("cudnnDestroy", of(JAVA_INT, ADDRESS));

    // cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t streamId)
    private static final MethodHandle cudnnSetStream = LIB.bind("cudnnSetStream", of(JAVA_INT, ADDRESS, ADDRESS));

    // cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* tensorDesc)
    private static final MethodHandle cudnnCreateTensorDescriptor =
            LIB.bind("cudnnCreateTensorDescriptor", of(JAVA_INT, ADDRESS));

    // cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t tensorDesc)
    private static final MethodHandle cudnnDestroyTensorDescriptor =
            LIB.bind("cudnnDestroyTensorDescriptor", of(JAVA_INT, ADDRESS));

    // cudnnStatus_t cudnnSetTensor4dDescriptor(cudnnTensorDescriptor_t tensorDesc, cudnnTensorFormat_t format,
    //     cudnnDataType_t dataType, int n, int c, int h, int w)
    private static final MethodHandle cudnnSetTensor4dDescriptor = LIB.bind(
            "cudnnSetTensor4dDescriptor",
            of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));

    // cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t* filterDesc)
    private static final MethodHandle cudnnCreateFilterDescriptor =
            LIB.bind("cudnnCreateFilterDescriptor", of(JAVA_INT, ADDRESS));

    // cudnnStatus_t cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t filterDesc)
    private static final MethodHandle cudnnDestroyFilterDescriptor =
            LIB.bind("cudnnDestroyFilterDescriptor", of(JAVA_INT, ADDRESS));

    // cudnnStatus_t cudnnSetFilter4dDescriptor(cudnnFilterDescriptor_t filterDesc, cudnnDataType_t dataType,
    //     cudnnTensorFormat_t format, int k, int c, int h, int w)
    private static final MethodHandle cudnnSetFilter4dDescriptor = LIB.bind(
            "cudnnSetFilter4dDescriptor",
            of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));

    // cudnnStatus_t cudnnCreateConvolutionDescriptor(cudnnConvolutionDescriptor_t* convDesc)
    private static final MethodHandle cudnnCreateConvolutionDescriptor =
            LIB.bind("cudnnCreateConvolutionDescriptor", of(JAVA_INT, ADDRESS));

    // cudnnStatus_t cudnnDestroyConvolutionDescriptor(cudnnConvolutionDescriptor_t convDesc)
    private static final MethodHandle cudnnDestroyConvolutionDescriptor =
            LIB.bind("cudnnDestroyConvolutionDescriptor", of(JAVA_INT, ADDRESS));

    // cudnnStatus_t cudnnSetConvolution2dDescriptor(cudnnConvolutionDescriptor_t convDesc, int pad_h, int pad_w,
    //     int u, int v, int dilation_h, int dilation_w, cudnnConvolutionMode_t mode, cudnnDataType_t computeType)
    private static final MethodHandle cudnnSetConvolution2dDescriptor = LIB.bind(
            "cudnnSetConvolution2dDescriptor",
            of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));

    // cudnnStatus_t cudnnSetConvolutionMathType(cudnnConvolutionDescriptor_t convDesc, cudnnMathType_t mathType)
    private static final MethodHandle cudnnSetConvolutionMathType =
            LIB.bind("cudnnSetConvolutionMathType", of(JAVA_INT, ADDRESS, JAVA_INT));

    // cudnnStatus_t cudnnCreateActivationDescriptor(cudnnActivationDescriptor_t* activationDesc)
    private static final MethodHandle cudnnCreateActivationDescriptor =
            LIB.bind("cudnnCreateActivationDescriptor", of(JAVA_INT, ADDRESS));

    // cudnnStatus_t cudnnDestroyActivationDescriptor(cudnnActivationDescriptor_t activationDesc)
    private static final MethodHandle cudnnDestroyActivationDescriptor =
            LIB.bind("cudnnDestroyActivationDescriptor", of(JAVA_INT, ADDRESS));

    // cudnnStatus_t cudnnSetActivationDescriptor(cudnnActivationDescriptor_t activationDesc,
    //     cudnnActivationMode_t mode, cudnnNanPropagation_t reluNanOpt, double coef)
    private static final MethodHandle cudnnSetActivationDescriptor =
            LIB.bind("cudnnSetActivationDescriptor", of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, JAVA_DOUBLE));

    private CuDnn() {}

    /// The shared library, present or not.
    public static NativeLibrary library() {
        return LIB;
    }

    /// What cuDNN says about the last failure on this thread; may be empty.
    private static String lastError() {
        if (!LIB.has("cudnnGetLastErrorString")) {
            return "";
        }
        try (Arena frame = Arena.ofConfined()) {
            long size = 512;
            MemorySegment message = frame.allocate(size);
            try {
                cudnnGetLastErrorString.invokeExact(message, size);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            return message.getString(0);
        }
    }

    /// The name of a `cudnnStatus_t`.
    private static String statusName(int status) {
        // A failure is reported even by a library that cannot name it.
        if (!LIB.has("cudnnGetErrorString")) {
            return "unknown cudnnStatus_t";
        }
        MemorySegment name;
        try {
            name = (MemorySegment) cudnnGetErrorString.invokeExact(status);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        return name.getString(0);
    }

    /// Opens a handle in the current CUDA context.
    ///
    /// @param owner destroys the handle when it closes
    static MemorySegment create(Arena owner) {
        return make("cudnnCreate", cudnnCreate, "cudnnDestroy", cudnnDestroy, owner);
    }

    /// Puts later calls on `stream`.
    static void setStream(MemorySegment handle, MemorySegment stream) {
        int status;
        try {
            status = (int) cudnnSetStream.invokeExact(handle, stream);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != 0) {
            throw failure(status, "cudnnSetStream", "stream=0x" + Long.toHexString(stream.address()));
        }
    }

    /// Describes images of f32 to the library.
    ///
    /// @param owner destroys the descriptor when it closes
    static MemorySegment tensor(Images images, Arena owner) {
        return tensor(images, DATA_FLOAT, owner);
    }

    /// Describes images to the library.
    ///
    /// @param type  `cudnnDataType_t`
    /// @param owner destroys the descriptor when it closes
    static MemorySegment tensor(Images images, int type, Arena owner) {
        MemorySegment descriptor = make(
                "cudnnCreateTensorDescriptor",
                cudnnCreateTensorDescriptor,
                "cudnnDestroyTensorDescriptor",
                cudnnDestroyTensorDescriptor,
                owner);
        int format = format(images.layout());
        int n = images.n();
        int c = images.channels();
        int h = images.height();
        int w = images.width();
        int status;
        try {
            status = (int) cudnnSetTensor4dDescriptor.invokeExact(descriptor, format, type, n, c, h, w);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        check(status, "cudnnSetTensor4dDescriptor", images);
        return descriptor;
    }

    /// Describes one number for each channel of some images.
    ///
    /// @param owner destroys the descriptor when it closes
    static MemorySegment channels(int channels, Arena owner) {
        return tensor(new Images(1, channels, 1, 1, Layout.NCHW), owner);
    }

    /// Describes filters, given as [ConvolutionShape#weights].
    ///
    /// @param type  `cudnnDataType_t`
    /// @param owner destroys the descriptor when it closes
    static MemorySegment filter(Images weights, int type, Arena owner) {
        MemorySegment descriptor = make(
                "cudnnCreateFilterDescriptor",
                cudnnCreateFilterDescriptor,
                "cudnnDestroyFilterDescriptor",
                cudnnDestroyFilterDescriptor,
                owner);
        int format = format(weights.layout());
        int k = weights.n();
        int c = weights.channels();
        int h = weights.height();
        int w = weights.width();
        int status;
        try {
            status = (int) cudnnSetFilter4dDescriptor.invokeExact(descriptor, type, format, k, c, h, w);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        check(status, "cudnnSetFilter4dDescriptor", weights);
        return descriptor;
    }

    /// Describes strides, padding and dilation.
    ///
    /// @param mathType [#FMA_MATH], [#DEFAULT_MATH] or [#TENSOR_OP_MATH]
    /// @param owner    destroys the descriptor when it closes
    static MemorySegment convolution(ConvolutionShape shape, int mathType, Arena owner) {
        MemorySegment descriptor = make(
                "cudnnCreateConvolutionDescriptor",
                cudnnCreateConvolutionDescriptor,
                "cudnnDestroyConvolutionDescriptor",
                cudnnDestroyConvolutionDescriptor,
                owner);
        int padH = shape.padH();
        int padW = shape.padW();
        int strideH = shape.strideH();
        int strideW = shape.strideW();
        int dilationH = shape.dilationH();
        int dilationW = shape.dilationW();
        int status;
        try {
            status = (int) cudnnSetConvolution2dDescriptor.invokeExact(
                    descriptor, padH, padW, strideH, strideW, dilationH, dilationW, CROSS_CORRELATION, DATA_FLOAT);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        check(status, "cudnnSetConvolution2dDescriptor", shape);
        try {
            status = (int) cudnnSetConvolutionMathType.invokeExact(descriptor, mathType);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != 0) {
            throw failure(status, "cudnnSetConvolutionMathType", "mathType=" + mathType);
        }
        return descriptor;
    }

    /// Describes an activation.
    ///
    /// @param owner destroys the descriptor when it closes
    static MemorySegment activation(Activation activation, Arena owner) {
        MemorySegment descriptor = make(
                "cudnnCreateActivationDescriptor",
                cudnnCreateActivationDescriptor,
                "cudnnDestroyActivationDescriptor",
                cudnnDestroyActivationDescriptor,
                owner);
        int mode = activationMode(activation);
        int status;
        try {
            status = (int) cudnnSetActivationDescriptor.invokeExact(descriptor, mode, PROPAGATE_NAN, 0.0);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != 0) {
            throw failure(status, "cudnnSetActivationDescriptor", "mode=" + mode);
        }
        return descriptor;
    }

    /// Throws for a status of cuDNN other than success, with what the library says about it.
    ///
    /// @param arguments what the call was given, `name=value, name=value`; made into text only if it failed
    /// @throws NativeException if `status` is not 0
    public static void check(int status, String function, Object arguments) {
        if (status != 0) {
            throw failure(status, function, arguments.toString());
        }
    }

    /// The exception for a status of cuDNN other than success, with what the library says about it.
    public static NativeException failure(int status, String function, String arguments) {
        String detail = lastError();
        String said = detail.isEmpty() ? "" : (arguments.isEmpty() ? "" : ", ") + "detail=" + detail;
        return new NativeException(function, status, statusName(status), arguments + said);
    }

    /// Whether a `cudnnStatus_t` says that the library has nothing for what was asked (3000 to 3999), or that an
    /// engine could not be compiled for it (4001).
    static boolean notSupported(int status) {
        return status / 1000 == 3 || status == 4001;
    }

    /// Whether a `cudnnStatus_t` says that something was set that the library does not know (2000 to 2999).
    static boolean badParameter(int status) {
        return status / 1000 == 2;
    }

    /// The `cudnnDataType_t` of a task's operands.
    public static int operandType(ConvolutionTask task) {
        return task.shape().precision() == Precision.BF16 ? DATA_BFLOAT16 : DATA_FLOAT;
    }

    /// The `cudnnDataType_t` of a task's result.
    public static int resultType(ConvolutionTask task) {
        return task.rounded() ? DATA_BFLOAT16 : DATA_FLOAT;
    }

    /// `cudnnTensorFormat_t`.
    public static int format(Layout layout) {
        return switch (layout) {
            case NCHW -> 0;
            case NHWC -> 1;
        };
    }

    /// `cudnnActivationMode_t`.
    ///
    /// @throws IllegalArgumentException for [Activation#NONE], which the library's calls do not take
    public static int activationMode(Activation activation) {
        return switch (activation) {
            case SIGMOID -> 0;
            case RELU -> 1;
            case TANH -> 2;
            case NONE -> throw new IllegalArgumentException("activation: nothing to apply; activation=NONE");
        };
    }

    /// What the names of the functions of `pass` have in them.
    public static String suffix(Pass pass) {
        return switch (pass) {
            case FORWARD -> "Forward";
            case DATA_GRADIENT -> "BackwardData";
            case FILTER_GRADIENT -> "BackwardFilter";
        };
    }

    /// Calls one of the library's `Create` functions, and its `Destroy` when `owner` closes.
    private static MemorySegment make(
            String createName, MethodHandle create, String destroyName, MethodHandle destroy, Arena owner) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ADDRESS);
            int status;
            try {
                status = (int) create.invokeExact(out);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            check(status, createName, "");
            return Owned.by(owner, out.get(ADDRESS, 0), made -> destroy(destroyName, destroy, made));
        }
    }

    private static void destroy(String name, MethodHandle destroy, MemorySegment made) {
        int status;
        try {
            status = (int) destroy.invokeExact(made);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        check(status, name, "");
    }
}
