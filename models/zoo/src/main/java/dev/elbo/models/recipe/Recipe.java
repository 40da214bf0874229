package dev.elbo.models.recipe;

import dev.elbo.models.data.Examples;
import dev.elbo.models.training.Trainer;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Json;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// A model, what it is trained by and what it is judged by, from a handful of numbers that fit a configuration.
///
/// What else its models are good for, a recipe says by what it implements besides: [Sampling],
/// [Reconstructing], [Imputing], [Validating].
///
/// @param <M> the model
public sealed interface Recipe<M> permits AutoencoderRecipe, VaeRecipe, RbmRecipe, GanRecipe, DcganRecipe {
    /// The word for it on the command line.
    String name();

    /// What [#of] makes this recipe again from.
    Json.Members config();

    /// A fresh model, its output biases at the log odds of the data's means: it need not learn what an average says.
    ///
    /// @param train what it will be trained on
    /// @param seed  of the first values
    /// @param owner frees it when it closes
    Parameters<M> build(Device device, Examples train, long seed, Arena owner);

    /// Whether it models bits: values in [0, 1] are then probabilities of bits, drawn anew every time they
    /// are seen.
    default boolean binary() {
        return true;
    }

    /// Whether its data have to lie in [0, 1].
    default boolean withinUnit() {
        return binary();
    }

    /// A training that has not begun.
    ///
    /// @param parameters of [#build]
    /// @param x          (n, features), what is learned from; borrowed
    /// @param memory     holds what the training keeps beside the model; outlives it
    Trainer<M> training(Parameters<M> parameters, Tensor x, Course course, Memory memory);

    /// Figures of merit on held-out data, by the names that the command's JSON has for them.
    ///
    /// @param test    (n, features), bits where the recipe is of bits
    /// @param samples for importance sampling; 0 for bounds alone
    /// @param seed    of every draw
    Map<String, Double> evaluate(M model, Tensor test, int samples, long seed);

    /// Why figures that one might expect of [#evaluate] are not there; empty when all are.
    ///
    /// @param figures what it gave
    default String doubt(Map<String, Double> figures) {
        return "";
    }

    /// The recipe of a configuration.
    ///
    /// @param source the name to put into a message
    static Recipe<?> of(Json.Members config, String source) {
        Fields fields = new Fields(config, source);
        String model = fields.text("model");
        return switch (model) {
            case "autoencoder", "denoising" -> AutoencoderRecipe.of(model, fields);
            case "vae", "iwae" -> VaeRecipe.of(model, fields);
            case "rbm" -> RbmRecipe.of(fields);
            case "gan" -> GanRecipe.of(fields);
            case "dcgan" -> DcganRecipe.of(fields);
            default ->
                throw new BadInputException(
                        source,
                        "unknown model; model=" + model,
                        "use autoencoder, denoising, vae, iwae, rbm, gan or dcgan");
        };
    }

    /// The members of a configuration, asked for by type.
    record Fields(Json.Members config, String source) {
        String text(String name) {
            if (config.values().get(name) instanceof Json.Text(String text)) {
                return text;
            }
            throw wrong(name, "a text");
        }

        int integer(String name) {
            return integer(name, config.values().get(name));
        }

        /// An integer in [0, most].
        int count(String name, int most) {
            if (config.values().get(name) instanceof Json.Number(var number)
                    && number.scale() <= 0
                    && number.signum() >= 0
                    && number.intValue() <= most) {
                return number.intValueExact();
            }
            throw wrong(name, "an integer from 0 to " + most);
        }

        /// A number that is not negative.
        double number(String name) {
            if (config.values().get(name) instanceof Json.Number(var number) && number.signum() >= 0) {
                return number.doubleValue();
            }
            throw wrong(name, "a number from 0 up");
        }

        /// The same; `otherwise` where nothing is said.
        double number(String name, double otherwise) {
            return config.values().containsKey(name) ? number(name) : otherwise;
        }

        /// The same; `otherwise` where nothing is said.
        String text(String name, String otherwise) {
            return config.values().containsKey(name) ? text(name) : otherwise;
        }

        /// One of some words; the first where nothing is said.
        String oneOf(String name, String... words) {
            String text = text(name, words[0]);
            if (!List.of(words).contains(text)) {
                throw wrong(name, "one of " + String.join(", ", words));
            }
            return text;
        }

        /// Whether a flag is there and true.
        boolean flagged(String name) {
            return config.values().containsKey(name) && flag(name);
        }

        boolean flag(String name) {
            if (config.values().get(name) instanceof Json.Flag(boolean flag)) {
                return flag;
            }
            throw wrong(name, "true or false");
        }

        /// A list of integers, or one.
        List<Integer> integers(String name) {
            if (config.values().get(name) instanceof Json.Number) {
                return List.of(integer(name));
            }
            if (config.values().get(name) instanceof Json.Elements(List<Json> elements)) {
                List<Integer> integers = new ArrayList<>();
                elements.forEach(element -> integers.add(integer(name, element)));
                return integers;
            }
            throw wrong(name, "a list of integers");
        }

        /// The same; `otherwise` where nothing is said.
        List<Integer> integers(String name, List<Integer> otherwise) {
            return config.values().containsKey(name) ? integers(name) : otherwise;
        }

        private int integer(String name, Json value) {
            if (value instanceof Json.Number(var number)
                    && number.scale() <= 0
                    && number.signum() > 0
                    && number.precision() - number.scale() <= 7) {
                return number.intValueExact();
            }
            throw wrong(name, "an integer from 1 to 9,999,999");
        }

        private BadInputException wrong(String name, String wanted) {
            return new BadInputException(
                    source,
                    "`" + name + "` is not " + wanted + "; value="
                            + config.values().getOrDefault(name, Json.NOTHING).compact(),
                    "correct it");
        }
    }
}
