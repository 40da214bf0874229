package dev.elbo.ffi.jcuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.elbo.ffi.Activation;
import dev.elbo.ffi.ConvolutionAlgorithm;
import dev.elbo.ffi.ConvolutionPlan;
import dev.elbo.ffi.ConvolutionShape;
import dev.elbo.ffi.ConvolutionShape.Pass;
import dev.elbo.ffi.ConvolutionTask;
import dev.elbo.ffi.CuDnn;
import dev.elbo.ffi.CudaBinding;
import dev.elbo.ffi.CudaGraph;
import dev.elbo.ffi.CudaStream;
import dev.elbo.ffi.DevicePointer;
import dev.elbo.ffi.Dnn;
import dev.elbo.ffi.Dnn.Moments;
import dev.elbo.ffi.Images;
import dev.elbo.ffi.Layout;
import dev.elbo.ffi.NativeException;
import dev.elbo.ffi.Precision;
import dev.elbo.simulator.SimulatedGpu;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// What every binding's [Dnn] does.
@Tag("device")
abstract class DnnContract {
    /// More algorithms than there are.
    private static final int ALL = 1000;

    private static final Images SMALL = new Images(2, 3, 5, 4, Layout.NCHW);

    Gpu gpu;
    MemorySegment workspace;
    Dnn dnn;

    abstract CudaBinding binding();

    @BeforeEach
    void open() {
        gpu = Gpu.open();
        Gpu.require(binding().dnn());
        workspace = gpu.workspace();
        dnn = binding().dnn(gpu.stream().handle(), gpu.arena());
    }

    @AfterEach
    void close() {
        gpu.close();
    }

    static List<ConvolutionTask> tasks() {
        List<ConvolutionTask> tasks = new ArrayList<>();
        for (Layout layout : Layout.values()) {
            List<ConvolutionShape> shapes = List.of(
                    ConvolutionShape.of(new Images(1, 1, 1, 1, layout), 1, 1, 1),
                    ConvolutionShape.of(new Images(2, 3, 5, 4, layout), 4, 3, 2).padding(1, 0),
                    ConvolutionShape.of(new Images(1, 2, 8, 8, layout), 3, 4, 4)
                            .stride(2, 2)
                            .padding(1, 1),
                    ConvolutionShape.of(new Images(2, 2, 9, 7, layout), 2, 2, 3)
                            .stride(3, 1)
                            .dilation(2, 2));
            for (ConvolutionShape shape : shapes) {
                for (Pass pass : Pass.values()) {
                    ConvolutionTask plain = ConvolutionTask.of(shape, pass);
                    tasks.add(plain);
                    tasks.add(plain.scaled(0.5f, 1));
                    tasks.add(plain.scaled(-1, 0.25f));
                    if (pass != Pass.FILTER_GRADIENT) {
                        for (Activation activation : Activation.values()) {
                            tasks.add(plain.then(activation));
                        }
                        tasks.add(plain.scaled(1, 0.5f).then(Activation.RELU));
                    }
                }
            }
        }
        return tasks;
    }

    @ParameterizedTest
    @MethodSource("tasks")
    void everyAlgorithmComputesTheTask(ConvolutionTask task) {
        ConvolutionShape shape = task.shape();
        Pass pass = task.pass();
        float[] first = Gpu.eighths(1, shape.first(pass).size());
        float[] second = Gpu.eighths(2, shape.second(pass).size());
        float[] old = Gpu.eighths(3, shape.result(pass).size());
        float[] bias = Gpu.eighths(4, shape.result(pass).channels());
        float[] expected = plain(task, first, second, bias, old);
        if (task.beta() == 0) {
            Arrays.fill(old, Float.NaN);
        }
        List<ConvolutionAlgorithm> algorithms = dnn.algorithms(task, Gpu.WORKSPACE, 8);
        assumeFalse(!Gpu.SIMULATED && algorithms.isEmpty(), "this cuDNN has nothing deterministic for the task");
        assertFalse(algorithms.isEmpty());
        for (ConvolutionAlgorithm algorithm : algorithms) {
            MemorySegment result = gpu.upload(old);
            ConvolutionPlan plan = dnn.plan(task, algorithm, gpu.arena());
            plan.run(gpu.upload(first), gpu.upload(second), gpu.upload(bias), result, workspace);
            float[] actual = gpu.download(result, old.length);
            for (int i = 0; i < actual.length; i++) {
                // What transforms its tiles first, or approximates a tanh, is off by some bits of the largest numbers.
                double tolerance = 1e-4 * Math.max(1, Math.abs(expected[i]));
                assertEquals(expected[i], actual[i], tolerance, algorithm.name() + ", element " + i);
            }
        }
    }

    static List<ConvolutionTask> bf16Tasks() {
        List<ConvolutionTask> tasks = new ArrayList<>();
        ConvolutionShape half = ConvolutionShape.of(new Images(2, 8, 6, 5, Layout.NHWC), 16, 4, 4)
                .stride(2, 2)
                .padding(1, 1)
                .in(Precision.BF16);
        ConvolutionShape same = ConvolutionShape.of(new Images(1, 16, 3, 3, Layout.NHWC), 8, 3, 3)
                .padding(1, 1)
                .in(Precision.BF16);
        for (ConvolutionShape shape : List.of(half, same)) {
            for (Pass pass : Pass.values()) {
                ConvolutionTask plain = ConvolutionTask.of(shape, pass);
                tasks.add(plain);
                tasks.add(plain.scaled(1, 1));
                tasks.add(plain.intoBf16());
                if (pass == Pass.FORWARD) {
                    tasks.add(plain.then(Activation.NONE));
                }
            }
        }
        return tasks;
    }

    /// The operands are numbers of bf16 and the sums are exact, so that one rounding of the result is all there is.
    @ParameterizedTest
    @MethodSource("bf16Tasks")
    void everyAlgorithmComputesTheTaskOfBf16(ConvolutionTask task) {
        float[] first = Gpu.eighths(1, task.shape().first(task.pass()).size());
        float[] second = Gpu.eighths(2, task.shape().second(task.pass()).size());
        float[] old = Gpu.eighths(3, task.shape().result(task.pass()).size());
        float[] bias = Gpu.eighths(4, task.shape().result(task.pass()).channels());
        float[] expected = plain(task, first, second, bias, old);
        List<ConvolutionAlgorithm> algorithms = dnn.algorithms(task, Gpu.WORKSPACE, 8);
        assertTrue(!Gpu.SIMULATED || !task.rounded() || !algorithms.isEmpty(), "what every engine knows has none");
        for (ConvolutionAlgorithm algorithm : algorithms) {
            MemorySegment result = gpu.upload(old);
            dnn.plan(task, algorithm, gpu.arena())
                    .run(gpu.uploadBf16(first), gpu.uploadBf16(second), gpu.upload(bias), result, workspace);
            float[] actual = task.rounded() ? gpu.downloadBf16(result, old.length) : gpu.download(result, old.length);
            for (int i = 0; i < actual.length; i++) {
                double tolerance = (task.rounded() ? 0x1p-8 : 0) * Math.abs(expected[i]);
                assertEquals(expected[i], actual[i], tolerance, algorithm.name() + ", element " + i);
            }
        }
    }

    @Test
    @Tag("simulated")
    void channelsOfBf16GoByEights() {
        for (int channels : new int[] {3, 4, 12}) {
            ConvolutionShape shape = ConvolutionShape.of(new Images(1, channels, 4, 4, Layout.NHWC), 8, 3, 3);
            for (Pass pass : Pass.values()) {
                ConvolutionTask task =
                        ConvolutionTask.of(shape.in(Precision.BF16), pass).intoBf16();
                assertEquals(List.of(), names(task), task.toString());
            }
        }
    }

    private List<String> names(ConvolutionTask task) {
        return dnn.algorithms(task, Gpu.WORKSPACE, ALL).stream()
                .map(ConvolutionAlgorithm::name)
                .toList();
    }

    @Test
    void aBf16ResultIsThatOfBf16OperandsAlone() {
        ConvolutionTask task = ConvolutionTask.of(ConvolutionShape.of(SMALL, 2, 3, 3), Pass.FORWARD);
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, task::intoBf16);
        assertEquals(
                "convolution: a bf16 result is that of bf16 operands alone; precision=FP32, biased=false,"
                        + " activation=NONE",
                refused.getMessage());
    }

    /// The definition, with an index for each letter.
    private static float[] plain(ConvolutionTask task, float[] first, float[] second, float[] bias, float[] old) {
        ConvolutionShape c = task.shape();
        Images x = c.images();
        Images w = c.weights();
        Images y = c.output();
        double[] sums = new double[old.length];
        for (int n = 0; n < y.n(); n++) {
            for (int f = 0; f < y.channels(); f++) {
                for (int p = 0; p < y.height(); p++) {
                    for (int q = 0; q < y.width(); q++) {
                        for (int ch = 0; ch < x.channels(); ch++) {
                            for (int i = 0; i < c.kernelH(); i++) {
                                for (int j = 0; j < c.kernelW(); j++) {
                                    int row = p * c.strideH() - c.padH() + i * c.dilationH();
                                    int col = q * c.strideW() - c.padW() + j * c.dilationW();
                                    if (row < 0 || row >= x.height() || col < 0 || col >= x.width()) {
                                        continue;
                                    }
                                    int ix = at(x, n, ch, row, col);
                                    int iw = at(w, f, ch, i, j);
                                    int iy = at(y, n, f, p, q);
                                    switch (task.pass()) {
                                        case FORWARD -> sums[iy] += (double) first[ix] * second[iw];
                                        case DATA_GRADIENT -> sums[ix] += (double) first[iw] * second[iy];
                                        case FILTER_GRADIENT -> sums[iw] += (double) first[ix] * second[iy];
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        Images shape = c.result(task.pass());
        float[] result = new float[old.length];
        for (int i = 0; i < result.length; i++) {
            double added = task.biased() ? bias[channel(shape, i)] : 0;
            double before = task.beta() == 0 ? 0 : task.beta() * old[i];
            result[i] = (float) function(task.activation()).applyAsDouble(task.alpha() * sums[i] + before + added);
        }
        return result;
    }

    private static int at(Images shape, int n, int channel, int row, int col) {
        return switch (shape.layout()) {
            case NCHW -> ((n * shape.channels() + channel) * shape.height() + row) * shape.width() + col;
            case NHWC -> ((n * shape.height() + row) * shape.width() + col) * shape.channels() + channel;
        };
    }

    private static int channel(Images shape, int element) {
        return switch (shape.layout()) {
            case NCHW -> element / (shape.height() * shape.width()) % shape.channels();
            case NHWC -> element % shape.channels();
        };
    }

    private static DoubleUnaryOperator function(Activation activation) {
        return switch (activation) {
            case NONE -> x -> x;
            case RELU -> x -> Math.max(x, 0);
            case SIGMOID -> x -> 1 / (1 + Math.exp(-x));
            case TANH -> Math::tanh;
        };
    }

    @ParameterizedTest
    @EnumSource(Pass.class)
    void fp32KeepsEveryBitOfTheFactors(Pass pass) {
        float beyondTf32 = 1 + 0x1p-11f + 0x1p-20f;
        ConvolutionTask task =
                ConvolutionTask.of(ConvolutionShape.of(new Images(1, 1, 1, 1, Layout.NHWC), 1, 1, 1), pass);
        for (ConvolutionAlgorithm algorithm : dnn.algorithms(task, Gpu.WORKSPACE, 8)) {
            MemorySegment result = gpu.notANumber(1);
            dnn.plan(task, algorithm, gpu.arena())
                    .run(gpu.upload(beyondTf32), gpu.upload(1), MemorySegment.NULL, result, workspace);
            assertEquals(beyondTf32, gpu.download(result, 1)[0], algorithm.name());
        }
    }

    @Test
    @Tag("simulated")
    void tf32OffersTensorCoresFirst() {
        float beyondTf32 = 1 + 0x1p-11f + 0x1p-20f;
        ConvolutionShape shape = ConvolutionShape.of(new Images(1, 1, 1, 1, Layout.NHWC), 1, 1, 1);
        ConvolutionTask task = ConvolutionTask.of(shape.in(Precision.TF32), Pass.FORWARD);
        ConvolutionAlgorithm fastest = dnn.algorithms(task, Gpu.WORKSPACE, 1).getFirst();
        MemorySegment y = gpu.notANumber(1);
        dnn.plan(task, fastest, gpu.arena())
                .run(gpu.upload(beyondTf32), gpu.upload(1), MemorySegment.NULL, y, workspace);
        assertEquals(1 + 0x1p-10f, gpu.download(y, 1)[0], fastest.name());
    }

    @ParameterizedTest
    @EnumSource(Pass.class)
    void algorithmsKeepWithinTheWorkspace(Pass pass) {
        ConvolutionTask task = ConvolutionTask.of(ConvolutionShape.of(SMALL, 2, 3, 3), pass);
        List<ConvolutionAlgorithm> all = dnn.algorithms(task, Gpu.WORKSPACE, ALL);
        long most = all.stream()
                .mapToLong(ConvolutionAlgorithm::workspaceBytes)
                .max()
                .orElse(0);
        assumeFalse(!Gpu.SIMULATED && most == 0, "this cuDNN needs no workspace for the shape");
        assertTrue(most > 0, "a shape for which no algorithm has a workspace shows nothing");
        List<ConvolutionAlgorithm> fewer = dnn.algorithms(task, most - 1, ALL);
        assertEquals(all.stream().filter(a -> a.workspaceBytes() < most).toList(), fewer);
        assertEquals(1, dnn.algorithms(task, Gpu.WORKSPACE, 1).size());
    }

    void run(ConvolutionTask task, ConvolutionAlgorithm algorithm, MemorySegment scratch) {
        ConvolutionShape shape = task.shape();
        dnn.plan(task, algorithm, gpu.arena())
                .run(
                        gpu.upload(Gpu.eighths(1, shape.first(task.pass()).size())),
                        gpu.upload(Gpu.eighths(2, shape.second(task.pass()).size())),
                        gpu.upload(Gpu.eighths(3, shape.result(task.pass()).channels())),
                        gpu.notANumber(shape.result(task.pass()).size()),
                        scratch);
    }

    @Test
    void anAlgorithmIsKnownByItsNameAlone() {
        ConvolutionTask task = ConvolutionTask.of(ConvolutionShape.of(SMALL, 2, 3, 3), Pass.FORWARD);
        for (ConvolutionAlgorithm algorithm : dnn.algorithms(task, Gpu.WORKSPACE, 8)) {
            ConvolutionAlgorithm stored = new ConvolutionAlgorithm(algorithm.name(), 0);
            assertEquals(algorithm, dnn.plan(task, stored, gpu.arena()).algorithm());
        }
        IllegalArgumentException unknown = assertThrows(
                IllegalArgumentException.class,
                () -> dnn.plan(task, new ConvolutionAlgorithm("winograd", 0), gpu.arena()));
        assertEquals("convolution: an algorithm this provider does not know; name=winograd", unknown.getMessage());
        assertThrows(
                IllegalArgumentException.class,
                () -> dnn.plan(
                        task, new ConvolutionAlgorithm("algorithm " + Long.MAX_VALUE + "0 math 3", 0), gpu.arena()));
    }

    @Test
    void aStatusNamesFunctionAndArgumentsAndWhatTheLibrarySaid() {
        // Algorithm 2 is by Fourier transforms, which know no strides.
        ConvolutionTask task =
                ConvolutionTask.of(ConvolutionShape.of(SMALL, 2, 3, 3).stride(2, 2), Pass.FILTER_GRADIENT);
        NativeException refused = assertThrows(
                NativeException.class,
                () -> dnn.plan(task, new ConvolutionAlgorithm("algorithm 2 math 3", 0), gpu.arena()));
        // The library may say what it does not support, by a status of its own.
        String expected = "cudnnGetConvolutionBackwardFilterWorkspaceSize: CUDNN_STATUS_NOT_SUPPORTED";
        assertTrue(refused.getMessage().startsWith(expected), refused.getMessage());
        assertTrue(refused.getMessage().contains("; algo=2"), refused.getMessage());
        Gpu.forgiveReports();
    }

    @Test
    @Tag("simulated")
    void aShapeIsSaidInAMessage() {
        SimulatedGpu.installed().faults().failCall("cudnnSetConvolution2dDescriptor", 1, 2000);
        ConvolutionTask task = ConvolutionTask.of(ConvolutionShape.of(SMALL, 2, 3, 3), Pass.FORWARD);
        NativeException refused =
                assertThrows(NativeException.class, () -> dnn.algorithms(task.scaled(1, 1), Gpu.WORKSPACE, 99));
        String expected = "cudnnSetConvolution2dDescriptor: CUDNN_STATUS_BAD_PARAM (2000); images=(2, 3, 5, 4),"
                + " filters=(2, 3, 3, 3), stride=(1, 1), padding=(0, 0), dilation=(1, 1)";
        assertTrue(refused.getMessage().startsWith(expected), refused.getMessage());
    }

    /// What is captured on the handle's stream is not done before the graph is, so it went there and nowhere else.
    @Test
    void workGoesToTheStreamOfTheHandle() {
        ConvolutionShape one = ConvolutionShape.of(new Images(1, 1, 1, 1, Layout.NCHW), 1, 1, 1);
        MemorySegment two = gpu.upload(2);
        ConvolutionTask task = ConvolutionTask.of(one, Pass.FORWARD);
        for (ConvolutionAlgorithm algorithm : dnn.algorithms(task, Gpu.WORKSPACE, 8)) {
            MemorySegment y = gpu.upload(0);
            ConvolutionPlan plan = dnn.plan(task, algorithm, gpu.arena());
            Runnable work = () -> {
                plan.run(two, two, MemorySegment.NULL, y, workspace);
                dnn.activateGradient(Activation.RELU, one.images(), two, two, two, 1, y);
            };
            // An engine may load what it needs when it first runs, which a capture need not allow.
            work.run();
            gpu.stream().fillBytes(y, (byte) 0, Float.BYTES);
            CudaGraph graph = CudaGraph.capture(gpu.stream(), work, gpu.arena());
            assertEquals(0, gpu.download(y, 1)[0], algorithm.name());
            graph.instantiate(gpu.arena()).launch(gpu.stream());
            assertEquals(6, gpu.download(y, 1)[0], algorithm.name());
        }
    }

    /// Nothing leaks and nothing else is touched: the simulator would say so when the test ends.
    @Test
    @Tag("simulated")
    void everyCallMayFailOnce() {
        ConvolutionShape shape = ConvolutionShape.of(SMALL, 2, 3, 3);
        Map<String, Runnable> calls = new LinkedHashMap<>();
        calls.put("cudnnCreate", this::openAnother);
        calls.put("cudnnSetStream", this::openAnother);
        for (Pass pass : Pass.values()) {
            String suffix = CuDnn.suffix(pass);
            ConvolutionTask task = ConvolutionTask.of(shape, pass);
            ConvolutionAlgorithm ordered = new ConvolutionAlgorithm("algorithm 1 math 3", 0);
            calls.put("cudnnGetConvolution" + suffix + "Algorithm_v7", () -> dnn.algorithms(task, Gpu.WORKSPACE, 99));
            calls.put("cudnnGetConvolution" + suffix + "WorkspaceSize", () -> planAndEnd(task, ordered));
            calls.put("cudnnConvolution" + suffix, () -> run(task, ordered, workspace));
        }
        ConvolutionTask fused = ConvolutionTask.of(shape, Pass.FORWARD).then(Activation.RELU);
        ConvolutionAlgorithm precomputed = new ConvolutionAlgorithm("algorithm 1 math 3", 0);
        for (String making : List.of(
                "cudnnCreateTensorDescriptor",
                "cudnnSetTensor4dDescriptor",
                "cudnnCreateFilterDescriptor",
                "cudnnSetFilter4dDescriptor",
                "cudnnCreateConvolutionDescriptor",
                "cudnnSetConvolution2dDescriptor",
                "cudnnSetConvolutionMathType",
                "cudnnCreateActivationDescriptor",
                "cudnnSetActivationDescriptor")) {
            calls.put(making, () -> planAndEnd(fused, precomputed));
        }
        calls.put("cudnnAddTensor", () -> run(fused, precomputed, workspace));
        calls.put("cudnnActivationForward", () -> run(fused, precomputed, workspace));
        MemorySegment x = gpu.upload(Gpu.eighths(1, SMALL.size()));
        MemorySegment y = gpu.notANumber(SMALL.size());
        MemorySegment each = gpu.upload(1, 1, 1);
        Moments some = new Moments(gpu.upload(0, 0, 0), gpu.upload(1, 1, 1));
        Moments saved = new Moments(gpu.upload(0, 0, 0), gpu.upload(1, 1, 1));
        MemorySegment dscale = gpu.notANumber(3);
        MemorySegment dshift = gpu.notANumber(3);
        calls.put("cudnnActivationBackward", () -> dnn.activateGradient(Activation.TANH, SMALL, x, x, x, 0, y));
        calls.put(
                "cudnnBatchNormalizationForwardTraining",
                () -> dnn.normaliseTraining(SMALL, x, each, each, 0.1, some, 1e-3, y, saved));
        calls.put(
                "cudnnBatchNormalizationForwardInference",
                () -> dnn.normaliseInference(SMALL, x, each, each, some, 1e-3, y));
        calls.put(
                "cudnnBatchNormalizationBackward",
                () -> dnn.normaliseGradient(SMALL, x, x, each, saved, 1e-3, 0, y, dscale, dshift));
        calls.forEach(this::failOnce);
        Gpu.forgiveReports();
    }

    void failOnce(String function, Runnable call) {
        SimulatedGpu.installed().faults().failCall(function, 1, 5000);
        NativeException failed = assertThrows(NativeException.class, call::run, function);
        assertEquals(function, failed.function());
        if (!failed.arguments().startsWith(JcudaConvolution.STATUS_LOST)) {
            assertEquals("CUDNN_STATUS_EXECUTION_FAILED", failed.statusName());
        }
        assertTrue(SimulatedGpu.installed().faults().allHappened());
        call.run();
    }

    private void openAnother() {
        try (Arena owner = Arena.ofShared()) {
            binding().dnn(gpu.stream().handle(), owner);
        }
    }

    void planAndEnd(ConvolutionTask task, ConvolutionAlgorithm algorithm) {
        try (Arena owner = Arena.ofShared()) {
            dnn.plan(task, algorithm, owner);
        }
    }

    @Test
    void aMissingWorkspaceIsMisuse() {
        ConvolutionTask task = ConvolutionTask.of(ConvolutionShape.of(SMALL, 2, 3, 3), Pass.FILTER_GRADIENT);
        for (ConvolutionAlgorithm algorithm : dnn.algorithms(task, Gpu.WORKSPACE, 8)) {
            if (algorithm.workspaceBytes() > 0) {
                IllegalArgumentException refused =
                        assertThrows(IllegalArgumentException.class, () -> run(task, algorithm, MemorySegment.NULL));
                assertEquals(
                        "convolution: workspace missing; algorithm=" + algorithm.name() + ", bytes="
                                + algorithm.workspaceBytes(),
                        refused.getMessage());
            }
        }
    }

    @Test
    void operandsMustBeAligned() {
        ConvolutionTask task =
                ConvolutionTask.of(ConvolutionShape.of(new Images(1, 1, 1, 1, Layout.NCHW), 1, 1, 1), Pass.FORWARD);
        MemorySegment x = gpu.upload(1, 2, 3);
        for (ConvolutionAlgorithm algorithm : dnn.algorithms(task, Gpu.WORKSPACE, 8)) {
            ConvolutionPlan plan = dnn.plan(task, algorithm, gpu.arena());
            assertThrows(
                    IllegalArgumentException.class,
                    () -> plan.run(DevicePointer.at(x, 4), x, MemorySegment.NULL, gpu.upload(0), workspace));
        }
    }

    @Test
    void closedMemoryAndClosedHandlesAreRefused() {
        ConvolutionTask task =
                ConvolutionTask.of(ConvolutionShape.of(new Images(1, 1, 1, 1, Layout.NCHW), 1, 1, 1), Pass.FORWARD);
        MemorySegment closed;
        try (Arena brief = Arena.ofShared()) {
            closed = gpu.stream().allocate(16, brief);
        }
        MemorySegment x = gpu.upload(1);
        for (ConvolutionAlgorithm algorithm : dnn.algorithms(task, Gpu.WORKSPACE, 8)) {
            ConvolutionPlan plan = dnn.plan(task, algorithm, gpu.arena());
            assertThrows(
                    IllegalStateException.class,
                    () -> plan.run(x, closed, MemorySegment.NULL, gpu.upload(0), workspace));
            ConvolutionPlan ended;
            try (Arena brief = Arena.ofShared()) {
                ended = dnn.plan(task, algorithm, brief);
            }
            assertThrows(
                    IllegalStateException.class,
                    () -> ended.run(x, x, MemorySegment.NULL, gpu.upload(0), workspace),
                    algorithm.name());
        }
    }

    @Test
    void aHandleEndsWithItsOwner() {
        ConvolutionTask task =
                ConvolutionTask.of(ConvolutionShape.of(new Images(1, 1, 1, 1, Layout.NCHW), 1, 1, 1), Pass.FORWARD);
        MemorySegment x = gpu.upload(1);
        Dnn ended;
        List<ConvolutionPlan> plans = new ArrayList<>();
        try (Arena owner = Arena.ofShared()) {
            ended = binding().dnn(gpu.stream().handle(), owner);
            for (ConvolutionAlgorithm algorithm : ended.algorithms(task, Gpu.WORKSPACE, 8)) {
                plans.add(ended.plan(task, algorithm, gpu.arena()));
            }
        }
        assertThrows(IllegalStateException.class, () -> ended.activate(Activation.RELU, SMALL, x, x));
        assertThrows(IllegalStateException.class, () -> ended.algorithms(task, Gpu.WORKSPACE, 8));
        for (ConvolutionPlan plan : plans) {
            assertThrows(
                    IllegalStateException.class, () -> plan.run(x, x, MemorySegment.NULL, gpu.upload(0), workspace));
        }
    }

    /// The library would go on with the address it has kept.
    @Test
    void aClosedStreamIsRefused() {
        ConvolutionTask task =
                ConvolutionTask.of(ConvolutionShape.of(new Images(1, 1, 1, 1, Layout.NCHW), 1, 1, 1), Pass.FORWARD);
        MemorySegment x = gpu.upload(1);
        Dnn orphan;
        List<ConvolutionPlan> plans = new ArrayList<>();
        try (Arena brief = Arena.ofShared()) {
            orphan = binding().dnn(CudaStream.open(brief).handle(), gpu.arena());
            for (ConvolutionAlgorithm algorithm : orphan.algorithms(task, Gpu.WORKSPACE, 8)) {
                plans.add(orphan.plan(task, algorithm, gpu.arena()));
            }
        }
        assertThrows(
                IllegalStateException.class,
                () -> orphan.activate(Activation.RELU, task.shape().images(), x, x));
        for (ConvolutionPlan plan : plans) {
            assertThrows(
                    IllegalStateException.class, () -> plan.run(x, x, MemorySegment.NULL, gpu.upload(0), workspace));
        }
    }

    @Test
    void anotherThreadIsRefused() throws InterruptedException {
        MemorySegment x = gpu.upload(1);
        RuntimeException refused =
                Gpu.inAnotherThread(() -> dnn.activate(Activation.RELU, new Images(1, 1, 1, 1, Layout.NCHW), x, x));
        assertEquals(
                "handle of another thread: opened by=" + Thread.currentThread().getName() + ", used by=another",
                refused.getMessage());
    }

    @ParameterizedTest
    @EnumSource(
            value = Activation.class,
            names = {"NONE"},
            mode = EnumSource.Mode.EXCLUDE)
    void activationAndItsGradient(Activation activation) {
        float[] x = Gpu.eighths(1, SMALL.size());
        MemorySegment y = gpu.notANumber(x.length);
        dnn.activate(activation, SMALL, gpu.upload(x), y);
        float[] dy = Gpu.eighths(2, x.length);
        float[] old = Gpu.eighths(3, x.length);
        MemorySegment dx = gpu.upload(old);
        dnn.activateGradient(activation, SMALL, gpu.upload(x), y, gpu.upload(dy), 0.5f, dx);
        DoubleUnaryOperator f = function(activation);
        float[] values = gpu.download(y, x.length);
        float[] slopes = gpu.download(dx, x.length);
        for (int i = 0; i < x.length; i++) {
            assertEquals(f.applyAsDouble(x[i]), values[i], 1e-5);
            double slope = activation == Activation.RELU
                    ? (x[i] > 0 ? 1 : 0)
                    : (f.applyAsDouble(x[i] + 1e-4) - f.applyAsDouble(x[i] - 1e-4)) / 2e-4;
            assertEquals(dy[i] * slope + 0.5 * old[i], slopes[i], 1e-5);
        }
    }

    @Test
    void nothingToApplyIsMisuse() {
        MemorySegment x = gpu.upload(1);
        assertThrows(IllegalArgumentException.class, () -> dnn.activate(Activation.NONE, SMALL, x, x));
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void normalisationOfTheBatch(Layout layout) {
        Images shape = new Images(3, 2, 4, 5, layout);
        float[] x = Gpu.eighths(1, shape.size());
        float[] scale = {1.5f, -0.5f};
        float[] shift = {0.25f, 2};
        Moments running = new Moments(gpu.upload(1, 2), gpu.upload(3, 4));
        Moments saved = new Moments(gpu.notANumber(2), gpu.notANumber(2));
        MemorySegment y = gpu.notANumber(x.length);
        dnn.normaliseTraining(shape, gpu.upload(x), gpu.upload(scale), gpu.upload(shift), 0.1, running, 1e-3, y, saved);
        double[] mean = new double[2];
        double[] square = new double[2];
        int count = 3 * 4 * 5;
        for (int i = 0; i < x.length; i++) {
            mean[channel(shape, i)] += x[i] / (double) count;
        }
        for (int i = 0; i < x.length; i++) {
            square[channel(shape, i)] += Math.pow(x[i] - mean[channel(shape, i)], 2);
        }
        float[] savedMean = gpu.download(saved.mean(), 2);
        float[] savedSpread = gpu.download(saved.spread(), 2);
        float[] runningMean = gpu.download(running.mean(), 2);
        float[] runningSpread = gpu.download(running.spread(), 2);
        float[] values = gpu.download(y, x.length);
        for (int c = 0; c < 2; c++) {
            assertEquals(mean[c], savedMean[c], 1e-5);
            assertEquals(1 / Math.sqrt(square[c] / count + 1e-3), savedSpread[c], 1e-5);
            assertEquals(0.9 * (1 + c) + 0.1 * mean[c], runningMean[c], 1e-5);
            assertEquals(0.9 * (3 + c) + 0.1 * square[c] / (count - 1), runningSpread[c], 1e-5);
        }
        for (int i = 0; i < x.length; i++) {
            int c = channel(shape, i);
            double hat = (x[i] - mean[c]) / Math.sqrt(square[c] / count + 1e-3);
            assertEquals(scale[c] * hat + shift[c], values[i], 1e-5);
        }
    }

    @Test
    void normalisationByGivenMoments() {
        float[] x = Gpu.eighths(1, SMALL.size());
        MemorySegment y = gpu.notANumber(x.length);
        dnn.normaliseInference(
                SMALL,
                gpu.upload(x),
                gpu.upload(1, 2, 3),
                gpu.upload(0, -1, 1),
                new Moments(gpu.upload(0.5f, 0, -0.5f), gpu.upload(1, 4, 0.25f)),
                1e-2,
                y);
        float[] values = gpu.download(y, x.length);
        double[] mean = {0.5, 0, -0.5};
        double[] variance = {1, 4, 0.25};
        for (int i = 0; i < x.length; i++) {
            int c = channel(SMALL, i);
            double expected = (c + 1) * (x[i] - mean[c]) / Math.sqrt(variance[c] + 1e-2) + new int[] {0, -1, 1}[c];
            assertEquals(expected, values[i], 1e-5);
        }
    }

    /// dx is what a central difference of Σ y · dy gives along one direction, and dscale and dshift likewise.
    @Test
    void gradientOfNormalisationMatchesFiniteDifference() {
        float[] x = Gpu.eighths(1, SMALL.size());
        float[] dy = Gpu.eighths(2, SMALL.size());
        float[] scale = {1.5f, -0.5f, 2};
        float[] shift = {0, 1, -1};
        Moments saved = new Moments(gpu.notANumber(3), gpu.notANumber(3));
        MemorySegment y = gpu.notANumber(x.length);
        Moments running = new Moments(gpu.upload(0, 0, 0), gpu.upload(1, 1, 1));
        dnn.normaliseTraining(SMALL, gpu.upload(x), gpu.upload(scale), gpu.upload(shift), 1, running, 1e-3, y, saved);
        float[] old = Gpu.eighths(3, x.length);
        MemorySegment dx = gpu.upload(old);
        MemorySegment dscale = gpu.upload(1, 1, 1);
        MemorySegment dshift = gpu.upload(2, 2, 2);
        dnn.normaliseGradient(
                SMALL, gpu.upload(x), gpu.upload(dy), gpu.upload(scale), saved, 1e-3, 1, dx, dscale, dshift);
        float[] direction = Gpu.eighths(4, x.length);
        float[] slopes = gpu.download(dx, x.length);
        double along = 0;
        for (int i = 0; i < x.length; i++) {
            along += (slopes[i] - old[i]) * direction[i];
        }
        double step = 1e-4;
        double numeric =
                (weighted(x, direction, step, dy, scale) - weighted(x, direction, -step, dy, scale)) / 2 / step;
        assertEquals(numeric, along, 1e-4 * Math.max(1, Math.abs(numeric)));
        float[] values = gpu.download(y, x.length);
        double[] sum = new double[3];
        double[] product = new double[3];
        for (int i = 0; i < x.length; i++) {
            int c = channel(SMALL, i);
            sum[c] += dy[i];
            product[c] += dy[i] * (values[i] - shift[c]) / scale[c];
        }
        float[] shifts = gpu.download(dshift, 3);
        float[] scales = gpu.download(dscale, 3);
        for (int c = 0; c < 3; c++) {
            assertEquals(2 + sum[c], shifts[c], 1e-4);
            assertEquals(1 + product[c], scales[c], 1e-4);
        }
    }

    /// Σ y · dy of the normalised x + step · direction, in f64.
    private static double weighted(float[] x, float[] direction, double step, float[] dy, float[] scale) {
        double[] moved = new double[x.length];
        double[] mean = new double[3];
        double[] square = new double[3];
        int count = x.length / 3;
        for (int i = 0; i < x.length; i++) {
            moved[i] = x[i] + step * direction[i];
            mean[channel(SMALL, i)] += moved[i] / count;
        }
        for (int i = 0; i < x.length; i++) {
            square[channel(SMALL, i)] += Math.pow(moved[i] - mean[channel(SMALL, i)], 2);
        }
        double total = 0;
        for (int i = 0; i < x.length; i++) {
            int c = channel(SMALL, i);
            total += dy[i] * scale[c] * (moved[i] - mean[c]) / Math.sqrt(square[c] / count + 1e-3);
        }
        return total;
    }

    @Test
    void versionIsTheLibrarys() {
        assertEquals(CuDnn.library().version(), dnn.version());
        assertEquals(9, dnn.version().major());
    }
}
