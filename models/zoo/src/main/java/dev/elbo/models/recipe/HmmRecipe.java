package dev.elbo.models.recipe;

import dev.elbo.models.data.SequenceSet;
import dev.elbo.models.layers.DenseStack;
import dev.elbo.models.recipe.Recipe.Fields;
import dev.elbo.models.sequence.BaumWelch;
import dev.elbo.models.sequence.Emissions;
import dev.elbo.models.sequence.Hmm;
import dev.elbo.models.sequence.Lexicon;
import dev.elbo.models.sequence.Ragged;
import dev.elbo.models.sequence.Tagger;
import dev.elbo.models.sequence.Transcripts;
import dev.elbo.models.sequence.Words;
import dev.elbo.models.training.Training;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Json;
import dev.elbo.runtime.ops.Activation;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// A hidden Markov model whose states are the classes, its emissions mixtures of Gaussians; or, where a position is one
/// of many symbols, how often each state shows each of them.
///
/// As `hmm` what was recorded is observed, and expectation maximisation makes p(x, y) large: transitions are counted,
/// mixtures are fitted to what each state emitted. As `nn-hmm` the outputs of a network are observed, and network and
/// chain are trained as one by p(y | x).
///
/// Where classes are parts of words the states go through each word from left to right, and `nn-hmm` is trained by
/// p(words | x): what was said is known, when each part of it was is not.
///
/// @param name       `hmm` or `nn-hmm`
/// @param hidden     widths of the network's layers, the last one what is observed; none for `hmm`
/// @param components Gaussians of each state
/// @param full       whether covariances are full, not diagonal
/// @param counts     pseudo-counts of each start, transition and symbol; of `hmm`. With none, what training never
///     shows is impossible
public record HmmRecipe(String name, List<Integer> hidden, int components, boolean full, double counts)
        implements SequenceRecipe<Hmm> {
    /// Pseudo-counts where nothing else is said.
    public static final double COUNTS = 0.1;

    private static final double UNIT_COVARIANCES = 10;
    private static final int POSITIONS = 8192;

    /// Copies the list.
    public HmmRecipe {
        hidden = List.copyOf(hidden);
    }

    static HmmRecipe of(String name, Fields fields) {
        List<Integer> hidden = name.equals("nn-hmm") ? fields.integers("hidden") : List.of();
        double counts = name.equals("hmm") ? fields.number("pseudo_counts", COUNTS) : 0;
        return new HmmRecipe(name, hidden, fields.integer("components"), fields.flag("full"), counts);
    }

    @Override
    public Json.Members config() {
        Map<String, Json> members = new LinkedHashMap<>();
        members.put("model", Json.of(name));
        if (name.equals("nn-hmm")) {
            members.put("hidden", Json.of(hidden));
        }
        members.put("components", Json.of(components));
        members.put("full", Json.of(full));
        if (name.equals("hmm")) {
            members.put("pseudo_counts", Json.of(counts));
        }
        return new Json.Members(members);
    }

    @Override
    public Parameters<Hmm> build(Device device, SequenceSet set, long seed, Arena owner) {
        boolean symbols = symbols(set);
        if (set.table() > 0 && !(symbols && hidden.isEmpty())) {
            throw new BadInputException(
                    set.name(), "features that are there or not, and Gaussians want numbers", "use crf");
        }
        return Parameters.of(device, name, owner, memory -> {
            Clock init = Clock.of(seed, 0, memory);
            DenseStack network = DenseStack.of(set.train().features(), hidden, Activation.TANH, init, memory);
            int states = set.classes().size();
            Emissions emissions = symbols
                    ? Emissions.Categorical.of(set.table(), states, init, memory)
                    : Emissions.Gaussians.of(states, components, network.outputs(), full, init, memory);
            return Words.inParts(set.classes())
                    ? Hmm.of(network, emissions, Lexicon.of(set.classes()), memory)
                    : Hmm.of(network, emissions, memory);
        });
    }

    @Override
    public Training training(Parameters<Hmm> parameters, SequenceSet set, Budget budget, Arena owner) {
        Memory memory = Memory.of(parameters.values().device(), "data", owner);
        if (name.equals("nn-hmm")) {
            return Conditional.training(parameters, set, budget, criterion(set, memory), memory);
        }
        List<Ragged> data = Ragged.buckets(set.train(), POSITIONS, memory);
        BaumWelch.Prior prior = new BaumWelch.Prior(counts, symbols(set) ? counts : UNIT_COVARIANCES);
        return new BaumWelch(parameters, data, prior, true, (int) Math.ceil(budget.epochs()));
    }

    /// Whether a position is one symbol.
    private static boolean symbols(SequenceSet set) {
        return set.table() > 0 && set.train().features() == 1;
    }

    private static Conditional.Criterion<Hmm> criterion(SequenceSet set, Memory memory) {
        if (!Words.inParts(set.classes())) {
            return (f, hmm, batch, _, _) -> Conditional.ofLabels(f, hmm.chain(f, batch), batch);
        }
        int[] all = IntStream.range(0, set.train().count()).toArray();
        int states = set.classes().size();
        Transcripts said = Transcripts.upload(set.train(), all, set.train().longest(), states, memory);
        return (f, hmm, batch, index, _) -> said.gather(f, index).logConditional(f, hmm.chain(f, batch));
    }

    @Override
    public Tagger tagger(Hmm hmm) {
        return hmm::chain;
    }
}
