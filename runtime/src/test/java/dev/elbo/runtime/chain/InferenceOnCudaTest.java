package dev.elbo.runtime.chain;

import dev.elbo.runtime.CudaOptions;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Gpu;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.provider.Arguments;

/// [InferenceTest] on the GPU of this run, the simulated one or a real one.
@Tag("device")
class InferenceOnCudaTest extends InferenceTest {
    static Stream<Arguments> forms() {
        return Stream.of(
                Arguments.of(Form.AUTO, false, 0.0),
                Arguments.of(Form.AUTO, false, 0.25),
                Arguments.of(Form.AUTO, true, 0.25),
                Arguments.of(Form.SCALED_F32, false, 0.25));
    }

    @Override
    Device open() {
        return Gpu.open(CudaOptions.best());
    }

    @Override
    int[] steps() {
        return new int[] {4};
    }

    @AfterAll
    static void expectNothingLeft() {
        Gpu.expectNothingLeft();
    }
}
