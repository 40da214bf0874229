package dev.elbo.models.recipe;

import dev.elbo.models.adversarial.Contest;
import dev.elbo.models.adversarial.DcganDiscriminator;
import dev.elbo.models.adversarial.DcganGenerator;
import dev.elbo.models.adversarial.Gan;
import dev.elbo.models.data.Examples;
import dev.elbo.models.training.Plan;
import dev.elbo.models.training.Trainer;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Json;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A GAN of convolutions (Radford et al. 2016, arXiv:1511.06434), for square images.
///
/// @param width  channels of the largest hidden maps; each halving of the extent doubles them
/// @param latent dimensions of z
public record DcganRecipe(int width, int latent, Play play) implements Recipe<Gan>, Sampling<Gan> {
    static DcganRecipe of(Fields fields) {
        return new DcganRecipe(fields.integer("width"), fields.integer("latent"), Play.of(fields));
    }

    @Override
    public String name() {
        return "dcgan";
    }

    @Override
    public Json.Members config() {
        Map<String, Json> members = new LinkedHashMap<>();
        members.put("model", Json.of(name()));
        members.put("width", Json.of(width));
        members.put("latent", Json.of(latent));
        members.putAll(play.members());
        return new Json.Members(members);
    }

    @Override
    public boolean binary() {
        return false;
    }

    @Override
    public Parameters<Gan> build(Device device, Examples train, long seed, Arena owner) {
        List<Integer> item = train.item();
        if (!DcganGenerator.fits(item)) {
            throw new BadInputException(
                    "dcgan",
                    "its images are square, the side 2, 3, … or 7 times a power of two; item=" + item,
                    "use gan, or other data");
        }
        return Parameters.of(device, name(), owner, memory -> {
            Clock init = Clock.of(seed, 0, memory);
            return new Gan(
                    DcganGenerator.of(latent, item, width, init, memory),
                    DcganDiscriminator.of(item, width, play::statistic, play.spectral(), init, memory));
        });
    }

    @Override
    public Trainer<Gan> training(Parameters<Gan> parameters, Tensor x, Course course, Memory memory) {
        Plan plan = course.plan(x.shape().rows(), false);
        return Contest.training(parameters, x, play.terms(plan), plan, memory);
    }

    /// Nothing: a GAN has no density. `elbo evaluate` judges its samples by a classifier.
    @Override
    public Map<String, Double> evaluate(Gan gan, Tensor test, int samples, long seed) {
        return new LinkedHashMap<>();
    }

    @Override
    public Tensor sample(Gan gan, int count, long seed, Memory memory) {
        return GanRecipe.samples(gan.generator(), count, seed, memory);
    }
}
