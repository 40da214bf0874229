package dev.elbo.bench.work;

import dev.elbo.models.adversarial.Contest;
import dev.elbo.models.adversarial.DcganDiscriminator;
import dev.elbo.models.adversarial.DcganGenerator;
import dev.elbo.models.adversarial.Gan;
import dev.elbo.models.adversarial.MinibatchStatistic;
import dev.elbo.models.adversarial.Objective;
import dev.elbo.models.training.Plan;
import dev.elbo.models.training.Player;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Schedule;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.ShuffledBatch;
import dev.elbo.runtime.random.Purpose;
import java.util.List;

/// A training step of a DCGAN, Adam 0.0002 with β₁ 0.5 (Radford, Metz & Chintala 2016): the discriminator is updated on
/// a real and a made batch, then the generator over the same made batch. Its forward pass runs once, and no gradient is
/// computed that nobody uses.
public final class DcganStep implements Workload {
    /// Learning rate of both.
    public static final float RATE = 2e-4f;

    private static final int ROWS = 1_000;
    private static final int TAPS = 16;
    private static final Objective OBJECTIVE = new Objective.NonSaturating(1);

    @Override
    public String name() {
        return "dcgan";
    }

    @Override
    public Kind kind() {
        return Kind.STEP;
    }

    /// Digits, and the smaller of the two that are usual for 64×64.
    @Override
    public List<Sizes> sizes() {
        return List.of(
                Sizes.of("batch32_side28_channels1_width64_latent100"),
                Sizes.of("batch32_side64_channels3_width64_latent100"));
    }

    /// The layers of either network: maps halved as channels double, down to at most 7×7.
    ///
    /// @param first  multiply-adds of the layer at the image, for one image
    /// @param others multiply-adds of the layers between hidden maps
    /// @param top    elements of the smallest maps
    /// @param taps   weights of them all
    private record Layers(long first, long others, long top, long taps) {
        static Layers of(Sizes sizes) {
            long side = sizes.at("side") / 2;
            long channels = sizes.at("width");
            long taps = TAPS * sizes.at("channels") * channels;
            long first = side * side * taps;
            long others = 0;
            for (; side > 7 && side % 2 == 0; channels *= 2) {
                side /= 2;
                long weight = TAPS * channels * 2 * channels;
                others += side * side * weight;
                taps += weight;
            }
            return new Layers(first, others, side * side * channels, taps);
        }
    }

    /// A layer between hidden maps runs eight times in the discriminator, forwards and towards its maps thrice, towards
    /// its weight twice, and three times in the generator; the discriminator's at the image six times.
    @Override
    public Cost cost(Sizes sizes) {
        Layers layers = Layers.of(sizes);
        long batch = sizes.at("batch");
        long project = sizes.at("latent") * layers.top;
        long each = (6 + 3) * layers.first + (8 + 3) * layers.others + 8 * layers.top + 2 * project;
        long weights = 2 * layers.taps + layers.top + project;
        return new Cost(2 * batch * each, Float.BYTES * (batch * features(sizes) + weights * (2 + 1 + 3 + 2 * 2)));
    }

    private static int features(Sizes sizes) {
        return sizes.at("side") * sizes.at("side") * sizes.at("channels");
    }

    /// The result is the bias of the discriminator's output.
    @Override
    public Step<Tensor> prepare(Sizes sizes, Site site) {
        Memory memory = site.memory();
        Clock clock = site.clock();
        Parameters<Gan> gan = site.parameters("gan", m -> model(sizes, m));
        check(sizes, gan.model(), site);
        int features = features(sizes);
        Tensor data = site.array("data", Shape.of(ROWS, features), Pixels.grey(ROWS, features));
        Schedule rate = Schedule.constant(RATE);
        Contest.Terms terms = new Contest.Terms(OBJECTIVE, Schedule.constant(0), rate, rate);
        Contest contest = Contest.of(terms, memory);
        Plan plan = Plan.adam(sizes.at("batch"), 1, RATE, 42);
        List<Player> players = Contest.sides(gan, terms).stream()
                .map(side -> new Player(side, plan, clock, memory))
                .toList();
        return Step.record(clock, "train", m -> {
            players.forEach(player -> player.joins(m));
            Tensor x = ShuffledBatch.of(data, plan.batch(), true, clock.next(Purpose.DATA), m);
            contest.play(gan.model(), x, clock, players);
            return ((DcganDiscriminator) gan.model().discriminator()).output().bias();
        });
    }

    private static Gan model(Sizes sizes, Memory m) {
        List<Integer> item = List.of(sizes.at("side"), sizes.at("side"), sizes.at("channels"));
        Clock init = Clock.of(7, 0, m);
        int width = sizes.at("width");
        return new Gan(
                DcganGenerator.of(sizes.at("latent"), item, width, init, m),
                DcganDiscriminator.of(item, width, (_, _, _) -> new MinibatchStatistic.None(), false, init, m));
    }

    /// What both lose together.
    private static void check(Sizes sizes, Gan gan, Site site) {
        Ops f = Ops.plain(site.memory());
        int batch = sizes.at("batch");
        int features = features(sizes);
        Tensor x = site.array("x", Shape.of(batch, features), Pixels.grey(batch, features));
        Clock once = Clock.of(3, 0, site.memory());
        Tensor z = f.normals(Shape.of(batch, sizes.at("latent")), once.next(Purpose.EVALUATE));
        site.tell("noise", z);
        site.loss(() -> {
            Tensor real = gan.discriminator().logits(f, x);
            Tensor fake = gan.discriminator().logits(f, gan.generator().generate(f, z));
            return f.plus(OBJECTIVE.discriminator(f, real, fake), OBJECTIVE.generator(f, fake));
        });
    }
}
