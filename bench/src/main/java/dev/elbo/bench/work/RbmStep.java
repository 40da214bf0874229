package dev.elbo.bench.work;

import dev.elbo.models.energy.Gibbs;
import dev.elbo.models.energy.Rbm;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.UpdateRule;
import dev.elbo.runtime.random.Purpose;
import java.util.List;

/// A training step of an RBM on 784 pixels: contrastive divergence of one step, momentum 0.5 (Hinton 2002).
public final class RbmStep implements Workload {
    /// Learning rate.
    public static final float RATE = 0.01f;

    private static final UpdateRule RULE = new UpdateRule.Sgd(0.5f);

    @Override
    public String name() {
        return "rbm";
    }

    @Override
    public Kind kind() {
        return Kind.STEP;
    }

    @Override
    public List<Sizes> sizes() {
        return List.of(Sizes.of("batch100_hidden500"), Sizes.of("batch1000_hidden500"));
    }

    /// Three products of the chain, two of the statistics.
    @Override
    public Cost cost(Sizes sizes) {
        long weights = (long) Pixels.COLUMNS * sizes.at("hidden");
        long parameters = weights + Pixels.COLUMNS + sizes.at("hidden");
        return new Cost(5 * 2 * sizes.at("batch") * weights, Pixels.bytes(sizes.at("batch"), parameters, 1));
    }

    @Override
    public Step<Tensor> prepare(Sizes sizes, Site site) {
        Parameters<Rbm> rbm =
                site.parameters("rbm", m -> Rbm.of(Pixels.COLUMNS, sizes.at("hidden"), Clock.of(7, 0, m), m));
        check(sizes, rbm.model(), site);
        return Pixels.training(
                site,
                rbm,
                sizes.at("batch"),
                new Pixels.Learning(RULE, RATE, 1),
                (f, v) -> Gibbs.divergence(f, rbm.model(), v, 1, site.clock(), Purpose.TRAIN));
    }

    private static void check(Sizes sizes, Rbm rbm, Site site) {
        Tensor x = Pixels.examples(site, sizes.at("batch"));
        Ops f = Ops.plain(site.memory());
        Tensor chain = Gibbs.chain(f, rbm, x, 1, Clock.of(3, 0, site.memory()), Purpose.CHAIN);
        site.tell("noise", chain);
        site.loss(() -> Gibbs.contrast(f, rbm, x, chain));
    }
}
