package dev.elbo.models.recipe;

import dev.elbo.models.energy.Gibbs;
import dev.elbo.models.latent.BoundModel;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.random.Purpose;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// A model whose weights came from elsewhere: the recipe that makes its like, and the values of its parameters.
///
/// @param <M>      the model
/// @param file     where the weights were
/// @param recipe   that builds the model
/// @param features that the model's data have
/// @param values   by the names of the model's parameters
/// @param settle   what is left to do when the parameters have their values
/// @param summary  the model in a few words
public record Imported<M>(
        WeightFile file,
        Recipe<M> recipe,
        int features,
        Map<String, float[]> values,
        Consumer<M> settle,
        String summary) {
    private static final int CHAINS = 100;
    private static final int SETTLED = 1000;
    private static final String RBM_REMEDY =
            "store weights (visible, hidden), visible_bias (visible) and hidden_bias (hidden)";
    private static final String VAE_REMEDY = "store the tensors that elbo import --help lists";

    /// A machine of bits. Its chains are let run on its own weights, for whoever trains it on.
    ///
    /// @param transposed whether weights lie as (hidden, visible)
    public static Imported<RbmRecipe.Machine> rbm(WeightFile file, boolean transposed) {
        String remedy = transposed ? RBM_REMEDY : RBM_REMEDY + ", or add --transposed";
        List<Integer> lies = file.shape("weights", 2, remedy);
        List<Integer> shape = transposed ? lies.reversed() : lies;
        String because = "weights=" + WeightFile.text(lies) + (transposed ? ", transposed" : "");
        float[] weights = file.floats("weights", lies, because, remedy);
        Map<String, float[]> values = new LinkedHashMap<>();
        values.put(
                "rbm.weights", transposed ? WeightFile.transposed(weights, lies.getFirst(), lies.getLast()) : weights);
        values.put("rbm.visibleBias", file.floats("visible_bias", shape.subList(0, 1), because, remedy));
        values.put("rbm.hiddenBias", file.floats("hidden_bias", shape.subList(1, 2), because, remedy));
        file.nothingBut(List.of("weights", "visible_bias", "hidden_bias"), RBM_REMEDY);
        int visible = shape.getFirst();
        int hidden = shape.getLast();
        return new Imported<>(
                file,
                new RbmRecipe(hidden, 1, CHAINS, true, false, RbmRecipe.Manner.PLAIN),
                visible,
                values,
                Imported::settle,
                visible + " visible and " + hidden + " hidden units");
    }

    private static void settle(RbmRecipe.Machine machine) {
        Tensor chains = machine.chains().value();
        try (Arena owner = Arena.ofShared()) {
            Clock clock = Clock.of(0, 0, Memory.of(chains.device(), "chains", owner));
            Gibbs.advance(machine.rbm(), chains, SETTLED, clock, Purpose.CHAIN);
        }
    }

    /// A dense VAE with tanh layers and a Bernoulli decoder.
    ///
    /// @param transposed whether weights lie as (outputs, inputs)
    public static Imported<BoundModel> vae(WeightFile file, boolean transposed) {
        List<Integer> hidden = new ArrayList<>();
        int features = 0;
        for (int i = 0; i == 0 || file.arrays().containsKey("encoder." + i + ".weight"); i++) {
            List<Integer> layer = matrix(file, "encoder." + i + ".weight", transposed);
            features = i == 0 ? layer.getFirst() : features;
            hidden.add(layer.getLast());
        }
        int latent = matrix(file, "mean.weight", transposed).getLast();
        Map<String, float[]> values = new LinkedHashMap<>();
        List<String> read = new ArrayList<>();
        List<Integer> widths = new ArrayList<>(List.of(features));
        widths.addAll(hidden);
        for (int i = 0; i < hidden.size(); i++) {
            layer(
                    file,
                    "encoder." + i,
                    "encoder.layers." + i,
                    widths.get(i),
                    widths.get(i + 1),
                    transposed,
                    values,
                    read);
        }
        layer(file, "mean", "posterior.mean", hidden.getLast(), latent, transposed, values, read);
        layer(file, "log_variance", "posterior.logVariance", hidden.getLast(), latent, transposed, values, read);
        List<Integer> back = new ArrayList<>(List.of(latent));
        back.addAll(hidden.reversed());
        for (int i = 0; i < hidden.size(); i++) {
            layer(file, "decoder." + i, "decoder.layers." + i, back.get(i), back.get(i + 1), transposed, values, read);
        }
        layer(file, "logits", "output.logits", hidden.getFirst(), features, transposed, values, read);
        file.nothingBut(read, VAE_REMEDY);
        return new Imported<>(
                file,
                new VaeRecipe("vae", hidden, latent, 1),
                features,
                values,
                _ -> {},
                features + " features, layers of " + hidden + " and " + latent + " latent dimensions");
    }

    private static List<Integer> matrix(WeightFile file, String name, boolean transposed) {
        List<Integer> shape = file.shape(name, 2, VAE_REMEDY);
        return transposed ? shape.reversed() : shape;
    }

    private static void layer(
            WeightFile file,
            String from,
            String to,
            int inputs,
            int outputs,
            boolean transposed,
            Map<String, float[]> values,
            List<String> read) {
        String because = "a layer of " + inputs + " inputs and " + outputs + " outputs";
        List<Integer> lies = transposed ? List.of(outputs, inputs) : List.of(inputs, outputs);
        String remedy = transposed ? VAE_REMEDY : VAE_REMEDY + ", or add --transposed";
        float[] weight = file.floats(from + ".weight", lies, because, remedy);
        values.put(to + ".weight", transposed ? WeightFile.transposed(weight, outputs, inputs) : weight);
        values.put(to + ".bias", file.floats(from + ".bias", List.of(outputs), because, remedy));
        read.addAll(List.of(from + ".weight", from + ".bias"));
    }

    /// The data's extents in words, a square picture where they could be one: `28x28`, `500`.
    public String extents() {
        int side = (int) Math.round(Math.sqrt(features));
        return side > 1 && side * side == features ? side + "x" + side : String.valueOf(features);
    }

    /// Gives a model of the recipe these weights.
    ///
    /// @throws BadInputException when its data are of another size
    public void into(Parameters<M> parameters) {
        Device device = parameters.values().device();
        for (Parameters.Parameter parameter : parameters.all()) {
            float[] value = values.get(parameter.name());
            if (value == null || value.length != parameter.value().shape().size()) {
                throw new BadInputException(
                        file.file().toString(),
                        "tensor for " + parameter.name() + " does not fit the data; features of the tensor's model="
                                + features + ", parameter=" + parameter.value().shape(),
                        "name data of " + features + " features, or none");
            }
            device.write(value, parameter.value());
        }
        settle.accept(parameters.model());
    }
}
