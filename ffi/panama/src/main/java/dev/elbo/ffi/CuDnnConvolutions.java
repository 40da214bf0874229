package dev.elbo.ffi;

import static java.lang.foreign.FunctionDescriptor.of;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.elbo.ffi.ConvolutionShape.Pass;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;

/// Convolutions by the calls of cuDNN that predate its graph interface. Checked; see [LegacyConvolution].
final class CuDnnConvolutions {
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

    private static final NativeLibrary LIB = CuDnn.library();

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

    private CuDnnConvolutions() {}

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
                throw CuDnn.failure(status, "cudnnGetConvolution" + CuDnn.suffix(pass) + "Algorithm_v7", "");
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
                throw CuDnn.failure(
                        status, "cudnnGetConvolution" + CuDnn.suffix(pass) + "WorkspaceSize", "algo=" + algorithm);
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
            throw CuDnn.failure(
                    status,
                    "cudnnConvolution" + CuDnn.suffix(pass),
                    "algo=" + algorithm + ", workSpaceSizeInBytes=" + workspaceBytes);
        }
    }
}
