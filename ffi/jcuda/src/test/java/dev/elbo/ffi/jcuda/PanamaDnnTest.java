package dev.elbo.ffi.jcuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.elbo.ffi.Convolution;
import dev.elbo.ffi.Convolution.Pass;
import dev.elbo.ffi.ConvolutionAlgorithm;
import dev.elbo.ffi.ConvolutionTask;
import dev.elbo.ffi.CudaBinding;
import dev.elbo.ffi.Images;
import dev.elbo.ffi.Layout;
import dev.elbo.ffi.NativeException;
import dev.elbo.ffi.Precision;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The contract, and what only the graph interface has: engines with notes, and the older calls after them.
class PanamaDnnTest extends DnnContract {
    private static final Convolution SHAPE = Convolution.of(new Images(2, 4, 6, 6, Layout.NHWC), 8, 3, 3);

    @Override
    CudaBinding binding() {
        return CudaBinding.panama();
    }

    @Test
    void enginesComeFirstAndOlderCallsAfter() {
        ConvolutionTask task = ConvolutionTask.of(SHAPE, Pass.FORWARD);
        assertEquals(
                List.of("engine 1 knobs 2:4", "engine 0 knobs", "algorithm 1 math 3", "algorithm 3 math 3"),
                names(dnn.algorithms(task, Host.WORKSPACE, 9)));
        ConvolutionTask relaxed = ConvolutionTask.of(SHAPE.in(Precision.TF32), Pass.FORWARD);
        assertEquals(
                List.of(
                        "engine 5 knobs",
                        "engine 1 knobs 2:4",
                        "engine 0 knobs",
                        "algorithm 1 math 1",
                        "algorithm 1 math 0",
                        "algorithm 3 math 0"),
                names(dnn.algorithms(relaxed, Host.WORKSPACE, 9)));
    }

    private static List<String> names(List<ConvolutionAlgorithm> algorithms) {
        return algorithms.stream().map(ConvolutionAlgorithm::name).toList();
    }

    @Test
    void anEngineThatTakesNoPlanOrHasItsKnobWrongIsAStatus() {
        ConvolutionTask task = ConvolutionTask.of(SHAPE, Pass.FORWARD);
        NativeException refused = assertThrows(
                NativeException.class,
                () -> dnn.plan(task, new ConvolutionAlgorithm("engine 9 knobs", 0), host.arena()));
        assertEquals(
                "cudnnBackendFinalize: CUDNN_STATUS_NOT_SUPPORTED (3000); descriptor=PLAN,"
                        + " detail=engine 9 takes no plan",
                refused.getMessage());
        refused = assertThrows(
                NativeException.class,
                () -> dnn.plan(task, new ConvolutionAlgorithm("engine 1 knobs 2:5", 0), host.arena()));
        assertEquals("CUDNN_STATUS_BAD_PARAM", refused.statusName());
    }
}
