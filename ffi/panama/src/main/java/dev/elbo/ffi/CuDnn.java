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
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;

/// The functions of cuDNN 9 that Elbo calls, checked: handles, and the calls that predate the graph interface.
///
/// Those are marked deprecated since cuDNN 9.0 but still exported; they stand in where the graph interface
/// ([CuDnnBackend]) has no engine. Scalars (`alpha`, `beta`) are host memory of one f32, read during the call.
public final class CuDnn {
    public static final int DATA_FLOAT = 0;
    public static final int CROSS_CORRELATION = 1;

    /// `cudnnMathType_t` that lets f32 factors be rounded to TF32.
    static final int DEFAULT_MATH = 0;
    static final int TENSOR_OP_MATH = 1;
    /// `cudnnMathType_t` that multiplies f32 as f32.
    static final int FMA_MATH = 3;

    /// `cudnnBatchNormMode_t`: one mean and variance for each channel.
    public static final int BATCHNORM_SPATIAL = 1;

    private static final int PROPAGATE_NAN = 1;
    private static final int DETERMINISTIC = 1;

    /// More than any pass has algorithms (8, 6 and 7), with room for one entry per math type.
    private static final int MOST_ALGORITHMS = 24;

    // struct cudnnConvolutionFwdAlgoPerf_t { int algo; int status; float time; size_t memory; int determinism;
    //     int mathType; int reserved[3]; }, and the same for both gradients
    private static final long PERF_BYTES = 48;
    private static final long PERF_STATUS = 4;
    private static final long PERF_MEMORY = 16;
    private static final long PERF_DETERMINISM = 24;
    private static final long PERF_MATH = 28;

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

    // cudnnStatus_t cudnnGetConvolutionForwardAlgorithm_v7(cudnnHandle_t handle, const cudnnTensorDescriptor_t srcDesc,
    //     const cudnnFilterDescriptor_t filterDesc, const cudnnConvolutionDescriptor_t convDesc,
    //     const cudnnTensorDescriptor_t destDesc, const int requestedAlgoCount, int* returnedAlgoCount,
    //     cudnnConvolutionFwdAlgoPerf_t* perfResults), and the same shape for both gradients
    private static final FunctionDescriptor ALGORITHMS =
            of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS);
    private static final MethodHandle cudnnGetConvolutionForwardAlgorithm_v7 =
            LIB.bind("cudnnGetConvolutionForwardAlgorithm_v7", ALGORITHMS);
    private static final MethodHandle cudnnGetConvolutionBackwardDataAlgorithm_v7 =
            LIB.bind("cudnnGetConvolutionBackwardDataAlgorithm_v7", ALGORITHMS);
    private static final MethodHandle cudnnGetConvolutionBackwardFilterAlgorithm_v7 =
            LIB.bind("cudnnGetConvolutionBackwardFilterAlgorithm_v7", ALGORITHMS);

    // cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(cudnnHandle_t handle, const cudnnTensorDescriptor_t xDesc,
    //     const cudnnFilterDescriptor_t wDesc, const cudnnConvolutionDescriptor_t convDesc,
    //     const cudnnTensorDescriptor_t yDesc, cudnnConvolutionFwdAlgo_t algo, size_t* sizeInBytes), and likewise
    private static final FunctionDescriptor WORKSPACE =
            of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, JAVA_INT, ADDRESS);
    private static final MethodHandle cudnnGetConvolutionForwardWorkspaceSize =
            LIB.bind("cudnnGetConvolutionForwardWorkspaceSize", WORKSPACE);
    private static final MethodHandle cudnnGetConvolutionBackwardDataWorkspaceSize =
            LIB.bind("cudnnGetConvolutionBackwardDataWorkspaceSize", WORKSPACE);
    private static final MethodHandle cudnnGetConvolutionBackwardFilterWorkspaceSize =
            LIB.bind("cudnnGetConvolutionBackwardFilterWorkspaceSize", WORKSPACE);

    // cudnnStatus_t cudnnConvolutionForward(cudnnHandle_t handle, const void* alpha,
    //     const cudnnTensorDescriptor_t xDesc, const void* x, const cudnnFilterDescriptor_t wDesc, const void* w,
    //     const cudnnConvolutionDescriptor_t convDesc, cudnnConvolutionFwdAlgo_t algo, void* workSpace,
    //     size_t workSpaceSizeInBytes, const void* beta, const cudnnTensorDescriptor_t yDesc, void* y), and likewise
    //     cudnnConvolutionBackwardData (w, dy → dx) and cudnnConvolutionBackwardFilter (x, dy → dw)
    private static final FunctionDescriptor CONVOLUTION = of(
            JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, JAVA_LONG,
            ADDRESS, ADDRESS, ADDRESS);
    private static final MethodHandle cudnnConvolutionForward = LIB.bind("cudnnConvolutionForward", CONVOLUTION);
    private static final MethodHandle cudnnConvolutionBackwardData =
            LIB.bind("cudnnConvolutionBackwardData", CONVOLUTION);
    private static final MethodHandle cudnnConvolutionBackwardFilter =
            LIB.bind("cudnnConvolutionBackwardFilter", CONVOLUTION);

    // cudnnStatus_t cudnnAddTensor(cudnnHandle_t handle, const void* alpha, const cudnnTensorDescriptor_t aDesc,
    //     const void* A, const void* beta, const cudnnTensorDescriptor_t cDesc, void* C)
    private static final MethodHandle cudnnAddTensor =
            LIB.bind("cudnnAddTensor", of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS));

    // cudnnStatus_t cudnnActivationForward(cudnnHandle_t handle, cudnnActivationDescriptor_t activationDesc,
    //     const void* alpha, const cudnnTensorDescriptor_t xDesc, const void* x, const void* beta,
    //     const cudnnTensorDescriptor_t yDesc, void* y)
    private static final MethodHandle cudnnActivationForward = LIB.bind(
            "cudnnActivationForward",
            of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS));

    // cudnnStatus_t cudnnActivationBackward(cudnnHandle_t handle, cudnnActivationDescriptor_t activationDesc,
    //     const void* alpha, const cudnnTensorDescriptor_t yDesc, const void* y,
    //     const cudnnTensorDescriptor_t dyDesc, const void* dy, const cudnnTensorDescriptor_t xDesc, const void* x,
    //     const void* beta, const cudnnTensorDescriptor_t dxDesc, void* dx)
    private static final MethodHandle cudnnActivationBackward = LIB.bind(
            "cudnnActivationBackward",
            of(
                    JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS,
                    ADDRESS, ADDRESS));

    // cudnnStatus_t cudnnBatchNormalizationForwardTraining(cudnnHandle_t handle, cudnnBatchNormMode_t mode,
    //     const void* alpha, const void* beta, const cudnnTensorDescriptor_t xDesc, const void* x,
    //     const cudnnTensorDescriptor_t yDesc, void* y, const cudnnTensorDescriptor_t bnScaleBiasMeanVarDesc,
    //     const void* bnScale, const void* bnBias, double exponentialAverageFactor, void* resultRunningMean,
    //     void* resultRunningVariance, double epsilon, void* resultSaveMean, void* resultSaveInvVariance)
    private static final MethodHandle cudnnBatchNormalizationForwardTraining = LIB.bind(
            "cudnnBatchNormalizationForwardTraining",
            of(
                    JAVA_INT,
                    ADDRESS,
                    JAVA_INT,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    JAVA_DOUBLE,
                    ADDRESS,
                    ADDRESS,
                    JAVA_DOUBLE,
                    ADDRESS,
                    ADDRESS));

    // cudnnStatus_t cudnnBatchNormalizationForwardInference(cudnnHandle_t handle, cudnnBatchNormMode_t mode,
    //     const void* alpha, const void* beta, const cudnnTensorDescriptor_t xDesc, const void* x,
    //     const cudnnTensorDescriptor_t yDesc, void* y, const cudnnTensorDescriptor_t bnScaleBiasMeanVarDesc,
    //     const void* bnScale, const void* bnBias, const void* estimatedMean, const void* estimatedVariance,
    //     double epsilon)
    private static final MethodHandle cudnnBatchNormalizationForwardInference = LIB.bind(
            "cudnnBatchNormalizationForwardInference",
            of(
                    JAVA_INT,
                    ADDRESS,
                    JAVA_INT,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    JAVA_DOUBLE));

    // cudnnStatus_t cudnnBatchNormalizationBackward(cudnnHandle_t handle, cudnnBatchNormMode_t mode,
    //     const void* alphaDataDiff, const void* betaDataDiff, const void* alphaParamDiff, const void* betaParamDiff,
    //     const cudnnTensorDescriptor_t xDesc, const void* x, const cudnnTensorDescriptor_t dyDesc, const void* dy,
    //     const cudnnTensorDescriptor_t dxDesc, void* dx, const cudnnTensorDescriptor_t dBnScaleBiasDesc,
    //     const void* bnScale, void* dBnScaleResult, void* dBnBiasResult, double epsilon, const void* savedMean,
    //     const void* savedInvVariance)
    private static final MethodHandle cudnnBatchNormalizationBackward = LIB.bind(
            "cudnnBatchNormalizationBackward",
            of(
                    JAVA_INT,
                    ADDRESS,
                    JAVA_INT,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    JAVA_DOUBLE,
                    ADDRESS,
                    ADDRESS));

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

    /// Describes images to the library.
    ///
    /// @param owner destroys the descriptor when it closes
    static MemorySegment tensor(Images images, Arena owner) {
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
            status = (int) cudnnSetTensor4dDescriptor.invokeExact(descriptor, format, DATA_FLOAT, n, c, h, w);
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
    /// @param owner destroys the descriptor when it closes
    static MemorySegment filter(Images weights, Arena owner) {
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
            status = (int) cudnnSetFilter4dDescriptor.invokeExact(descriptor, DATA_FLOAT, format, k, c, h, w);
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

    /// What cuDNN offers for one pass, its favourite first.
    ///
    /// @param first      descriptor of the pass's first operand, and so on
    static List<LegacyAlgorithm> algorithms(
            Pass pass,
            MemorySegment handle,
            MemorySegment first,
            MemorySegment second,
            MemorySegment convolution,
            MemorySegment result) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment count = frame.allocate(JAVA_INT);
            MemorySegment perf = frame.allocate(MOST_ALGORITHMS * PERF_BYTES, 8);
            int status;
            try {
                status = switch (pass) {
                    case FORWARD ->
                        (int) cudnnGetConvolutionForwardAlgorithm_v7.invokeExact(
                                handle, first, second, convolution, result, MOST_ALGORITHMS, count, perf);
                    case DATA_GRADIENT ->
                        (int) cudnnGetConvolutionBackwardDataAlgorithm_v7.invokeExact(
                                handle, first, second, convolution, result, MOST_ALGORITHMS, count, perf);
                    case FILTER_GRADIENT ->
                        (int) cudnnGetConvolutionBackwardFilterAlgorithm_v7.invokeExact(
                                handle, first, second, convolution, result, MOST_ALGORITHMS, count, perf);
                };
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            if (status != 0) {
                throw failure(status, "cudnnGetConvolution" + suffix(pass) + "Algorithm_v7", "");
            }
            List<LegacyAlgorithm> offers = new ArrayList<>();
            for (int i = 0; i < count.get(JAVA_INT, 0); i++) {
                MemorySegment p = perf.asSlice(i * PERF_BYTES, PERF_BYTES);
                offers.add(new LegacyAlgorithm(
                        p.get(JAVA_INT, 0),
                        p.get(JAVA_INT, PERF_STATUS),
                        p.get(JAVA_LONG, PERF_MEMORY),
                        p.get(JAVA_INT, PERF_DETERMINISM) == DETERMINISTIC,
                        p.get(JAVA_INT, PERF_MATH)));
            }
            return offers;
        }
    }

    /// Bytes of workspace that an algorithm needs.
    static long workspaceBytes(
            Pass pass,
            MemorySegment handle,
            MemorySegment first,
            MemorySegment second,
            MemorySegment convolution,
            MemorySegment result,
            int algorithm) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment bytes = frame.allocate(JAVA_LONG);
            int status;
            try {
                status = switch (pass) {
                    case FORWARD ->
                        (int) cudnnGetConvolutionForwardWorkspaceSize.invokeExact(
                                handle, first, second, convolution, result, algorithm, bytes);
                    case DATA_GRADIENT ->
                        (int) cudnnGetConvolutionBackwardDataWorkspaceSize.invokeExact(
                                handle, first, second, convolution, result, algorithm, bytes);
                    case FILTER_GRADIENT ->
                        (int) cudnnGetConvolutionBackwardFilterWorkspaceSize.invokeExact(
                                handle, first, second, convolution, result, algorithm, bytes);
                };
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            if (status != 0) {
                throw failure(status, "cudnnGetConvolution" + suffix(pass) + "WorkspaceSize", "algo=" + algorithm);
            }
            return bytes.get(JAVA_LONG, 0);
        }
    }

    /// Runs one pass: r = alpha · pass(first, second) + beta · r.
    ///
    /// @param firstDescriptor descriptor of the pass's first operand, and so on
    static void convolve(
            Pass pass,
            MemorySegment handle,
            MemorySegment alpha,
            MemorySegment firstDescriptor,
            MemorySegment first,
            MemorySegment secondDescriptor,
            MemorySegment second,
            MemorySegment convolution,
            int algorithm,
            MemorySegment workspace,
            long workspaceBytes,
            MemorySegment beta,
            MemorySegment resultDescriptor,
            MemorySegment result) {
        int status;
        try {
            status = switch (pass) {
                case FORWARD ->
                    (int) cudnnConvolutionForward.invokeExact(
                            handle,
                            alpha,
                            firstDescriptor,
                            first,
                            secondDescriptor,
                            second,
                            convolution,
                            algorithm,
                            workspace,
                            workspaceBytes,
                            beta,
                            resultDescriptor,
                            result);
                case DATA_GRADIENT ->
                    (int) cudnnConvolutionBackwardData.invokeExact(
                            handle,
                            alpha,
                            firstDescriptor,
                            first,
                            secondDescriptor,
                            second,
                            convolution,
                            algorithm,
                            workspace,
                            workspaceBytes,
                            beta,
                            resultDescriptor,
                            result);
                case FILTER_GRADIENT ->
                    (int) cudnnConvolutionBackwardFilter.invokeExact(
                            handle,
                            alpha,
                            firstDescriptor,
                            first,
                            secondDescriptor,
                            second,
                            convolution,
                            algorithm,
                            workspace,
                            workspaceBytes,
                            beta,
                            resultDescriptor,
                            result);
            };
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != 0) {
            throw failure(
                    status,
                    "cudnnConvolution" + suffix(pass),
                    "algo=" + algorithm + ", workSpaceSizeInBytes=" + workspaceBytes);
        }
    }

    /// c = alpha · a + beta · c, where an extent 1 of a is repeated.
    static void addTensor(
            MemorySegment handle,
            MemorySegment alpha,
            MemorySegment aDescriptor,
            MemorySegment a,
            MemorySegment beta,
            MemorySegment cDescriptor,
            MemorySegment c) {
        int status;
        try {
            status = (int) cudnnAddTensor.invokeExact(handle, alpha, aDescriptor, a, beta, cDescriptor, c);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        check(status, "cudnnAddTensor", "");
    }

    /// y = alpha · f(x) + beta · y.
    static void activationForward(
            MemorySegment handle,
            MemorySegment activation,
            MemorySegment alpha,
            MemorySegment descriptor,
            MemorySegment x,
            MemorySegment beta,
            MemorySegment y) {
        int status;
        try {
            status = (int)
                    cudnnActivationForward.invokeExact(handle, activation, alpha, descriptor, x, beta, descriptor, y);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        check(status, "cudnnActivationForward", "");
    }

    /// dx = alpha · dy · f′(x) + beta · dx.
    static void activationBackward(
            MemorySegment handle,
            MemorySegment activation,
            MemorySegment alpha,
            MemorySegment descriptor,
            MemorySegment y,
            MemorySegment dy,
            MemorySegment x,
            MemorySegment beta,
            MemorySegment dx) {
        int status;
        try {
            status = (int) cudnnActivationBackward.invokeExact(
                    handle, activation, alpha, descriptor, y, descriptor, dy, descriptor, x, beta, descriptor, dx);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        check(status, "cudnnActivationBackward", "");
    }

    /// See [Dnn#normaliseTraining]; alpha is 1 and beta 0.
    static void batchNormalizationForwardTraining(
            MemorySegment handle,
            MemorySegment one,
            MemorySegment zero,
            MemorySegment images,
            MemorySegment x,
            MemorySegment y,
            MemorySegment channels,
            MemorySegment scale,
            MemorySegment shift,
            double momentum,
            Dnn.Moments running,
            double epsilon,
            Dnn.Moments saved) {
        MemorySegment runningMean = running.mean();
        MemorySegment runningVariance = running.spread();
        MemorySegment savedMean = saved.mean();
        MemorySegment savedInverse = saved.spread();
        int status;
        try {
            status = (int) cudnnBatchNormalizationForwardTraining.invokeExact(
                    handle,
                    BATCHNORM_SPATIAL,
                    one,
                    zero,
                    images,
                    x,
                    images,
                    y,
                    channels,
                    scale,
                    shift,
                    momentum,
                    runningMean,
                    runningVariance,
                    epsilon,
                    savedMean,
                    savedInverse);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != 0) {
            throw failure(
                    status,
                    "cudnnBatchNormalizationForwardTraining",
                    "exponentialAverageFactor=" + momentum + ", epsilon=" + epsilon);
        }
    }

    /// See [Dnn#normaliseInference]; alpha is 1 and beta 0.
    static void batchNormalizationForwardInference(
            MemorySegment handle,
            MemorySegment one,
            MemorySegment zero,
            MemorySegment images,
            MemorySegment x,
            MemorySegment y,
            MemorySegment channels,
            MemorySegment scale,
            MemorySegment shift,
            Dnn.Moments running,
            double epsilon) {
        MemorySegment mean = running.mean();
        MemorySegment variance = running.spread();
        int status;
        try {
            status = (int) cudnnBatchNormalizationForwardInference.invokeExact(
                    handle,
                    BATCHNORM_SPATIAL,
                    one,
                    zero,
                    images,
                    x,
                    images,
                    y,
                    channels,
                    scale,
                    shift,
                    mean,
                    variance,
                    epsilon);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != 0) {
            throw failure(status, "cudnnBatchNormalizationForwardInference", "epsilon=" + epsilon);
        }
    }

    /// See [Dnn#normaliseGradient]; `beta` is the factor of all three results.
    static void batchNormalizationBackward(
            MemorySegment handle,
            MemorySegment one,
            MemorySegment beta,
            MemorySegment images,
            MemorySegment x,
            MemorySegment dy,
            MemorySegment dx,
            MemorySegment channels,
            MemorySegment scale,
            MemorySegment dscale,
            MemorySegment dshift,
            double epsilon,
            Dnn.Moments saved) {
        MemorySegment mean = saved.mean();
        MemorySegment inverse = saved.spread();
        int status;
        try {
            status = (int) cudnnBatchNormalizationBackward.invokeExact(
                    handle,
                    BATCHNORM_SPATIAL,
                    one,
                    beta,
                    one,
                    beta,
                    images,
                    x,
                    images,
                    dy,
                    images,
                    dx,
                    channels,
                    scale,
                    dscale,
                    dshift,
                    epsilon,
                    mean,
                    inverse);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != 0) {
            throw failure(status, "cudnnBatchNormalizationBackward", "epsilon=" + epsilon);
        }
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
