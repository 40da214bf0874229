package dev.elbo.ffi;

import dev.elbo.ffi.BackendDescriptor.Kind;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// A convolution by cuDNN's graph interface, where bias and activation are fused into it.
///
/// ```
/// first, second → convolution → [+ bias] → [activation] → result
/// ```
///
/// An engine of the library computes the whole graph in one call. Which engine, and how its knobs stand, is the
/// algorithm's name.
final class GraphConvolution implements ConvolutionPlan {
    // What each tensor is called in the graph and in the variant pack; any distinct numbers will do.
    private static final long FIRST = 'a';
    private static final long SECOND = 'b';
    private static final long BIAS = 'c';
    private static final long RESULT = 'r';
    private static final long CONVOLVED = 's';
    private static final long BIASED = 't';

    // cudnnBackendHeurMode_t: the model-based list, then the engines that always work
    private static final int HEURISTIC_A = 3;
    private static final int HEURISTIC_FALLBACK = 2;

    private static final int PROPAGATE_NAN = 1;

    // cudnnPointwiseMode_t
    private static final int POINTWISE_ADD = 0;
    private static final int POINTWISE_RELU = 100;
    private static final int POINTWISE_TANH = 101;
    private static final int POINTWISE_SIGMOID = 102;

    private final CuDnnHandle handle;
    private final ConvolutionTask task;
    private final BackendDescriptor plan;
    private final ConvolutionAlgorithm algorithm;

    GraphConvolution(CuDnnHandle handle, ConvolutionTask task, Engine engine, Arena owner) {
        this.handle = handle;
        this.task = task;
        plan = plan(handle.use(), engine.configuration(graph(handle.use(), task, owner), owner), owner);
        algorithm = new ConvolutionAlgorithm(engine.name(), plan.getLong(Attribute.PLAN_WORKSPACE_SIZE));
    }

    /// Whether the graph interface can say `task` at all: what r held can only be added to a bare convolution.
    static boolean expresses(ConvolutionTask task) {
        return task.beta() == 0 || !task.biased() && task.activation() == Activation.NONE;
    }

    /// The engines for `task` that are deterministic, keep its precision, and accept it.
    static List<ConvolutionAlgorithm> algorithms(
            MemorySegment handle, ConvolutionTask task, long workspaceLimit, int count) {
        try (Arena frame = Arena.ofConfined()) {
            List<BackendDescriptor> proposed = supported(task, () -> graph(handle, task, frame))
                    .map(graph -> Stream.of(HEURISTIC_A, HEURISTIC_FALLBACK)
                            .flatMap(mode -> heuristic(task, graph, mode, frame).stream())
                            .toList())
                    .orElse(List.of());
            Map<String, ConvolutionAlgorithm> found = new LinkedHashMap<>();
            for (BackendDescriptor configuration : proposed) {
                Engine engine = Engine.of(configuration, frame);
                if (found.size() < count && engine.fits(task.shape().precision())) {
                    accepted(handle, task, engine, configuration, frame)
                            .filter(a -> a.workspaceBytes() <= workspaceLimit)
                            .ifPresent(a -> found.putIfAbsent(a.name(), a));
                }
            }
            return List.copyOf(found.values());
        }
    }

    private static List<BackendDescriptor> heuristic(
            ConvolutionTask task, BackendDescriptor graph, int mode, Arena owner) {
        BackendDescriptor heuristic = BackendDescriptor.of(Kind.HEURISTIC, owner)
                .descriptor(Attribute.HEURISTIC_GRAPH, graph)
                .value(Attribute.HEURISTIC_MODE, BackendDescriptor.HEURISTIC_MODE, mode);
        return supported(task, heuristic::finish)
                .map(ready -> ready.getDescriptors(
                        Attribute.HEURISTIC_RESULTS,
                        Kind.ENGINE_CONFIGURATION,
                        ready.countDescriptors(Attribute.HEURISTIC_RESULTS),
                        owner))
                .orElse(List.of());
    }

    /// A heuristic only guesses; whether an engine takes the graph is known once a plan is finished.
    private static Optional<ConvolutionAlgorithm> accepted(
            MemorySegment handle, ConvolutionTask task, Engine engine, BackendDescriptor configuration, Arena owner) {
        return supported(task, () -> plan(handle, configuration, owner))
                .map(plan -> new ConvolutionAlgorithm(engine.name(), plan.getLong(Attribute.PLAN_WORKSPACE_SIZE)));
    }

    /// Empty if cuDNN says that it has no support, which is an answer; any other failure is one. To tensors of two
    /// types that it does not know together it may answer that a parameter is bad.
    private static Optional<BackendDescriptor> supported(ConvolutionTask task, Supplier<BackendDescriptor> finish) {
        try {
            return Optional.of(finish.get());
        } catch (NativeException refused) {
            boolean twoTypes = CuDnn.operandType(task) != CuDnn.resultType(task);
            if (CuDnn.notSupported(refused.status()) || twoTypes && CuDnn.badParameter(refused.status())) {
                return Optional.empty();
            }
            throw refused;
        }
    }

    private static BackendDescriptor plan(MemorySegment handle, BackendDescriptor configuration, Arena owner) {
        return BackendDescriptor.of(Kind.PLAN, owner)
                .handle(Attribute.PLAN_HANDLE, handle)
                .descriptor(Attribute.PLAN_CONFIGURATION, configuration)
                .finish();
    }

    private static BackendDescriptor graph(MemorySegment handle, ConvolutionTask task, Arena owner) {
        Images shape = task.shape().result(task.pass());
        boolean activated = task.activation() != Activation.NONE;
        List<BackendDescriptor> operations = new ArrayList<>();
        boolean bare = !task.biased() && !activated;
        BackendDescriptor last = bare
                ? tensor(shape, CuDnn.resultType(task), RESULT, false, owner)
                : tensor(shape, CuDnn.DATA_FLOAT, CONVOLVED, true, owner);
        operations.add(convolution(task, last, owner));
        if (task.biased()) {
            Images each = new Images(1, shape.channels(), 1, 1, shape.layout());
            BackendDescriptor bias = tensor(each, CuDnn.DATA_FLOAT, BIAS, false, owner);
            BackendDescriptor sum = tensor(shape, CuDnn.DATA_FLOAT, activated ? BIASED : RESULT, activated, owner);
            operations.add(pointwise(POINTWISE_ADD, last, owner)
                    .descriptor(Attribute.POINTWISE_B, bias)
                    .descriptor(Attribute.POINTWISE_Y, sum)
                    .finish());
            last = sum;
        }
        if (activated) {
            operations.add(pointwise(mode(task.activation()), last, owner)
                    .descriptor(Attribute.POINTWISE_Y, tensor(shape, CuDnn.DATA_FLOAT, RESULT, false, owner))
                    .finish());
        }
        return BackendDescriptor.of(Kind.GRAPH, owner)
                .descriptors(Attribute.GRAPH_OPERATIONS, operations)
                .handle(Attribute.GRAPH_HANDLE, handle)
                .finish();
    }

    private static BackendDescriptor convolution(ConvolutionTask task, BackendDescriptor result, Arena owner) {
        ConvolutionShape c = task.shape();
        BackendDescriptor geometry = BackendDescriptor.of(Kind.CONVOLUTION, owner)
                .value(Attribute.CONVOLUTION_COMPUTE_TYPE, BackendDescriptor.DATA_TYPE, CuDnn.DATA_FLOAT)
                .value(Attribute.CONVOLUTION_MODE, BackendDescriptor.CONVOLUTION_MODE, CuDnn.CROSS_CORRELATION)
                .longs(Attribute.CONVOLUTION_SPATIAL_DIMENSIONS, 2)
                .longs(Attribute.CONVOLUTION_PRE_PADDINGS, c.padH(), c.padW())
                .longs(Attribute.CONVOLUTION_POST_PADDINGS, c.padH(), c.padW())
                .longs(Attribute.CONVOLUTION_STRIDES, c.strideH(), c.strideW())
                .longs(Attribute.CONVOLUTION_DILATIONS, c.dilationH(), c.dilationW())
                .finish();
        Attribute.Convolving names = Attribute.Convolving.of(task.pass());
        int type = CuDnn.operandType(task);
        return BackendDescriptor.of(names.kind(), owner)
                .descriptor(names.geometry(), geometry)
                .descriptor(names.first(), tensor(c.first(task.pass()), type, FIRST, false, owner))
                .descriptor(names.second(), tensor(c.second(task.pass()), type, SECOND, false, owner))
                .descriptor(names.result(), result)
                .real(names.alpha(), task.alpha())
                .real(names.beta(), task.beta())
                .finish();
    }

    private static BackendDescriptor pointwise(int mode, BackendDescriptor x, Arena owner) {
        BackendDescriptor function = BackendDescriptor.of(Kind.POINTWISE, owner)
                .value(Attribute.POINTWISE_MODE, BackendDescriptor.POINTWISE_MODE, mode)
                .value(Attribute.POINTWISE_PRECISION, BackendDescriptor.DATA_TYPE, CuDnn.DATA_FLOAT)
                .value(Attribute.POINTWISE_NAN, BackendDescriptor.NAN_PROPAGATION, PROPAGATE_NAN)
                .finish();
        return BackendDescriptor.of(Kind.POINTWISE_OPERATION, owner)
                .descriptor(Attribute.POINTWISE_FUNCTION, function)
                .descriptor(Attribute.POINTWISE_X, x);
    }

    private static int mode(Activation activation) {
        return switch (activation) {
            case RELU -> POINTWISE_RELU;
            case TANH -> POINTWISE_TANH;
            case SIGMOID -> POINTWISE_SIGMOID;
            case NONE -> throw new IllegalArgumentException("activation: nothing to apply; activation=NONE");
        };
    }

    /// @param type    `cudnnDataType_t`
    /// @param virtual whether the tensor only passes from one operation to the next
    private static BackendDescriptor tensor(Images shape, int type, long id, boolean virtual, Arena owner) {
        return BackendDescriptor.of(Kind.TENSOR, owner)
                .value(Attribute.TENSOR_DATA_TYPE, BackendDescriptor.DATA_TYPE, type)
                .longs(Attribute.TENSOR_DIMENSIONS, shape.n(), shape.channels(), shape.height(), shape.width())
                .longs(Attribute.TENSOR_STRIDES, shape.strides())
                .longs(Attribute.TENSOR_ID, id)
                .longs(Attribute.TENSOR_ALIGNMENT, ConvolutionPlan.ALIGNMENT)
                .bool(Attribute.TENSOR_IS_VIRTUAL, virtual)
                .finish();
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
        List<MemorySegment> pointers = new ArrayList<>(List.of(first, second, result));
        if (task.biased()) {
            ConvolutionPlan.require(algorithm, workspace, bias);
            pointers.add(bias);
        }
        long[] ids = task.biased() ? new long[] {FIRST, SECOND, RESULT, BIAS} : new long[] {FIRST, SECOND, RESULT};
        try (Arena frame = Arena.ofConfined()) {
            BackendDescriptor pack = BackendDescriptor.of(Kind.VARIANT_PACK, frame)
                    .longs(Attribute.PACK_IDS, ids)
                    .pointers(Attribute.PACK_POINTERS, pointers)
                    .pointers(Attribute.PACK_WORKSPACE, List.of(workspace))
                    .finish();
            CuDnnBackend.execute(handle.use(), plan.pointer(), pack.pointer());
        }
    }
}
