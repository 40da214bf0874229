package dev.elbo.simulator.dnn;

import dev.elbo.simulator.dnn.Convolution.Pass;
import dev.elbo.simulator.library.NumberType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What descriptors of the graph interface amount to when they are finished.
final class BackendParts {
    /// The engines for a graph.
    record Heuristic(OperationGraph graph, List<Engine> engines) {}

    /// An engine for a graph.
    record EngineFor(OperationGraph graph, Engine engine) {}

    /// An engine with its knobs set.
    record Configuration(EngineFor engine) {}

    /// The setting of a knob.
    record Knob(int type, long value) {}

    /// An engine that has taken its graph.
    record Plan(CudnnHandle handle, EngineFor engine) {
        long workspace() {
            return engine.engine.workspace(engine.graph);
        }
    }

    /// Memory for the tensors of a graph.
    record VariantPack(Map<Long, Long> addresses, long workspace) {}

    /// The function of a pointwise operation.
    record Function(PointwiseFunction function) {}

    private static final int FALLBACK = 2;

    private final DnnCalls dnn;

    BackendParts(DnnCalls dnn) {
        this.dnn = dnn;
    }

    /// What a descriptor means now.
    Object of(BackendDescriptor d) {
        return switch (d.kind) {
            case 0 -> new Function(PointwiseFunction.of(d));
            case 1 -> geometry(d);
            case 2 -> engine(d);
            case 3 -> new Configuration(part(d.one(300), EngineFor.class));
            case 4 -> heuristic(d);
            case 5 -> plan(d);
            case 7 -> new Knob((int) d.one(600), d.one(601));
            case 10 -> convolving(d, Pass.FORWARD, 700, 704, 703, 705);
            case 11 -> convolving(d, Pass.FILTER, 712, 716, 715, 717);
            case 12 -> convolving(d, Pass.DATA, 706, 710, 709, 711);
            case 13 -> pointwise(d);
            case 15 -> graph(d);
            case 16 -> pack(d);
            case 17 -> BackendTensor.of(d);
            default -> throw DnnStatus.NOT_SUPPORTED.because("descriptor kind=" + d.kind);
        };
    }

    private <T> T part(long descriptor, Class<T> kind) {
        return dnn.get(descriptor, BackendDescriptor.class).meaning(kind);
    }

    private static Convolution geometry(BackendDescriptor d) {
        if (TensorShape.type((int) d.one(100)) != NumberType.F32) {
            throw DnnStatus.NOT_SUPPORTED.because("compute type=" + d.one(100));
        }
        if (d.one(106) != 2) throw DnnStatus.NOT_SUPPORTED.because("spatial dimensions=" + d.one(106));
        long[] dilations = d.all(102);
        long[] strides = d.all(103);
        long[] post = d.all(104);
        long[] pre = d.all(105);
        if (!java.util.Arrays.equals(pre, post)) throw DnnStatus.NOT_SUPPORTED.because("padding of two sizes");
        return new Convolution(
                (int) pre[0],
                (int) pre[1],
                (int) strides[0],
                (int) strides[1],
                (int) dilations[0],
                (int) dilations[1],
                d.one(101) == 0,
                1);
    }

    /// @param alpha number of the attribute alpha, which beta and the geometry follow
    private Operation convolving(BackendDescriptor d, Pass pass, int alpha, int x, int w, int y) {
        Operation.Convolving operation = new Operation.Convolving(
                pass,
                part(d.one(alpha + 2), Convolution.class),
                part(d.one(x), BackendTensor.class),
                part(d.one(w), BackendTensor.class),
                part(d.one(y), BackendTensor.class),
                d.real(alpha, 1),
                d.real(alpha + 1, 0));
        operation
                .convolution()
                .check(
                        operation.x().shape(),
                        operation.w().shape(),
                        operation.y().shape());
        return operation;
    }

    private Operation pointwise(BackendDescriptor d) {
        PointwiseFunction function = part(d.one(750), Function.class).function().scaled(d.real(754, 1), d.real(755, 1));
        BackendTensor x = part(d.one(751), BackendTensor.class);
        if (function.gradient()) {
            return new Operation.Pointwise(
                    function, x, part(d.one(757), BackendTensor.class), part(d.one(756), BackendTensor.class));
        }
        BackendTensor b = function.binary() ? part(d.one(752), BackendTensor.class) : null;
        return new Operation.Pointwise(function, x, b, part(d.one(753), BackendTensor.class));
    }

    private OperationGraph graph(BackendDescriptor d) {
        dnn.handle(d.one(800));
        List<Operation> operations = new ArrayList<>();
        for (long each : d.all(801)) operations.add(part(each, Operation.class));
        if (operations.isEmpty()) throw DnnStatus.BAD_PARAM.because("a graph without operations");
        return OperationGraph.of(operations);
    }

    private Heuristic heuristic(BackendDescriptor d) {
        OperationGraph graph = part(d.one(201), OperationGraph.class);
        List<Engine> engines = Engine.of(graph, d.one(200) == FALLBACK);
        if (engines.isEmpty()) throw DnnStatus.NOT_SUPPORTED.because("no engine for this graph");
        return new Heuristic(graph, engines);
    }

    private EngineFor engine(BackendDescriptor d) {
        OperationGraph graph = part(d.one(1300), OperationGraph.class);
        return new EngineFor(graph, Engine.of(graph, d.one(1301)));
    }

    private Plan plan(BackendDescriptor d) {
        EngineFor engine = part(d.one(401), Configuration.class).engine();
        CudnnHandle handle = dnn.handle(d.one(400));
        // A compiled engine loads a module, which a strict capture does not allow.
        if (engine.engine().compiles()) dnn.driver.refuseUnsafe("compilation of an engine");
        engine.engine().accept(engine.graph(), dnn.driver.configuration().computeCapability());
        return new Plan(handle, engine);
    }

    private static VariantPack pack(BackendDescriptor d) {
        long[] ids = d.all(1000);
        long[] addresses = d.all(1001);
        if (ids.length != addresses.length) {
            throw DnnStatus.BAD_PARAM.because("ids=" + ids.length + ", pointers=" + addresses.length);
        }
        Map<Long, Long> bound = new HashMap<>();
        for (int i = 0; i < ids.length; i++) bound.put(ids[i], addresses[i]);
        return new VariantPack(bound, d.one(1003, 0));
    }
}
