package dev.elbo.runtime.chain;

import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.CudaOptions;
import dev.elbo.runtime.CudaTuning;
import dev.elbo.runtime.Gpu;
import dev.elbo.simulator.Configuration;
import dev.elbo.simulator.SimulatedGpu;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Chains on matrix units: sixteen sequences a warp, tiles of eight states.
class ChainTilesTest extends FormOnCudaTest {
    ChainTilesTest() {
        super(Form.TILES, 80, 40, 3, 0, 1, 2, 39, 17);
    }

    @Override
    int[] states() {
        return new int[] {1, 7, 8, 9, 16, 17, 24, 31, 32};
    }

    @Override
    int[] batches() {
        return new int[] {1, 15, 16, 17, 33};
    }

    /// More states than a warp holds, or a matrix for every step.
    @Override
    List<Scores> others() {
        return List.of(Scores.random(1, 2, 33, false, 0, 9), Scores.random(2, 3, 4, true, 0, 9));
    }

    /// Whether the units round their sums or cut them is theirs to say. Both directions lose the same by it, so that
    /// their log Z still agree.
    @Test
    @Tag("simulated")
    void sumsThatAreCutKeepTheDigits() throws IOException {
        for (int states : new int[] {8, 32}) {
            Scores scores = scores(16, states, 4);
            CudaTuning told = choosing(Form.TILES, scores);
            SimulatedGpu.install(Configuration.standard().seed(9));
            Answer cut = on(CudaDevice.open(0, CudaOptions.best().tuned(told)), scores, Form.AUTO);
            check(scores, cut);
            Gpu.expectNothingLeft();
            assertFalse(Arrays.equals(answer(scores).unary(), cut.unary()), "other bits");
        }
    }
}
