package dev.elbo.models.recipe;

import dev.elbo.models.data.Examples;
import dev.elbo.models.latent.Bounds;
import dev.elbo.models.latent.Evidence;
import dev.elbo.models.latent.Output;
import dev.elbo.models.latent.Vae;
import dev.elbo.models.layers.Dense;
import dev.elbo.models.training.Trainer;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.file.Json;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A VAE with a Bernoulli decoder, trained by the ELBO, or, as `iwae`, by the importance-weighted bound.
///
/// @param name    `vae` or `iwae`
/// @param hidden  widths of the encoder's layers; the decoder has them in reverse
/// @param latent  dimensions of z
/// @param samples of z for each example
public record VaeRecipe(String name, List<Integer> hidden, int latent, int samples) implements Recipe<Vae> {
    private static final int EXAMPLES_AT_ONCE = 1000;

    /// Copies the list.
    public VaeRecipe {
        hidden = List.copyOf(hidden);
    }

    static VaeRecipe of(String name, Fields fields) {
        return new VaeRecipe(name, fields.integers("hidden"), fields.integer("latent"), fields.integer("samples"));
    }

    @Override
    public Json.Members config() {
        Map<String, Json> members = new LinkedHashMap<>();
        members.put("model", Json.of(name));
        members.put("hidden", Json.of(hidden));
        members.put("latent", Json.of(latent));
        members.put("samples", Json.of(samples));
        return new Json.Members(members);
    }

    @Override
    public Parameters<Vae> build(Device device, Examples train, long seed, Arena owner) {
        Parameters<Vae> built = Parameters.of(
                device,
                name,
                owner,
                memory -> Vae.of(
                        train.features(),
                        hidden,
                        latent,
                        Activation.TANH,
                        Output.Bernoulli::of,
                        Clock.of(seed, 0, memory),
                        memory));
        if (built.model().output() instanceof Output.Bernoulli(Dense logits)) {
            device.write(train.logOdds(), logits.bias());
        }
        return built;
    }

    @Override
    public Trainer.Objective<Vae> objective() {
        return (f, vae, x, clock) -> f.negate(f.mean(bound(f, vae, x, clock.next(Purpose.TRAIN))));
    }

    private Tensor bound(Ops f, Vae vae, Tensor x, Draw draw) {
        return name.equals("iwae")
                ? Bounds.importanceWeighted(f, vae, x, samples, draw)
                : Bounds.elbo(f, vae, x, samples, draw);
    }

    /// `test_elbo`, nats; and with samples `test_nll`, `samples`, `ess`, `collapsed`, see [Evidence].
    @Override
    public Map<String, Double> evaluate(Vae vae, Tensor test, int samples, long seed) {
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("test_elbo", elbo(vae, test, seed));
        if (samples > 0) {
            Evidence evidence = Evidence.of(vae, test, samples, seed);
            figures.put("test_nll", -evidence.mean());
            figures.put("samples", (double) evidence.samples());
            figures.put("ess", evidence.effective());
            figures.put("collapsed", evidence.collapsed());
        }
        return figures;
    }

    @Override
    public String doubt(Map<String, Double> figures) {
        return Evidence.doubt(figures.getOrDefault("collapsed", 0.0));
    }

    private double elbo(Vae vae, Tensor test, long seed) {
        double sum = 0;
        int n = test.shape().rows();
        for (int from = 0; from < n; from += EXAMPLES_AT_ONCE) {
            try (Arena owner = Arena.ofShared()) {
                Memory memory = Memory.of(test.device(), "evaluation", owner);
                Draw draw = Draw.of(Noise.of(seed, from, Purpose.EVALUATE, 0), memory);
                Tensor x = test.rows(from, Math.min(n, from + EXAMPLES_AT_ONCE));
                float[] each = test.device().floats(Bounds.elbo(Ops.plain(memory), vae, x, 1, draw));
                for (float one : each) {
                    sum += one;
                }
            }
        }
        return sum / n;
    }

    @Override
    public Tensor sample(Vae vae, int count, long seed, Memory memory) {
        Ops f = Ops.plain(memory);
        Draw draw = Draw.of(Noise.of(seed, 0, Purpose.SAMPLE, 0), memory);
        return vae.decode(f, f.normals(Shape.of(count, latent), draw));
    }

    @Override
    public Tensor reconstruct(Vae vae, Tensor x, long seed, Memory memory) {
        Ops f = Ops.plain(memory);
        return vae.decode(f, vae.encode(f, x).mean());
    }
}
