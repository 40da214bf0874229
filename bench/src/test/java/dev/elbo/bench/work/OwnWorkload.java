package dev.elbo.bench.work;

import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tensor;
import java.util.List;

/// A workload of one's own: this class and a line in `META-INF/services` are all of it.
public final class OwnWorkload implements Workload {
    @Override
    public String name() {
        return "own";
    }

    @Override
    public Kind kind() {
        return Kind.OPERATION;
    }

    @Override
    public List<Sizes> sizes() {
        return List.of(Sizes.of("rows3_cols5"), Sizes.of("rows64_cols32"));
    }

    @Override
    public Cost cost(Sizes sizes) {
        return Cost.bytes(2L * Float.BYTES * sizes.at("rows") * sizes.at("cols"));
    }

    /// The squares of (rows, cols) ones.
    @Override
    public Step<Tensor> prepare(Sizes sizes, Site site) {
        Shape shape = Shape.of(sizes.at("rows"), sizes.at("cols"));
        Tensor x = Ops.plain(site.memory()).constant(shape, 1);
        return Step.record(site.clock(), "own", m -> Ops.plain(m).square(x));
    }
}
