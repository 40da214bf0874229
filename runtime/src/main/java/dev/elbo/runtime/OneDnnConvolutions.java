package dev.elbo.runtime;

import dev.elbo.ffi.onednn.Activation;
import dev.elbo.ffi.onednn.Arithmetic;
import dev.elbo.ffi.onednn.ChannelOrder;
import dev.elbo.ffi.onednn.Convolution;
import dev.elbo.ffi.onednn.Convolution.Direction;
import dev.elbo.ffi.onednn.Geometry;
import dev.elbo.ffi.onednn.Stage;
import dev.elbo.ffi.onednn.Window;
import dev.elbo.runtime.cpu.Binary;
import dev.elbo.runtime.cpu.Unary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Convolutions by oneDNN, and by products where a window covers its whole image.
///
/// Primitives are prepared once for each shape: those of a recorded step live as long as the step, the others
/// in a cache of bounded size. Activations are Elbo's own, so that they have the same accuracy whoever
/// convolves, and are applied to a block of images while it is in the cache. Only the leaky ReLU is oneDNN's,
/// which is exact; its ReLU loses a NaN.
final class OneDnnConvolutions implements CpuConvolutions {
    private static final int CACHED = 64;

    /// Of maps this small, oneDNN reads and writes the whole gradient of the weight for each image, which takes longer
    /// than to add to it. A product over all pixels writes it once, and pays for patches that are written out.
    private static final int FEW_PIXELS = 32;

    private final CpuDevice cpu;
    private final Map<Convolution.Spec, Prepared> eager = new LinkedHashMap<>(16, 0.75f, true);
    private final Map<Convolution.Spec, Convolution> recorded = new LinkedHashMap<>();
    private Arena recording;

    /// A convolution of the cache.
    private record Prepared(Convolution convolution, Arena owner) {}

    /// What is done to elements `[from, to)` of a result when they are there.
    private interface Finish {
        void run(long from, long to);
    }

    OneDnnConvolutions(CpuDevice cpu) {
        this.cpu = cpu;
    }

    @Override
    public void bind(
            String operation,
            ConvolutionShape shape,
            Tensor x,
            Tensor weight,
            Tensor bias,
            Tensor y,
            boolean first,
            Unary f,
            float parameter) {
        if (shape.coversImage()) {
            ProductShape product = new ProductShape(shape.n(), shape.patch(), shape.outputs(), false, true, !first);
            cpu.bindProduct(operation, product, x, weight, bias, y, f, parameter);
            return;
        }
        boolean leaky = f == Unary.LEAKY_RELU;
        Activation fused = leaky ? Activation.leakyRelu(parameter) : Activation.IDENTITY;
        Convolution convolution = prepared(spec(shape, Direction.TO_Y, bias != null, fused, first));
        MemorySegment b = bias == null ? MemorySegment.NULL : bias.data();
        MemorySegment pad = cpu.workspace(convolution.workspaceBytes());
        List<Stage> stages = convolution.stages(x.data(), weight.data(), b, y.data(), pad);
        Finish finish = f == Unary.IDENTITY || leaky
                ? null
                : (from, to) -> cpu.math().unary(f, parameter, y.data(), y.data(), from, to);
        bind(operation, convolution, stages, y.shape().size() / shape.n(), finish);
    }

    @Override
    public void bindTransposed(
            String operation,
            ConvolutionShape shape,
            Tensor y,
            Tensor weight,
            Tensor bias,
            Tensor x,
            boolean first,
            Unary f,
            float parameter) {
        if (shape.coversImage() && bias == null) {
            ProductShape product = new ProductShape(shape.n(), shape.outputs(), shape.patch(), false, false, !first);
            cpu.bindProduct(operation, product, y, weight, null, x, f, parameter);
            return;
        }
        Convolution convolution = prepared(spec(shape, Direction.TO_X, false, Activation.IDENTITY, first));
        int row = shape.width() * shape.channels();
        long rowBytes = bias == null ? 0 : (long) row * Float.BYTES;
        MemorySegment all = cpu.workspace(rowBytes + CpuDevice.ALIGNMENT + convolution.workspaceBytes());
        MemorySegment biases = all.asSlice(0, rowBytes);
        MemorySegment pad = all.asSlice(Math.ceilDiv(rowBytes, CpuDevice.ALIGNMENT) * CpuDevice.ALIGNMENT);
        if (bias != null) {
            // A row of the image, not a pixel: few channels are less than a vector.
            cpu.bind(operation, shape.width(), shape.channels(), (from, to) -> {
                for (long v = from; v < to; v++) {
                    MemorySegment.copy(bias.data(), 0, biases, v * bias.bytes(), bias.bytes());
                }
            });
        }
        List<Stage> stages = convolution.stages(x.data(), weight.data(), MemorySegment.NULL, y.data(), pad);
        Finish finish = bias == null && f == Unary.IDENTITY
                ? null
                : (from, to) -> {
                    if (bias != null) {
                        cpu.math().binary(Binary.ADD, x.data(), row, 1, biases, 0, 1, x.data(), from, to, row);
                    }
                    if (f != Unary.IDENTITY) {
                        cpu.math().unary(f, parameter, x.data(), x.data(), from, to);
                    }
                };
        bind(operation, convolution, stages, x.shape().size() / shape.n(), finish);
    }

    @Override
    public void bindWeight(
            String operation, ConvolutionShape shape, Tensor x, Tensor dy, Tensor dWeight, boolean first) {
        if (shape.coversImage()) {
            ProductShape product = new ProductShape(shape.outputs(), shape.n(), shape.patch(), true, false, !first);
            cpu.bindProduct(operation, product, dy, x, null, dWeight, Unary.IDENTITY, 0);
            return;
        }
        if (shape.outHeight() * shape.outWidth() <= FEW_PIXELS) {
            bindWeightByPatches(operation, shape, x, dy, dWeight, first);
            return;
        }
        Convolution convolution = prepared(spec(shape, Direction.TO_W, false, Activation.IDENTITY, first));
        MemorySegment pad = cpu.workspace(convolution.workspaceBytes());
        List<Stage> stages = convolution.stages(x.data(), dWeight.data(), MemorySegment.NULL, dy.data(), pad);
        bind(operation, convolution, stages, 0, null);
    }

    /// dw as a product, dyᵀ (outputs, pixels) · patches of x (pixels, patch). dy is turned first: oneDNN's product
    /// would copy a transposed factor for each of its blocks.
    private void bindWeightByPatches(
            String operation, ConvolutionShape shape, Tensor x, Tensor dy, Tensor dWeight, boolean first) {
        int pixels = Math.toIntExact(shape.pixels());
        long patchBytes = shape.pixels() * shape.patch() * Float.BYTES;
        MemorySegment all = cpu.workspace(patchBytes + dy.bytes());
        Tensor patches = new Tensor(Shape.of(pixels, shape.patch()), DType.F32, all.asSlice(0, patchBytes), cpu);
        Tensor turned =
                new Tensor(Shape.of(shape.outputs(), pixels), DType.F32, all.asSlice(patchBytes, dy.bytes()), cpu);
        cpu.bind(
                operation,
                pixels,
                shape.patch(),
                (from, to) -> cpu.math().layPatches(shape, x.data(), patches.data(), from, to));
        cpu.bind(
                operation,
                shape.outputs(),
                pixels,
                (from, to) -> cpu.math().turn(dy.data(), turned.data(), from, to, pixels, shape.outputs()));
        ProductShape product = new ProductShape(shape.outputs(), pixels, shape.patch(), false, false, !first);
        cpu.bindProduct(operation, product, turned, patches, null, dWeight, Unary.IDENTITY, 0);
    }

    private static Convolution.Spec spec(
            ConvolutionShape shape, Direction direction, boolean bias, Activation f, boolean first) {
        dev.elbo.runtime.ops.Window w = shape.window();
        Geometry geometry = new Geometry(
                shape.n(),
                shape.channels(),
                shape.height(),
                shape.width(),
                shape.outputs(),
                Window.of(w.height(), w.strideDown(), w.padDown()),
                Window.of(w.width(), w.strideAcross(), w.padAcross()),
                ChannelOrder.LAST);
        return new Convolution.Spec(geometry, direction, bias, f, !first, Arithmetic.F32);
    }

    private Convolution prepared(Convolution.Spec spec) {
        Arena step = cpu.recordingOwner();
        if (step == null) {
            Convolution convolution = eager.computeIfAbsent(spec, OneDnnConvolutions::prepare).convolution;
            if (eager.size() > CACHED) {
                Map.Entry<Convolution.Spec, Prepared> oldest =
                        eager.entrySet().iterator().next();
                eager.remove(oldest.getKey());
                oldest.getValue().owner.close();
            }
            return convolution;
        }
        if (recording != step) {
            recorded.clear();
            recording = step;
        }
        return recorded.computeIfAbsent(spec, missing -> Convolution.of(missing, step));
    }

    private static Prepared prepare(Convolution.Spec spec) {
        Arena owner = Arena.ofShared();
        return new Prepared(Convolution.of(spec, owner), owner);
    }

    /// Binds all stages; of the last, which computes images, each block is finished when it is there.
    ///
    /// @param each   elements of an image of the result
    /// @param finish or null
    private void bind(String operation, Convolution convolution, List<Stage> stages, long each, Finish finish) {
        for (Stage stage : stages) {
            CpuDevice.Block blocks = finish == null || stage != stages.getLast()
                    ? stage::run
                    : finished(convolution, stage, each, finish);
            cpu.bind(operation, stage.blocks(), stage.flops() / 2 / PER_ELEMENT, blocks);
        }
    }

    private static CpuDevice.Block finished(Convolution convolution, Stage stage, long each, Finish finish) {
        return (from, to) -> {
            for (long block = from; block < to; block++) {
                stage.run(block, block + 1);
                finish.run(convolution.imagesBefore(block) * each, convolution.imagesBefore(block + 1) * each);
            }
        };
    }

    @Override
    public void close() {
        eager.values().forEach(prepared -> prepared.owner.close());
        eager.clear();
    }
}
