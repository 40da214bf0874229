package dev.elbo.models.recipe;

import dev.elbo.models.adversarial.Contest;
import dev.elbo.models.adversarial.DenseDiscriminator;
import dev.elbo.models.adversarial.DenseGenerator;
import dev.elbo.models.adversarial.Gan;
import dev.elbo.models.adversarial.Generator;
import dev.elbo.models.data.Examples;
import dev.elbo.models.training.Plan;
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

/// A GAN of fully connected layers.
///
/// @param hidden widths of the hidden layers of both networks, from z and from x on
/// @param latent dimensions of z
public record GanRecipe(List<Integer> hidden, int latent, Play play) implements Recipe<Gan>, Sampling<Gan> {
    /// Copies the list.
    public GanRecipe {
        hidden = List.copyOf(hidden);
    }

    static GanRecipe of(Fields fields) {
        return new GanRecipe(fields.integers("hidden"), fields.integer("latent"), Play.of(fields));
    }

    @Override
    public String name() {
        return "gan";
    }

    @Override
    public Json.Members config() {
        Map<String, Json> members = new LinkedHashMap<>();
        members.put("model", Json.of(name()));
        members.put("hidden", Json.of(hidden));
        members.put("latent", Json.of(latent));
        members.putAll(play.members());
        return new Json.Members(members);
    }

    @Override
    public boolean binary() {
        return false;
    }

    /// What it makes is in [0, 1] where the data are, else anywhere.
    @Override
    public Parameters<Gan> build(Device device, Examples train, long seed, Arena owner) {
        Activation range = train.withinUnit() ? Activation.SIGMOID : Activation.NONE;
        int features = train.features();
        return Parameters.of(device, name(), owner, memory -> {
            Clock init = Clock.of(seed, 0, memory);
            return new Gan(
                    DenseGenerator.of(latent, hidden, features, range, init, memory),
                    DenseDiscriminator.of(features, hidden, play::statistic, play.spectral(), init, memory));
        });
    }

    @Override
    public Trainer<Gan> training(Parameters<Gan> parameters, Tensor x, Course course, Memory memory) {
        Plan plan = course.plan(x.shape().rows(), false);
        return Contest.training(parameters, x, play.terms(plan), plan, memory);
    }

    /// Nothing: a GAN has no density. `elbo evaluate` judges its samples where the data are toys, or by a classifier.
    @Override
    public Map<String, Double> evaluate(Gan gan, Tensor test, int samples, long seed) {
        return new LinkedHashMap<>();
    }

    @Override
    public Tensor sample(Gan gan, int count, long seed, Memory memory) {
        return samples(gan.generator(), count, seed, memory);
    }

    static Tensor samples(Generator generator, int count, long seed, Memory memory) {
        Ops f = Ops.plain(memory);
        Draw draw = Draw.of(Noise.of(seed, 0, Purpose.SAMPLE, 0), memory);
        return generator.sample(f, f.normals(Shape.of(count, generator.latent()), draw));
    }
}
