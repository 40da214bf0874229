package dev.elbo.ffi.jcuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.elbo.ffi.Activation;
import dev.elbo.ffi.ConvolutionAlgorithm;
import dev.elbo.ffi.ConvolutionPlan;
import dev.elbo.ffi.ConvolutionShape;
import dev.elbo.ffi.ConvolutionShape.Pass;
import dev.elbo.ffi.ConvolutionTask;
import dev.elbo.ffi.CuDnn;
import dev.elbo.ffi.LegacyAlgorithm;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntSupplier;
import jcuda.Pointer;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnActivationDescriptor;
import jcuda.jcudnn.cudnnConvolutionBwdDataAlgoPerf;
import jcuda.jcudnn.cudnnConvolutionBwdFilterAlgoPerf;
import jcuda.jcudnn.cudnnConvolutionDescriptor;
import jcuda.jcudnn.cudnnConvolutionFwdAlgoPerf;
import jcuda.jcudnn.cudnnFilterDescriptor;
import jcuda.jcudnn.cudnnHandle;
import jcuda.jcudnn.cudnnTensorDescriptor;

/// A convolution through JCudnn; bias and activation follow as calls of their own.
final class JcudaConvolution implements ConvolutionPlan {
    private static final int MOST_ALGORITHMS = 24;
    private static final int CUDNN_STATUS_INTERNAL_ERROR = 4000;

    /// Stands in a message whose status is not the library's.
    static final String STATUS_LOST = "note=JCudnn lost the status";

    private final cudnnHandle handle;
    private final ConvolutionTask task;
    private final Shapes shapes;
    private final cudnnTensorDescriptor bias;
    private final cudnnActivationDescriptor activation;
    private final JcudaScalars ofHandle;
    private final MemorySegment alpha;
    private final MemorySegment beta;
    private final int number;
    private final ConvolutionAlgorithm algorithm;

    JcudaConvolution(
            cudnnHandle handle, JcudaScalars ofHandle, ConvolutionTask task, LegacyAlgorithm chosen, Arena owner) {
        this.handle = handle;
        this.ofHandle = ofHandle;
        this.task = task;
        number = chosen.algorithm();
        shapes = Shapes.of(task, chosen.math(), owner);
        alpha = owner.allocateFrom(JAVA_FLOAT, task.alpha());
        beta = owner.allocateFrom(JAVA_FLOAT, task.beta());
        int channels = task.shape().result(task.pass()).channels();
        bias = task.biased() ? JcudaDescriptors.channels(channels, owner) : null;
        activation =
                task.activation() == Activation.NONE ? null : JcudaDescriptors.activation(task.activation(), owner);
        algorithm = new ConvolutionAlgorithm(chosen.name(), workspaceBytes(handle, task.pass(), shapes, number));
    }

    /// x, w, y and how they are combined.
    private record Shapes(
            cudnnTensorDescriptor x,
            cudnnFilterDescriptor w,
            cudnnTensorDescriptor y,
            cudnnConvolutionDescriptor convolution) {
        static Shapes of(ConvolutionTask task, int math, Arena owner) {
            ConvolutionShape shape = task.shape();
            int type = CuDnn.operandType(task);
            return new Shapes(
                    JcudaDescriptors.tensor(shape.images(), type, owner),
                    JcudaDescriptors.filter(shape.weights(), type, owner),
                    JcudaDescriptors.tensor(shape.output(), type, owner),
                    JcudaDescriptors.convolution(shape, math, owner));
        }
    }

    /// One algorithm as JCudnn reports it, without the math type, which JCuda's native code leaves out.
    private record Offer(int algorithm, int status, int determinism) {}

    /// What the library offers for `task`, its favourite first.
    ///
    /// The descriptor fixes the math type that is asked with: what is offered in this one and in another is one
    /// algorithm, and its workspace is what the descriptor says.
    static List<LegacyAlgorithm> algorithms(cudnnHandle handle, ConvolutionTask task) {
        if (!LegacyAlgorithm.expresses(task)) {
            return List.of();
        }
        try (Arena frame = Arena.ofConfined()) {
            int math = LegacyAlgorithm.mathOf(task.shape().precision());
            Shapes s = Shapes.of(task, math, frame);
            List<Offer> offers = switch (task.pass()) {
                case FORWARD -> forward(handle, s);
                case DATA_GRADIENT -> dataGradient(handle, s);
                case FILTER_GRADIENT -> filterGradient(handle, s);
            };
            return offers.stream()
                    .filter(offer -> offer.status == 0)
                    .distinct()
                    .map(offer -> new LegacyAlgorithm(
                            offer.algorithm,
                            offer.status,
                            workspaceBytes(handle, task.pass(), s, offer.algorithm),
                            offer.determinism == 1,
                            math))
                    .toList();
        }
    }

    private static List<Offer> forward(cudnnHandle handle, Shapes s) {
        int[] count = new int[1];
        var offers = new cudnnConvolutionFwdAlgoPerf[MOST_ALGORITHMS];
        list(
                "cudnnGetConvolutionForwardAlgorithm_v7",
                () -> JCudnn.cudnnGetConvolutionForwardAlgorithm_v7(
                        handle, s.x, s.w, s.convolution, s.y, MOST_ALGORITHMS, count, offers));
        return Arrays.stream(offers, 0, count[0])
                .map(perf -> new Offer(perf.algo, perf.status, perf.determinism))
                .toList();
    }

    private static List<Offer> dataGradient(cudnnHandle handle, Shapes s) {
        int[] count = new int[1];
        var offers = new cudnnConvolutionBwdDataAlgoPerf[MOST_ALGORITHMS];
        list(
                "cudnnGetConvolutionBackwardDataAlgorithm_v7",
                () -> JCudnn.cudnnGetConvolutionBackwardDataAlgorithm_v7(
                        handle, s.w, s.y, s.convolution, s.x, MOST_ALGORITHMS, count, offers));
        return Arrays.stream(offers, 0, count[0])
                .map(perf -> new Offer(perf.algo, perf.status, perf.determinism))
                .toList();
    }

    private static List<Offer> filterGradient(cudnnHandle handle, Shapes s) {
        int[] count = new int[1];
        var offers = new cudnnConvolutionBwdFilterAlgoPerf[MOST_ALGORITHMS];
        list(
                "cudnnGetConvolutionBackwardFilterAlgorithm_v7",
                () -> JCudnn.cudnnGetConvolutionBackwardFilterAlgorithm_v7(
                        handle, s.x, s.y, s.convolution, s.w, MOST_ALGORITHMS, count, offers));
        return Arrays.stream(offers, 0, count[0])
                .map(perf -> new Offer(perf.algo, perf.status, perf.determinism))
                .toList();
    }

    /// Makes a call that lists algorithms.
    ///
    /// After such a call JCuda's native code copies as many results as the library has counted. A call that fails
    /// counts nothing; the copy then goes by whatever number lay there, and where that is too large, it throws and
    /// drops the status.
    private static void list(String function, IntSupplier call) {
        int status;
        try {
            status = call.getAsInt();
        } catch (ArrayIndexOutOfBoundsException _) {
            throw CuDnn.failure(CUDNN_STATUS_INTERNAL_ERROR, function, STATUS_LOST);
        }
        CuDnn.check(status, function, "");
    }

    private static long workspaceBytes(cudnnHandle handle, Pass pass, Shapes s, int number) {
        long[] bytes = new long[1];
        int status = switch (pass) {
            case FORWARD ->
                JCudnn.cudnnGetConvolutionForwardWorkspaceSize(handle, s.x, s.w, s.convolution, s.y, number, bytes);
            case DATA_GRADIENT ->
                JCudnn.cudnnGetConvolutionBackwardDataWorkspaceSize(
                        handle, s.w, s.y, s.convolution, s.x, number, bytes);
            case FILTER_GRADIENT ->
                JCudnn.cudnnGetConvolutionBackwardFilterWorkspaceSize(
                        handle, s.x, s.y, s.convolution, s.w, number, bytes);
        };
        if (status != 0) {
            throw CuDnn.failure(status, "cudnnGetConvolution" + CuDnn.suffix(pass) + "WorkspaceSize", "algo=" + number);
        }
        return bytes[0];
    }

    @Override
    public ConvolutionAlgorithm algorithm() {
        return algorithm;
    }

    @Override
    public void run(
            MemorySegment first,
            MemorySegment second,
            MemorySegment bias,
            MemorySegment result,
            MemorySegment workspace) {
        ConvolutionPlan.require(algorithm, workspace, first, second, result);
        Pointer one = ofHandle.one();
        Pointer a = JcudaPointers.of(first);
        Pointer b = JcudaPointers.of(second);
        Pointer r = JcudaPointers.of(result);
        convolve(a, b, r, JcudaPointers.of(workspace));
        cudnnTensorDescriptor shape = task.pass() == Pass.FORWARD ? shapes.y : shapes.x;
        if (task.biased()) {
            CuDnn.check(
                    JCudnn.cudnnAddTensor(handle, one, this.bias, JcudaPointers.of(bias), one, shape, r),
                    "cudnnAddTensor",
                    "");
        }
        if (task.activation() != Activation.NONE) {
            CuDnn.check(
                    JCudnn.cudnnActivationForward(handle, activation, one, shape, r, ofHandle.zero(), shape, r),
                    "cudnnActivationForward",
                    "");
        }
    }

    private void convolve(Pointer first, Pointer second, Pointer result, Pointer workspace) {
        Shapes s = shapes;
        Pointer alpha = JcudaPointers.of(this.alpha);
        Pointer beta = JcudaPointers.of(this.beta);
        long bytes = algorithm.workspaceBytes();
        int status = switch (task.pass()) {
            case FORWARD ->
                JCudnn.cudnnConvolutionForward(
                        handle,
                        alpha,
                        s.x,
                        first,
                        s.w,
                        second,
                        s.convolution,
                        number,
                        workspace,
                        bytes,
                        beta,
                        s.y,
                        result);
            case DATA_GRADIENT ->
                JCudnn.cudnnConvolutionBackwardData(
                        handle,
                        alpha,
                        s.w,
                        first,
                        s.y,
                        second,
                        s.convolution,
                        number,
                        workspace,
                        bytes,
                        beta,
                        s.x,
                        result);
            case FILTER_GRADIENT ->
                JCudnn.cudnnConvolutionBackwardFilter(
                        handle,
                        alpha,
                        s.x,
                        first,
                        s.y,
                        second,
                        s.convolution,
                        number,
                        workspace,
                        bytes,
                        beta,
                        s.w,
                        result);
        };
        if (status != 0) {
            throw CuDnn.failure(
                    status,
                    "cudnnConvolution" + CuDnn.suffix(task.pass()),
                    "algo=" + number + ", workSpaceSizeInBytes=" + bytes);
        }
    }
}
