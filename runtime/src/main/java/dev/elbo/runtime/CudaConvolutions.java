package dev.elbo.runtime;

import dev.elbo.ffi.ConvolutionAlgorithm;
import dev.elbo.ffi.ConvolutionPlan;
import dev.elbo.ffi.ConvolutionShape.Pass;
import dev.elbo.ffi.ConvolutionTask;
import dev.elbo.ffi.CudaBindings;
import dev.elbo.ffi.DevicePointer;
import dev.elbo.ffi.Dnn;
import dev.elbo.ffi.Images;
import dev.elbo.ffi.Layout;
import dev.elbo.ffi.NativeException;
import dev.elbo.ffi.Precision;
import dev.elbo.runtime.cpu.ConvolutionMath;
import dev.elbo.runtime.cpu.Unary;
import dev.elbo.runtime.ops.Window;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// The convolutions of a [CudaDevice].
///
/// cuDNN convolves, by its first deterministic choice for a task or by the fastest ([CudaTuning#algorithms]), so that
/// an eager, a captured and a resumed step make the same one. Elbo's own kernels do without it, in the fixed order, and
/// where cuDNN has no such choice or wants its operands at rounder addresses. What follows elementwise is always Elbo's
/// own, as in [CudaProducts].
///
/// In BF16 cuDNN is given operands that are rounded already ([CudaRounded]), and its result is f32; where it has
/// nothing for such a pair of types, the result is bf16 and widened. Channels that do not go by eights are TF32.
///
/// A plan of a recorded step lives as long as the step, the others in a cache of bounded size.
final class CudaConvolutions {
    /// The most that an algorithm may take for its intermediate results; one for all, as work has one stream.
    private static final long MOST_WORKSPACE = 256L << 20;

    private static final long MOST_PIXELS = 1L << 30;
    private static final int CACHED = 256;

    /// Algorithms that are tried for a task.
    private static final int PROPOSED = 8;

    /// The oldest GPUs with units for bf16: Ampere.
    private static final int AMPERE = 80;

    /// What those units eat at a time.
    private static final int BF16_CHANNELS = 8;

    /// Bytes; better aligned than that is nothing better.
    private static final int ALIGNED = 256;

    private final CudaDevice cuda;
    private final Arena owner;
    private final LinkedHashMap<ConvolutionTask, Prepared> eager = new LinkedHashMap<>(16, 0.75f, true);
    private final Map<ConvolutionTask, Optional<Chosen>> recorded = new HashMap<>();
    private final CudaRounded rounded;
    private Arena recording;
    private Library library;

    /// What is opened at the first convolution.
    ///
    /// @param who convolves, and why, for people
    /// @param dnn null where convolutions run in Elbo's kernels
    private record Library(String who, Dnn dnn) {}

    /// What a task is done to: f32, of BF16 words of two numbers each.
    private record Operands(Tensor a, Tensor b, Tensor bias, Tensor result) {
        List<Tensor> all() {
            return bias == null ? List.of(a, b, result) : List.of(a, b, bias, result);
        }
    }

    /// One way to do a task: as it is, or into a result of bf16 that Elbo's own kernel widens.
    private record Way(ConvolutionTask task, ConvolutionAlgorithm algorithm) {
        String name() {
            return (task.rounded() ? "into bf16 by " : "") + algorithm.name();
        }
    }

    /// A way made ready.
    private record Chosen(ConvolutionTask task, ConvolutionPlan plan) {}

    /// What the cache has for a task.
    private record Prepared(Optional<Chosen> chosen, Arena owner) {}

    CudaConvolutions(CudaDevice cuda, Arena owner) {
        this.cuda = cuda;
        this.owner = owner;
        rounded = new CudaRounded(cuda);
    }

    /// What is told of each launch, so that no copy in bf16 outlives what it is of.
    CudaRounded rounded() {
        return rounded;
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
        Operands operands = new Operands(a, b, bias, result);
        if (library().dnn == null || !operands.all().stream().allMatch(CudaConvolutions::isAligned)) {
            return false;
        }
        Precision precision = cuda.libraryPrecision();
        if (precision == Precision.BF16) {
            ConvolutionTask task = task(shape, precision, pass, bias, first);
            if (multipliesBf16(shape) && inBf16(operation, task, operands)) {
                return true;
            }
            precision = Precision.TF32;
        }
        return inF32(operation, task(shape, precision, pass, bias, first), operands);
    }

    private static boolean isAligned(Tensor x) {
        return x.data().address() % ConvolutionPlan.ALIGNMENT == 0;
    }

    /// Images of three channels would be padded to eight: their layers have little to multiply and much to copy.
    private boolean multipliesBf16(ConvolutionShape shape) {
        return cuda.computeCapability() >= AMPERE
                && shape.channels() % BF16_CHANNELS == 0
                && shape.outputs() % BF16_CHANNELS == 0;
    }

    private static ConvolutionTask task(
            ConvolutionShape shape, Precision precision, Pass pass, Tensor bias, boolean first) {
        Window window = shape.window();
        Images images = new Images(shape.n(), shape.channels(), shape.height(), shape.width(), Layout.NHWC);
        dev.elbo.ffi.ConvolutionShape known = dev.elbo.ffi.ConvolutionShape.of(
                        images, shape.outputs(), window.height(), window.width())
                .stride(window.strideDown(), window.strideAcross())
                .padding(window.padDown(), window.padAcross())
                .in(precision);
        return new ConvolutionTask(known, pass, 1, first ? 0 : 1, bias != null, dev.elbo.ffi.Activation.NONE, false);
    }

    private boolean inF32(String operation, ConvolutionTask task, Operands operands) {
        Optional<Chosen> chosen = chosen(operation, task, () -> operands);
        chosen.ifPresent(found -> bind(operation, task, found, operands));
        return chosen.isPresent();
    }

    private boolean inBf16(String operation, ConvolutionTask task, Operands f32) {
        try (Arena frame = Arena.ofConfined()) {
            Supplier<Operands> operands = () -> new Operands(
                    rounded.of(operation, f32.a, frame), rounded.of(operation, f32.b, frame), f32.bias, f32.result);
            Optional<Chosen> chosen = chosen(operation, task, operands);
            chosen.ifPresent(found -> bind(operation, task, found, operands.get()));
            return chosen.isPresent();
        }
    }

    private void bind(String operation, ConvolutionTask task, Chosen chosen, Operands operands) {
        ConvolutionPlan plan = chosen.plan;
        long narrow = chosen.task.rounded() ? CudaRounded.bytes(operands.result) : 0;
        long past = Math.ceilDiv(narrow, ALIGNED) * ALIGNED;
        int floats = Math.toIntExact(Math.ceilDiv(plan.algorithm().workspaceBytes(), Float.BYTES));
        MemorySegment scratch = cuda.workspace(operation, past + (long) floats * Float.BYTES);
        Tensor room = new Tensor(Shape.of(floats), DType.F32, DevicePointer.at(scratch, past), cuda);
        if (narrow == 0) {
            bind(operation, plan, operands, room);
            return;
        }
        Tensor words = CudaRounded.words(operands.result, scratch, cuda);
        bind(operation, plan, new Operands(operands.a, operands.b, null, words), room);
        widened(task, words, operands.bias, operands.result).bind(operation);
    }

    private void bind(String operation, ConvolutionPlan plan, Operands operands, Tensor room) {
        cuda.bind(new CudaLaunch(
                cuda,
                operation,
                CudaLaunch.Worker.OTHER,
                Stream.concat(operands.all().stream(), Stream.of(room)).toList(),
                List.of(operands.result, room),
                () -> run(plan, operands, operands.result.data(), room.data())));
    }

    private static void run(ConvolutionPlan plan, Operands operands, MemorySegment result, MemorySegment room) {
        MemorySegment bias = operands.bias == null ? MemorySegment.NULL : operands.bias.data();
        plan.run(operands.a.data(), operands.b.data(), bias, result, room);
    }

    /// y = (y +) words + bias, as the task says.
    private KernelCall widened(ConvolutionTask task, Tensor words, Tensor bias, Tensor y) {
        int channels = task.shape().result(task.pass()).channels();
        return cuda.kernel("widen_bf16").args(words, bias, y, y.shape().size(), channels, task.beta() == 0);
    }

    /// @param operands made if ways are timed
    private Optional<Chosen> chosen(String operation, ConvolutionTask task, Supplier<Operands> operands) {
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
        return prepared.chosen;
    }

    private Optional<Chosen> prepare(
            String operation, ConvolutionTask task, Supplier<Operands> operands, Arena plansOwner) {
        cuda.enter();
        boolean timed = cuda.options().tuning().algorithms().isPresent();
        try {
            List<Way> ways = ways(task, timed);
            if (ways.isEmpty()) {
                return Optional.empty();
            }
            Way way = timed ? fastest(task, ways, operands.get()) : ways.getFirst();
            return Optional.of(new Chosen(way.task, library().dnn.plan(way.task, way.algorithm, plansOwner)));
        } catch (NativeException e) {
            throw CudaDevice.told(e, "operation=" + operation + ", pass=" + task.pass() + ", " + task.shape());
        }
    }

    /// What cuDNN proposes; a result of bf16 only if there is nothing else, or all are tried.
    private List<Way> ways(ConvolutionTask task, boolean timed) {
        List<ConvolutionTask> tasks = new ArrayList<>(List.of(task));
        if (task.shape().precision() == Precision.BF16) {
            tasks.add(ConvolutionTask.of(task.shape(), task.pass()).intoBf16());
        }
        List<Way> ways = new ArrayList<>();
        for (ConvolutionTask each : tasks) {
            if (timed || ways.isEmpty()) {
                library().dnn.algorithms(each, MOST_WORKSPACE, timed ? PROPOSED : 1).stream()
                        .map(algorithm -> new Way(each, algorithm))
                        .forEach(ways::add);
            }
        }
        return ways;
    }

    /// Tried on the operands themselves and a result of its own, which nobody reads.
    private Way fastest(ConvolutionTask task, List<Way> proposed, Operands operands) {
        Dnn dnn = library().dnn;
        Map<String, Way> ways = new LinkedHashMap<>();
        proposed.forEach(each -> ways.put(each.name(), each));
        long most = proposed.stream()
                .mapToLong(each -> each.algorithm.workspaceBytes())
                .max()
                .orElse(0);
        Map<String, ConvolutionPlan> plans = new HashMap<>();
        try (Arena frame = Arena.ofConfined()) {
            Tensor real = operands.result;
            Tensor result = new Tensor(real.shape(), DType.F32, cuda.reserve(real.bytes(), frame), cuda);
            Tensor words = CudaRounded.words(real, cuda.reserve(CudaRounded.bytes(real), frame), cuda);
            MemorySegment room = cuda.reserve(most, frame);
            cuda.stream().fillBytes(result.data(), (byte) 0, real.bytes());
            String fastest =
                    cuda.fastest("cuDNN %s, %s".formatted(dnn.version(), task), List.copyOf(ways.keySet()), name -> {
                        Way way = ways.get(name);
                        ConvolutionPlan plan =
                                plans.computeIfAbsent(name, _ -> dnn.plan(way.task, way.algorithm, frame));
                        run(plan, operands, (way.task.rounded() ? words : result).data(), room);
                        if (way.task.rounded()) {
                            widened(task, words, operands.bias, result).run();
                        }
                    });
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
