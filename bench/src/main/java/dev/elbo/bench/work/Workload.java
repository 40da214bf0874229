package dev.elbo.bench.work;

import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tensor;
import java.util.List;

/// Something that is timed, at any sizes.
///
/// A class of one's own that implements this, named in `META-INF/services/dev.elbo.bench.work.Workload`, is timed by
/// all commands and by the benchmarks' jar, as the workloads that Elbo brings are.
public interface Workload {
    /// Which benchmark runs it.
    enum Kind {
        /// One operation, or its pullback as well: `OperationBench`.
        OPERATION,
        /// A whole step of training or inference: `StepBench`.
        STEP
    }

    /// Its name: lower-case letters.
    String name();

    /// Which benchmark runs it.
    Kind kind();

    /// The sizes at which it is timed unless somebody asks for others. All have the same axes.
    List<Sizes> sizes();

    /// What one run costs at least.
    Cost cost(Sizes sizes);

    /// Prepares it: whatever lives as long as the step comes from the site's memory.
    ///
    /// @return what is timed, again and again; its result is the same on each device, but for rounding
    Step<Tensor> prepare(Sizes sizes, Site site);
}
