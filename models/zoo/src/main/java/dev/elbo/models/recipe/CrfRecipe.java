package dev.elbo.models.recipe;

import dev.elbo.models.data.SequenceSet;
import dev.elbo.models.recipe.Recipe.Fields;
import dev.elbo.models.sequence.Crf;
import dev.elbo.models.sequence.Ragged;
import dev.elbo.models.sequence.Tagger;
import dev.elbo.models.sequence.UnaryScores;
import dev.elbo.models.training.FullBatch;
import dev.elbo.models.training.Lbfgs;
import dev.elbo.models.training.Training;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.chain.Inference;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Json;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A conditional random field, trained by the likelihood of the tags.
///
/// As `crf` its scores are linear and the likelihood is convex: L-BFGS over all data finds the one best model. As
/// `nn-crf` a network gives the scores, and both are trained as one by Adam, the rate falling to zero along a cosine.
///
/// @param name     `crf` or `nn-crf`
/// @param channels of two convolutions before the network's layers, where positions are pictures; or none
/// @param hidden   widths of the network's layers; none for `crf`
/// @param dropout  share of hidden units left out at each position while training, in percent
/// @param decay    weight of ½ ‖θ‖² beside the sum of all losses; of `crf`
public record CrfRecipe(String name, List<Integer> channels, List<Integer> hidden, int dropout, double decay)
        implements SequenceRecipe<Crf> {
    private static final int PAIRS = 6;
    private static final double TOLERANCE = 1e-4;
    private static final int POSITIONS = 8192;

    /// Copies the lists.
    public CrfRecipe {
        channels = List.copyOf(channels);
        hidden = List.copyOf(hidden);
    }

    static CrfRecipe of(String name, Fields fields) {
        boolean network = name.equals("nn-crf");
        return new CrfRecipe(
                name,
                network ? fields.integers("channels", List.of()) : List.of(),
                network ? fields.integers("hidden") : List.of(),
                network ? fields.count("dropout", 99) : 0,
                network ? 0 : fields.number("decay"));
    }

    @Override
    public Json.Members config() {
        Map<String, Json> members = new LinkedHashMap<>();
        members.put("model", Json.of(name));
        if (name.equals("nn-crf")) {
            if (!channels.isEmpty()) {
                members.put("channels", Json.of(channels));
            }
            members.put("hidden", Json.of(hidden));
            members.put("dropout", Json.of(dropout));
        } else {
            members.put("decay", Json.of(decay));
        }
        return new Json.Members(members);
    }

    @Override
    public Parameters<Crf> build(Device device, SequenceSet set, long seed, Arena owner) {
        int states = set.classes().size();
        if (set.table() > 0 && !hidden.isEmpty()) {
            throw new BadInputException(
                    set.name(), "features that are there or not, and a network wants numbers", "use crf");
        }
        if (!channels.isEmpty() && (channels.size() != 2 || set.train().item().size() != 2)) {
            throw new BadInputException(
                    set.name(),
                    "two convolutions are over pictures; channels=" + channels + ", position="
                            + set.train().item(),
                    "leave out the channels");
        }
        return Parameters.of(device, name, owner, memory -> Crf.of(unary(set, states, seed, memory), states, memory));
    }

    private UnaryScores unary(SequenceSet set, int states, long seed, Memory memory) {
        if (set.table() > 0) {
            return UnaryScores.Features.of(set.table(), states, memory);
        }
        Clock init = Clock.of(seed, 0, memory);
        return channels.isEmpty()
                ? UnaryScores.Network.of(set.train().features(), hidden, states, init, memory)
                : UnaryScores.Pictures.of(set.train().item(), channels, hidden, states, init, memory);
    }

    @Override
    public Training training(Parameters<Crf> parameters, SequenceSet set, Budget budget, Arena owner) {
        Memory memory = Memory.of(parameters.values().device(), "data", owner);
        if (name.equals("crf")) {
            return allAtOnce(parameters, Ragged.buckets(set.train(), POSITIONS, memory), budget);
        }
        float keep = (100 - dropout) / 100f;
        return Conditional.training(
                parameters,
                set,
                budget,
                (f, crf, batch, _, clock) -> Conditional.ofLabels(f, crf.noisyChain(f, batch, keep, clock), batch),
                memory);
    }

    private Training allAtOnce(Parameters<Crf> parameters, List<Ragged> data, Budget budget) {
        Lbfgs search = new Lbfgs(PAIRS, (int) Math.ceil(budget.epochs()), TOLERANCE);
        return new FullBatch<Crf>(
                parameters,
                data,
                (f, crf, batch) -> {
                    Tensor value = Inference.of(f, crf.chain(f, batch))
                            .logLikelihood(batch.labels())
                            .value();
                    return f.negate(value);
                },
                decay,
                search);
    }

    @Override
    public Tagger tagger(Crf crf) {
        return crf::chain;
    }
}
