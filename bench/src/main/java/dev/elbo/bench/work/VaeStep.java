package dev.elbo.bench.work;

import dev.elbo.models.latent.Bounds;
import dev.elbo.models.latent.Output;
import dev.elbo.models.latent.Vae;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.UpdateRule;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.util.Collections;
import java.util.List;

/// A training step of a VAE on 784 pixels, tanh, Adam 0.001.
///
/// ```
/// vae      784-400-20, one sample, batch 128; 784-500-500-40, batch 1000      (Kingma & Welling 2014)
/// iwae     784-200-200-50, 50 samples, batch 20                               (Burda, Grosse & Salakhutdinov 2016)
/// ```
///
/// @param bound what is raised
/// @param sizes at which it is timed
record VaeStep(Bound bound, List<Sizes> sizes) implements Workload {
    static final VaeStep VAE = new VaeStep(
            Bound.ELBO,
            List.of(
                    Sizes.of("batch128_samples1_layers1_hidden400_latent20"),
                    Sizes.of("batch1000_samples1_layers2_hidden500_latent40")));

    static final VaeStep IWAE =
            new VaeStep(Bound.IMPORTANCE_WEIGHTED, List.of(Sizes.of("batch20_samples50_layers2_hidden200_latent50")));

    /// What is raised.
    enum Bound {
        ELBO,
        IMPORTANCE_WEIGHTED
    }

    @Override
    public String name() {
        return switch (bound) {
            case ELBO -> "vae";
            case IMPORTANCE_WEIGHTED -> "iwae";
        };
    }

    @Override
    public Kind kind() {
        return Kind.STEP;
    }

    /// Of each layer three products, but for the gradient of the pixels, which nobody asks for.
    @Override
    public Cost cost(Sizes sizes) {
        long hidden = sizes.at("hidden");
        long latent = sizes.at("latent");
        long within = (sizes.at("layers") - 1) * hidden * hidden;
        long first = Pixels.COLUMNS * hidden;
        long encoder = first + within + 2 * hidden * latent;
        long decoder = latent * hidden + within + hidden * Pixels.COLUMNS;
        long rows = (long) sizes.at("batch") * sizes.at("samples");
        long flops = 2 * sizes.at("batch") * (3 * encoder - first) + 2 * rows * 3 * decoder;
        long biases = 2 * sizes.at("layers") * hidden + 2 * latent + Pixels.COLUMNS;
        return new Cost(flops, Pixels.bytes(sizes.at("batch"), encoder + decoder + biases, 2));
    }

    @Override
    public Step<Tensor> prepare(Sizes sizes, Site site) {
        Parameters<Vae> vae = site.parameters("vae", m -> model(sizes, m));
        check(sizes, vae.model(), site);
        Pixels.Learning learning = new Pixels.Learning(new UpdateRule.Adam(), 0.001f, -1);
        return Pixels.training(
                site,
                vae,
                sizes.at("batch"),
                learning,
                (f, x) -> f.mean(bound(f, vae.model(), x, sizes, site.clock().next(Purpose.TRAIN))));
    }

    private static Vae model(Sizes sizes, Memory m) {
        List<Integer> hidden = Collections.nCopies(sizes.at("layers"), sizes.at("hidden"));
        return Vae.of(
                Pixels.COLUMNS,
                hidden,
                sizes.at("latent"),
                Activation.TANH,
                Output.Bernoulli::of,
                Clock.of(7, 0, m),
                m);
    }

    private void check(Sizes sizes, Vae vae, Site site) {
        Tensor x = Pixels.examples(site, sizes.at("batch"));
        Ops f = Ops.plain(site.memory());
        Draw draw = Draw.of(Noise.of(3, 0, Purpose.EVALUATE, 0), site.memory());
        Shape noise = Shape.of(sizes.at("batch"), sizes.at("samples"), sizes.at("latent"));
        site.tell("noise", f.normals(noise, draw));
        site.loss(() -> f.mean(bound(f, vae, x, sizes, draw)));
    }

    private Tensor bound(Ops f, Vae vae, Tensor x, Sizes sizes, Draw draw) {
        return switch (bound) {
            case ELBO -> Bounds.elbo(f, vae, x, sizes.at("samples"), draw);
            case IMPORTANCE_WEIGHTED -> Bounds.importanceWeighted(f, vae, x, sizes.at("samples"), draw);
        };
    }
}
