package dev.elbo.cli;

import dev.elbo.models.data.SequenceSet;
import dev.elbo.models.data.SequenceSets;
import dev.elbo.models.data.Sequences;
import dev.elbo.models.recipe.Budget;
import dev.elbo.models.recipe.SequenceRecipe;
import dev.elbo.models.sequence.Decoding;
import dev.elbo.models.sequence.Lexicon;
import dev.elbo.models.sequence.Tagger;
import dev.elbo.models.sequence.Words;
import dev.elbo.models.training.Training;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.file.BadInputException;
import java.lang.foreign.Arena;
import java.util.Map;

/// A model of sequences.
///
/// @param <M>        the model
/// @param recipe     what the configuration says
/// @param set        on the host
/// @param parameters of the model
/// @param budget     of its training
/// @param owner      holds the data on the device
/// @param decoding   the constants of its decoder, where it is one of words
record SequenceExperiment<M>(
        SequenceRecipe<M> recipe,
        SequenceSet set,
        Parameters<M> parameters,
        Budget budget,
        Arena owner,
        Decoding decoding)
        implements Experiment {
    static <M> SequenceExperiment<M> of(SequenceRecipe<M> recipe, Config config, Device device, Arena owner) {
        SequenceSet set = SequenceSets.open(config.data(), config.folds(), owner);
        Budget budget = config.budget();
        Parameters<M> parameters = recipe.build(device, set, budget.seed(), owner);
        return new SequenceExperiment<>(recipe, set, parameters, budget, owner, Decoding.PLAIN);
    }

    /// The same with other constants of its decoder.
    SequenceExperiment<M> decoding(Decoding decoding) {
        if (!decoding.equals(Decoding.PLAIN) && !Words.inParts(set.classes())) {
            throw new BadInputException(
                    dataName(), "has no words to decode", "leave out --word-penalty and --score-scale");
        }
        return new SequenceExperiment<>(recipe, set, parameters, budget, owner, decoding);
    }

    @Override
    public String name() {
        return recipe.name();
    }

    @Override
    public String dataName() {
        return set.name();
    }

    @Override
    public String summary() {
        return set.summary();
    }

    @Override
    public String learnedFrom() {
        Sequences train = set.train();
        return Provenance.hash(train.values(), train.starts(), train.labels());
    }

    @Override
    public Training training() {
        return recipe.training(parameters, set, budget, owner);
    }

    @Override
    public Map<String, Double> evaluate(int samples, long seed) {
        return SequenceRecipe.evaluate(tagger(), set, device());
    }

    /// Accuracies are counted, not estimated.
    @Override
    public String doubt(Map<String, Double> figures) {
        return "";
    }

    /// The model as a tagger, by way of its decoder.
    Tagger tagger() {
        Tagger tagger = recipe.tagger(parameters.model());
        if (decoding.equals(Decoding.PLAIN)) {
            return tagger;
        }
        Lexicon lexicon = Lexicon.of(set.classes());
        return (f, batch) -> decoding.apply(f, tagger.chain(f, batch), lexicon);
    }

    Device device() {
        return parameters.values().device();
    }
}
