package dev.elbo.models.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.CudaOptions;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// What the training steps of the benchmarks are on a GPU: nodes of a graph, each a microsecond or two whatever it
/// does. Whoever saves one lowers the count here.
@Tag("device")
class HotStepsOnCudaTest {
    private static List<String> launches(CudaOptions options, Function<CudaDevice, List<String>> step) {
        assumeTrue(
                CudaDevice.missing(0).isEmpty(),
                () -> "asked for a GPU: " + CudaDevice.missing(0).orElseThrow());
        try (CudaDevice gpu = CudaDevice.open(0, options)) {
            return step.apply(gpu);
        }
    }

    /// In the fixed order a product takes the activation along; the biases of all layers are one launch.
    @Test
    void aVaeStepIsOneLaunchForAllBiases() {
        List<String> launches = launches(CudaOptions.best().inFixedOrder(), HotStepsTest::vae);
        assertEquals(1, Collections.frequency(launches, "sumColumns"), launches.toString());
        assertEquals(26, launches.size(), launches.toString());
    }

    @Test
    void anIwaeStepIsOneLaunchForAllBiases() {
        List<String> launches = launches(CudaOptions.best().inFixedOrder(), HotStepsTest::iwae);
        assertEquals(1, Collections.frequency(launches, "sumColumns"), launches.toString());
        assertEquals(35, launches.size(), launches.toString());
    }

    /// Whoever multiplies: a product that ends in a draw is always Elbo's.
    @Test
    void aContrastiveDivergenceStepIsThatOfTheCpu() {
        for (CudaOptions options : List.of(CudaOptions.best().inFixedOrder(), CudaOptions.best())) {
            List<String> launches = launches(options, HotStepsTest::contrastiveDivergence);
            assertEquals(14, launches.size(), launches.toString());
        }
    }

    /// cuBLAS knows no tanh: two activations of the one are launches, four of the other.
    @Test
    @Tag("simulated")
    void stepsWithTheLibrarysProductsHaveTheirActivationsBeside() {
        assertEquals(28, launches(CudaOptions.best(), HotStepsTest::vae).size());
        assertEquals(39, launches(CudaOptions.best(), HotStepsTest::iwae).size());
    }
}
