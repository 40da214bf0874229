package dev.elbo.models.recipe;

import dev.elbo.models.data.SequenceSet;
import dev.elbo.models.recipe.Recipe.Fields;
import dev.elbo.models.sequence.Tagger;
import dev.elbo.models.sequence.Tagging;
import dev.elbo.models.sequence.Words;
import dev.elbo.models.training.Training;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Json;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A model that tags sequences, and what it is trained by: the sibling of [Recipe] for data with neighbours.
///
/// @param <M> the model
public sealed interface SequenceRecipe<M> permits CrfRecipe, HmmRecipe {
    /// The words for them on the command line.
    List<String> NAMES = List.of("crf", "nn-crf", "hmm", "nn-hmm");

    /// The word for it on the command line.
    String name();

    /// What [#of] makes this recipe again from.
    Json.Members config();

    /// A fresh model.
    ///
    /// @param set   it will be trained on
    /// @param seed  of the first values
    /// @param owner frees it when it closes
    Parameters<M> build(Device device, SequenceSet set, long seed, Arena owner);

    /// A training that has not begun.
    ///
    /// @param parameters of [#build]
    /// @param owner      holds the data on the device
    Training training(Parameters<M> parameters, SequenceSet set, Budget budget, Arena owner);

    /// The model as a tagger.
    Tagger tagger(M model);

    /// Figures of merit on held-out data, by the names that the command's JSON has for them.
    ///
    /// ```
    /// test_accuracy              share of positions whose tag is right
    /// test_sequence_accuracy     share of sequences that are right throughout
    /// test_log_likelihood        of the tags of a sequence, mean, nats
    /// test_f1                    of chunks, where the tags are those of chunks
    /// test_word_accuracy         of words, where the tags are parts of words; with their counts
    /// ```
    static Map<String, Double> evaluate(Tagger tagger, SequenceSet set, Device device) {
        Tagging tagging = Tagging.of(tagger, set.test(), device);
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("test_accuracy", tagging.accuracy());
        figures.put("test_sequence_accuracy", tagging.wholeAccuracy());
        figures.put("test_log_likelihood", tagging.meanLogLikelihood());
        if (set.classes().stream().anyMatch(tag -> tag.startsWith("B-"))) {
            figures.put("test_f1", tagging.chunks().f1());
        }
        if (Words.inParts(set.classes())) {
            Words words = tagging.words();
            figures.put("test_word_accuracy", words.accuracy());
            figures.put("test_string_accuracy", words.wholeAccuracy());
            figures.put("recognised", (double) words.recognised());
            figures.put("substituted", (double) words.substituted());
            figures.put("deleted", (double) words.deleted());
            figures.put("inserted", (double) words.inserted());
        }
        return figures;
    }

    /// The recipe of a configuration.
    ///
    /// @param source the name to put into a message
    static SequenceRecipe<?> of(Json.Members config, String source) {
        Fields fields = new Fields(config, source);
        String model = fields.text("model");
        return switch (model) {
            case "crf", "nn-crf" -> CrfRecipe.of(model, fields);
            case "hmm", "nn-hmm" -> HmmRecipe.of(model, fields);
            default ->
                throw new BadInputException(source, "unknown model; model=" + model, "use " + String.join(", ", NAMES));
        };
    }
}
