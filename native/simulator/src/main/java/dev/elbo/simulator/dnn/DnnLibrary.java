package dev.elbo.simulator.dnn;

import dev.elbo.simulator.driver.Driver;
import dev.elbo.simulator.shim.CFunction;
import java.util.List;

/// What `libcudnn` exports.
public final class DnnLibrary {
    private DnnLibrary() {}

    /// Its functions.
    public static List<CFunction> functions(Driver driver) {
        DnnCalls dnn = new DnnCalls(driver);
        DescriptorCalls descriptors = new DescriptorCalls(dnn);
        return CFunction.of(
                driver.configuration().cudnnVersion(),
                dnn,
                descriptors,
                new ConvolutionCalls(dnn, descriptors),
                new PointwiseCalls(dnn, descriptors),
                new NormalisationCalls(dnn, descriptors),
                new BackendCalls(dnn));
    }
}
