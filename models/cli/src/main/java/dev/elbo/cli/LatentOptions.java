package dev.elbo.cli;

import dev.elbo.models.latent.Bounds.Estimator;
import dev.elbo.models.recipe.Aim;
import dev.elbo.models.recipe.AutoencoderRecipe;
import dev.elbo.models.recipe.Layers;
import dev.elbo.models.recipe.VaeRecipe;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Json;
import dev.elbo.runtime.ops.Activation;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/// What `elbo train` asks of models with a space of codes.
final class LatentOptions {
    private static final List<Integer> BETWEEN = List.of(100, 100);

    /// In what form q's covariance comes.
    enum Posterior {
        /// Independent coordinates.
        diagonal,
        /// Any covariance, by its Cholesky factor.
        full
    }

    /// What the layers next to the data are.
    enum Architecture {
        /// Fully connected.
        dense,
        /// Convolutions that halve an image, --hidden their channels.
        conv
    }

    /// What fully connected layers end in.
    enum Bend {
        /// Between −1 and 1.
        tanh,
        /// Nothing below 0.
        relu
    }

    /// How the ELBO's KL is computed.
    enum Kl {
        /// In closed form.
        closed,
        /// From the samples.
        sampled
    }

    @Option(
            names = "--architecture",
            description = "Layers next to the data: ${COMPLETION-CANDIDATES}, whose --hidden are their channels"
                    + " (default: ${DEFAULT-VALUE}).")
    private Architecture architecture = Architecture.dense;

    @Option(
            names = "--activation",
            description = "Of fully connected layers: ${COMPLETION-CANDIDATES} (default: relu; of the preset: tanh).")
    private Bend activation;

    @Option(
            names = "--latent",
            split = ",",
            description = "Latent dimensions; several layers of a vae or iwae with commas between, from the data on"
                    + " (default: 20; gan: 2; dcgan: 64; of the preset: 50).")
    private List<Integer> latent;

    @Option(
            names = "--between",
            split = ",",
            description = "Widths of the hidden layers between two layers of latent variables (default: 100,100).")
    private List<Integer> between = BETWEEN;

    @Option(names = "--samples", description = "Samples of z for each example (default: 1; iwae: 5).")
    private Integer samples;

    @Option(
            names = "--output",
            description = "What a decoder believes: " + VaeRecipe.OUTPUTS + " (default: ${DEFAULT-VALUE}).")
    private String output = "bernoulli";

    @Option(
            names = "--posterior",
            description = "Covariance of a posterior: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private Posterior posterior = Posterior.diagonal;

    @Option(names = "--kl", description = "KL of a vae: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private Kl kl = Kl.closed;

    @Option(names = "--beta", description = "Weight of a vae's KL (default: ${DEFAULT-VALUE}: a bound on log p(x)).")
    private double beta = 1;

    @Option(
            names = "--kl-warm-up",
            paramLabel = "EPOCHS",
            description = "Let the weight of the KL rise from 0 (default: ${DEFAULT-VALUE}).")
    private double klWarmUp = 0;

    @Option(
            names = "--estimator",
            description = "Gradient of an iwae: standard, stl or dreg (default: standard).",
            converter = EstimatorByName.class)
    private Estimator estimator = Estimator.STANDARD;

    @Option(
            names = "--corruption",
            description = "Share of the values hidden from a denoising autoencoder (default: ${DEFAULT-VALUE}).")
    private double corruption = 0.3;

    /// In small letters.
    static final class EstimatorByName implements picocli.CommandLine.ITypeConverter<Estimator> {
        /// For picocli.
        EstimatorByName() {}

        @Override
        public Estimator convert(String name) {
            for (Estimator each : Estimator.values()) {
                if (each.name().equalsIgnoreCase(name)) {
                    return each;
                }
            }
            throw new picocli.CommandLine.TypeConversionException("'" + name + "': use standard, stl or dreg");
        }
    }

    /// Dimensions of a z that comes in one layer.
    ///
    /// @param usual where no option says otherwise
    int width(int usual) {
        if (latent != null && latent.size() > 1) {
            throw new BadInputException(
                    "--latent " + latent, "several layers of latent variables are for vae and iwae", "name one");
        }
        return latent == null ? usual : latent.getFirst();
    }

    /// Refuses what a model of this configuration has no use for.
    static void refuseIdle(CommandSpec command, Config config) {
        boolean conv = config.says("architecture", "conv");
        Idle.refuse(command, option -> !option.equals("--activation") || !conv, "convolutions have their own");
        boolean layered = config.members().values().containsKey("between");
        Idle.refuse(
                command,
                option -> !option.equals("--kl") || !layered || config.says("kl", "sampled"),
                "several layers of latent variables have no KL in closed form");
    }

    /// Widths between two layers of latent variables, where there are two.
    Json between() {
        return Json.of(between);
    }

    /// @param name  `vae` or `iwae`
    /// @param paper whether the recipe is that of the IWAE paper
    VaeRecipe vae(String name, List<Integer> hidden, boolean paper) {
        int usual = paper ? 50 : 20;
        List<Integer> widths = latent == null ? List.of(usual) : latent;
        int drawn = samples != null ? samples : name.equals("iwae") ? 5 : 1;
        Aim aim = new Aim(drawn, estimator, kl == Kl.sampled, beta, klWarmUp);
        List<Integer> inner = widths.size() > 1 ? between : List.of();
        return new VaeRecipe(
                name,
                layers(hidden, paper ? Bend.tanh : Bend.relu),
                widths,
                inner,
                posterior == Posterior.full,
                output,
                aim);
    }

    /// @param name `autoencoder` or `denoising`
    AutoencoderRecipe autoencoder(String name, List<Integer> hidden) {
        Layers layers = layers(hidden, Bend.relu);
        return new AutoencoderRecipe(name, layers, width(20), output, name.equals("denoising") ? corruption : 0);
    }

    private Layers layers(List<Integer> hidden, Bend usual) {
        Bend bend = activation == null ? usual : activation;
        return new Layers(conv(), hidden, bend == Bend.relu ? Activation.RELU : Activation.TANH);
    }

    /// Whether the layers next to the data are convolutions.
    boolean conv() {
        return architecture == Architecture.conv;
    }
}
