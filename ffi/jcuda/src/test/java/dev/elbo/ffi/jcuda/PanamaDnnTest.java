package dev.elbo.ffi.jcuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.ffi.Activation;
import dev.elbo.ffi.ConvolutionAlgorithm;
import dev.elbo.ffi.ConvolutionShape;
import dev.elbo.ffi.ConvolutionShape.Pass;
import dev.elbo.ffi.ConvolutionTask;
import dev.elbo.ffi.CudaBinding;
import dev.elbo.ffi.Images;
import dev.elbo.ffi.Layout;
import dev.elbo.ffi.NativeException;
import dev.elbo.ffi.Precision;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The contract, and what only the graph interface has: engines with notes, and the older calls after them.
class PanamaDnnTest extends DnnContract {
    private static final ConvolutionShape SHAPE = ConvolutionShape.of(new Images(2, 4, 6, 6, Layout.NHWC), 8, 3, 3);

    @Override
    CudaBinding binding() {
        return CudaBinding.panama();
    }

    @Test
    @Tag("simulated")
    void enginesComeFirstAndOlderCallsAfter() {
        ConvolutionTask task = ConvolutionTask.of(SHAPE, Pass.FORWARD);
        assertEquals(
                List.of("engine 3 knobs 2:1", "engine 0 knobs", "algorithm 1 math 3", "algorithm 0 math 3"),
                names(dnn.algorithms(task, Gpu.WORKSPACE, 9)));
        ConvolutionTask relaxed = ConvolutionTask.of(SHAPE.in(Precision.TF32), Pass.FORWARD);
        assertEquals(
                List.of(
                        "engine 12 knobs",
                        "engine 3 knobs 2:1",
                        "engine 0 knobs",
                        "algorithm 1 math 0",
                        "algorithm 0 math 0"),
                names(dnn.algorithms(relaxed, Gpu.WORKSPACE, 9)));
    }

    /// One in bf16 is for all.
    @Test
    @Tag("simulated")
    void aResultInF32IsForEnginesThatAreCompiledForIt() {
        ConvolutionShape shape = ConvolutionShape.of(new Images(2, 8, 6, 6, Layout.NHWC), 8, 3, 3)
                .in(Precision.BF16);
        ConvolutionTask task = ConvolutionTask.of(shape, Pass.FORWARD);
        assertEquals(List.of("engine 3 knobs 2:1"), names(dnn.algorithms(task, Gpu.WORKSPACE, 9)));
        assertEquals(List.of(), names(dnn.algorithms(task.scaled(1, 1), Gpu.WORKSPACE, 9)));
        assertEquals(
                List.of("engine 12 knobs", "engine 3 knobs 2:1", "engine 0 knobs", "algorithm 1 math 1"),
                names(dnn.algorithms(task.intoBf16(), Gpu.WORKSPACE, 9)));
    }

    private static List<String> names(List<ConvolutionAlgorithm> algorithms) {
        return algorithms.stream().map(ConvolutionAlgorithm::name).toList();
    }

    /// The simulated library has none for a sigmoid, and the graph interface cannot add into a fused result.
    @Test
    @Tag("simulated")
    void withoutAnEngineTheOlderCallsServe() {
        ConvolutionTask task = ConvolutionTask.of(SHAPE, Pass.FORWARD);
        List<String> older = List.of("algorithm 1 math 3", "algorithm 0 math 3");
        assertEquals(older, names(dnn.algorithms(task.then(Activation.SIGMOID), Gpu.WORKSPACE, 9)));
        assertEquals(older, names(dnn.algorithms(task.scaled(1, 1).then(Activation.RELU), Gpu.WORKSPACE, 9)));
        assertEquals(
                "engine 3 knobs 2:1",
                names(dnn.algorithms(task.then(Activation.RELU), Gpu.WORKSPACE, 9))
                        .getFirst());
    }

    @Test
    @Tag("simulated")
    void anEngineThatTakesNoPlanIsAStatus() {
        ConvolutionTask task = ConvolutionTask.of(SHAPE, Pass.FORWARD);
        NativeException refused = assertThrows(
                NativeException.class,
                () -> dnn.plan(task, new ConvolutionAlgorithm("engine 7 knobs", 0), gpu.arena()));
        String expected = "cudnnBackendFinalize: CUDNN_STATUS_NOT_SUPPORTED (3000); descriptor=PLAN, detail=";
        assertTrue(refused.getMessage().startsWith(expected), refused.getMessage());
        Gpu.forgiveReports();
    }

    @Test
    @Tag("simulated")
    void everyCallOfTheGraphInterfaceMayFailOnce() {
        ConvolutionTask task = ConvolutionTask.of(SHAPE, Pass.FORWARD).then(Activation.TANH);
        ConvolutionAlgorithm engine = new ConvolutionAlgorithm("engine 3 knobs 2:1", 0);
        failOnce("cudnnBackendCreateDescriptor", () -> planAndEnd(task, engine));
        failOnce("cudnnBackendSetAttribute", () -> planAndEnd(task, engine));
        failOnce("cudnnBackendFinalize", () -> planAndEnd(task, engine));
        failOnce("cudnnBackendGetAttribute", () -> dnn.algorithms(task, Gpu.WORKSPACE, 9));
        failOnce("cudnnBackendExecute", () -> run(task, engine, workspace));
        Gpu.forgiveReports();
    }
}
