package dev.elbo.runtime;

import dev.elbo.ffi.ConvolutionAlgorithm;
import dev.elbo.ffi.ConvolutionPlan;
import dev.elbo.ffi.ConvolutionShape.Pass;
import dev.elbo.ffi.ConvolutionTask;
import dev.elbo.ffi.CudaBindings;
import dev.elbo.ffi.Dnn;
import dev.elbo.ffi.Images;
import dev.elbo.ffi.Layout;
import dev.elbo.ffi.NativeException;
import dev.elbo.runtime.cpu.ConvolutionMath;
import dev.elbo.runtime.cpu.Unary;
import dev.elbo.runtime.ops.Window;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// The convolutions of a [CudaDevice].
///
/// cuDNN convolves, by its first deterministic choice for a task or by the fastest ([CudaTuning#algorithms]), so that
/// an eager, a captured and a resumed step make the same one. Elbo's own kernels do without it, in the fixed order, and
/// where cuDNN has no such choice or wants its
/// operands at rounder addresses. What follows elementwise is always Elbo's own, as in [CudaProducts].
///
/// A plan of a recorded step lives as long as the step, the others in a cache of bounded size.
final class CudaConvolutions {
    /// The most that an algorithm may take for its intermediate results; one for all, as work has one stream.
    private static final long MOST_WORKSPACE = 256L << 20;

    private static final long MOST_PIXELS = 1L << 30;
    private static final int CACHED = 256;

    /// Algorithms that are tried for a task.
    private static final int PROPOSED = 8;

    private final CudaDevice cuda;
    private final Arena owner;
    private final LinkedHashMap<ConvolutionTask, Prepared> eager = new LinkedHashMap<>(16, 0.75f, true);
    private final Map<ConvolutionTask, Optional<ConvolutionPlan>> recorded = new HashMap<>();
    private Arena recording;
    private Library library;

    /// What is opened at the first convolution.
    ///
    /// @param who convolves, and why, for people
    /// @param dnn null where convolutions run in Elbo's kernels
    private record Library(String who, Dnn dnn) {}

    /// What a task is done to.
    private record Operands(Tensor a, Tensor b, Tensor bias, Tensor result) {
        void run(ConvolutionPlan plan, MemorySegment result, MemorySegment room) {
            plan.run(a.data(), b.data(), bias == null ? MemorySegment.NULL : bias.data(), result, room);
        }
    }

    /// A plan of the cache.
    private record Prepared(Optional<ConvolutionPlan> plan, Arena owner) {}

    CudaConvolutions(CudaDevice cuda, Arena owner) {
        this.cuda = cuda;
        this.owner = owner;
    }

    String who() {
        return library().who;
    }

    void bind(
            String operation,
            ConvolutionShape shape,
            Tensor x,
            Tensor weight,
            Tensor bias,
            Tensor y,
            boolean first,
            Unary f,
            float parameter) {
        if (byLibrary(operation, shape, Pass.FORWARD, x, weight, bias, y, first)) {
            cuda.bindUnary(operation, y, f, parameter);
            return;
        }
        cuda.kernel("convolution_f32")
                .args(x, weight, bias, y)
                .args(geometry(shape))
                .args(f.ordinal(), parameter, first)
                .bind(operation);
    }

    void bindTransposed(
            String operation,
            ConvolutionShape shape,
            Tensor y,
            Tensor weight,
            Tensor bias,
            Tensor x,
            boolean first,
            Unary f,
            float parameter) {
        if (byLibrary(operation, shape, Pass.DATA_GRADIENT, weight, y, bias, x, first)) {
            cuda.bindUnary(operation, x, f, parameter);
            return;
        }
        Window window = shape.window();
        int rows = Math.ceilDiv(shape.height(), window.strideDown());
        int cols = Math.ceilDiv(shape.width(), window.strideAcross());
        cuda.kernel("convolution_input_pullback_f32")
                .args(y, weight, bias, x)
                .args(geometry(shape))
                .args(shape.n() * rows * cols, window.strideDown() * window.strideAcross())
                .args(f.ordinal(), parameter, first)
                .bind(operation);
    }

    void bindWeight(String operation, ConvolutionShape shape, Tensor x, Tensor dy, Tensor dWeight, boolean first) {
        if (byLibrary(operation, shape, Pass.FILTER_GRADIENT, x, dy, null, dWeight, first)) {
            return;
        }
        int parts = ConvolutionMath.parts(shape);
        int each = Math.toIntExact(Math.ceilDiv(shape.pixels(), (long) parts));
        int size = Math.toIntExact(dWeight.shape().size());
        MemorySegment scratch = cuda.workspace(operation, (long) parts * size * Float.BYTES);
        Tensor partials = new Tensor(Shape.of(parts, size), DType.F32, scratch, cuda);
        cuda.kernel("convolution_weight_pullback_f32")
                .args(dy, x, partials)
                .args(geometry(shape))
                .args(shape.patch(), parts, each)
                .bind(operation);
        cuda.kernel("convolution_weight_sums_pullback_f32")
                .args(partials, dWeight, size, parts, first)
                .bind(operation);
    }

    /// What Elbo's own kernels are told of a convolution.
    private static Object[] geometry(ConvolutionShape shape) {
        Window window = shape.window();
        if (Math.max(shape.pixels(), (long) shape.n() * shape.height() * shape.width()) > MOST_PIXELS) {
            throw new IllegalArgumentException("convolution: more pixels than Elbo's own kernel counts; x=" + shape.x()
                    + ", y=" + shape.y() + ", most=" + MOST_PIXELS);
        }
        return new Object[] {
            shape.n(),
            shape.height(),
            shape.width(),
            shape.channels(),
            shape.outputs(),
            window.height(),
            window.width(),
            shape.outHeight(),
            shape.outWidth(),
            window.strideDown(),
            window.strideAcross(),
            window.padDown(),
            window.padAcross()
        };
    }

    /// Binds `result = (result +) pass(a, b) + bias`, if cuDNN can.
    private boolean byLibrary(
            String operation,
            ConvolutionShape shape,
            Pass pass,
            Tensor a,
            Tensor b,
            Tensor bias,
            Tensor result,
            boolean first) {
        List<Tensor> buffers = bias == null ? List.of(a, b, result) : List.of(a, b, bias, result);
        if (library().dnn == null || !buffers.stream().allMatch(CudaConvolutions::isAligned)) {
            return false;
        }
        ConvolutionTask task = new ConvolutionTask(
                forLibrary(shape), pass, 1, first ? 0 : 1, bias != null, dev.elbo.ffi.Activation.NONE, false);
        Operands operands = new Operands(a, b, bias, result);
        Optional<ConvolutionPlan> chosen = plan(operation, task, operands);
        chosen.ifPresent(plan -> {
            int floats = Math.toIntExact(Math.ceilDiv(plan.algorithm().workspaceBytes(), Float.BYTES));
            MemorySegment room = cuda.workspace(operation, (long) floats * Float.BYTES);
            Tensor scratch = new Tensor(Shape.of(floats), DType.F32, room, cuda);
            cuda.bind(new CudaLaunch(
                    cuda,
                    operation,
                    CudaLaunch.Worker.OTHER,
                    Stream.concat(buffers.stream(), Stream.of(scratch)).toList(),
                    List.of(result, scratch),
                    () -> operands.run(plan, result.data(), room)));
        });
        return chosen.isPresent();
    }

    private static boolean isAligned(Tensor x) {
        return x.data().address() % ConvolutionPlan.ALIGNMENT == 0;
    }

    private dev.elbo.ffi.ConvolutionShape forLibrary(ConvolutionShape shape) {
        Window window = shape.window();
        Images images = new Images(shape.n(), shape.channels(), shape.height(), shape.width(), Layout.NHWC);
        return dev.elbo.ffi.ConvolutionShape.of(images, shape.outputs(), window.height(), window.width())
                .stride(window.strideDown(), window.strideAcross())
                .padding(window.padDown(), window.padAcross())
                .in(cuda.libraryPrecision());
    }

    private Optional<ConvolutionPlan> plan(String operation, ConvolutionTask task, Operands operands) {
        Arena step = cuda.recordingOwner();
        if (step != null) {
            if (recording != step) {
                recorded.clear();
                recording = step;
            }
            return recorded.computeIfAbsent(task, missing -> prepare(operation, missing, operands, step));
        }
        Prepared prepared = eager.computeIfAbsent(task, missing -> {
            Arena frame = Arena.ofConfined();
            try {
                return new Prepared(prepare(operation, missing, operands, frame), frame);
            } catch (Throwable t) {
                try (Arena _ = frame) {
                    throw t;
                }
            }
        });
        if (eager.size() > CACHED) {
            eager.pollFirstEntry().getValue().owner.close();
        }
        return prepared.plan;
    }

    private Optional<ConvolutionPlan> prepare(
            String operation, ConvolutionTask task, Operands operands, Arena plansOwner) {
        cuda.enter();
        Dnn dnn = library().dnn;
        int count = cuda.options().tuning().algorithms().isPresent() ? PROPOSED : 1;
        try {
            List<ConvolutionAlgorithm> proposed = dnn.algorithms(task, MOST_WORKSPACE, count);
            if (proposed.isEmpty()) {
                return Optional.empty();
            }
            ConvolutionAlgorithm chosen = count == 1 ? proposed.getFirst() : fastest(dnn, task, proposed, operands);
            return Optional.of(dnn.plan(task, chosen, plansOwner));
        } catch (NativeException e) {
            throw CudaDevice.told(e, "operation=" + operation + ", pass=" + task.pass() + ", " + task.shape());
        }
    }

    /// Tried on the operands themselves and a result of its own, which nobody reads.
    private ConvolutionAlgorithm fastest(
            Dnn dnn, ConvolutionTask task, List<ConvolutionAlgorithm> proposed, Operands operands) {
        Map<String, ConvolutionAlgorithm> ways = new LinkedHashMap<>();
        proposed.forEach(each -> ways.put(each.name(), each));
        long most = proposed.stream()
                .mapToLong(ConvolutionAlgorithm::workspaceBytes)
                .max()
                .orElse(0);
        Map<String, ConvolutionPlan> plans = new HashMap<>();
        try (Arena frame = Arena.ofConfined()) {
            long bytes = operands.result.bytes();
            MemorySegment result = cuda.reserve(bytes, frame);
            MemorySegment room = cuda.reserve(most, frame);
            cuda.stream().fillBytes(result, (byte) 0, bytes);
            String fastest = cuda.fastest(
                    "cuDNN %s, %s".formatted(dnn.version(), task),
                    List.copyOf(ways.keySet()),
                    way -> operands.run(
                            plans.computeIfAbsent(way, _ -> dnn.plan(task, ways.get(way), frame)), result, room));
            return ways.get(fastest);
        }
    }

    private Library library() {
        if (library == null) {
            CudaBindings.Choice choice = CudaBindings.ofProcess().dnn();
            if (cuda.options().fixedOrder()) {
                library = new Library("Elbo's own kernels: the fixed order was asked for", null);
            } else if (!choice.available()) {
                library = new Library("Elbo's own kernels: " + choice.why(), null);
            } else {
                cuda.enter();
                Dnn dnn = choice.binding().dnn(cuda.stream().handle(), owner);
                library = new Library("cuDNN: " + choice.why(), dnn);
            }
        }
        return library;
    }

    /// Ends the plans of the cache; those of steps end with them.
    void close() {
        eager.values().forEach(prepared -> prepared.owner.close());
        eager.clear();
    }
}
