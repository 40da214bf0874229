package dev.elbo.bench;

import dev.elbo.models.data.Sequences;
import dev.elbo.models.layers.Dense;
import dev.elbo.models.layers.DenseStack;
import dev.elbo.models.sequence.BaumWelch;
import dev.elbo.models.sequence.Emissions;
import dev.elbo.models.sequence.Hmm;
import dev.elbo.models.sequence.Lexicon;
import dev.elbo.models.sequence.Ragged;
import dev.elbo.models.sequence.Tagger;
import dev.elbo.models.sequence.Transcripts;
import dev.elbo.models.sequence.UnaryScores;
import dev.elbo.models.training.Plan;
import dev.elbo.models.training.Trainer;
import dev.elbo.models.training.Training;
import dev.elbo.models.training.TrainingStoppedException;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.NanPolicy;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Schedule;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.UpdateRule;
import dev.elbo.runtime.chain.Inference;
import dev.elbo.runtime.chain.LinearChain;
import dev.elbo.runtime.ops.Activation;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// What the systems of the comparison are made of and how they are trained, on one part of the strings, from one seed.
///
/// ```
/// h = tanh layers(x)                         the network (26 → 64 → 12); its last layer is what the HMM observes
/// frames     softmax(output(h)) by the labels of frames: equal parts of each recording
/// mixtures   two Gaussians of each state; expectation maximisation over h as it is: by those labels, then by
///            what was said alone
/// strings    network, mixtures and transitions as one: by log p(words | x), or by log p(h(x), words)
/// ```
///
/// Covariances are full, as in the lecture: units of one layer are anything but independent of each other.
///
/// What several systems begin with is trained once.
///
/// @param lexicon of the digits
/// @param train   strings
/// @param seed    of every draw
/// @param device  of everything
/// @param owner   frees everything
/// @param known   parameters that were trained before, by how
record SpokenSystems(
        Lexicon lexicon, Sequences train, long seed, Device device, Arena owner, Map<List<Object>, float[]> known) {
    /// Widths of the network's layers, the last one observed.
    static final List<Integer> WIDTHS = List.of(64, 12);

    private static final int BATCH = 16;
    private static final int POSITIONS = 8192;
    private static final float LONGEST_GRADIENT = 5;
    private static final int COMPONENTS = 2;
    private static final double STATES_PRIOR = 1;
    private static final int BY_LABELS = 1;
    private static final int BY_TRANSCRIPTS = 3;

    /// The network with a layer on top that names the state of a frame, trained by the labels of frames.
    Parameters<UnaryScores.Network> network(double epochs, double rate) {
        Parameters<UnaryScores.Network> network = Parameters.of(device, "network", owner, memory -> {
            Clock init = Clock.of(seed, 0, memory);
            DenseStack stack = stack(init, memory);
            return new UnaryScores.Network(
                    stack, Dense.of(stack.outputs(), lexicon.states(), Activation.NONE, init, memory));
        });
        once(network, List.of(epochs, rate), () -> trainFrames(network, epochs, rate));
        return network;
    }

    private void trainFrames(Parameters<UnaryScores.Network> network, double epochs, double rate) {
        try (Arena data = Arena.ofShared()) {
            Memory memory = Memory.of(device, "strings", data);
            Ragged all = everything(memory);
            Tensor free = noTransitions(memory);
            train(network, epochs, rate, (f, model, index, _) -> {
                Ragged batch = all.gather(f, index);
                LinearChain chain = LinearChain.of(model.scores(f, batch.x()), free, batch.lengths());
                return f.minusMean(
                        Inference.of(f, chain).logLikelihood(batch.labels()).value());
            });
        }
    }

    /// The scores of frames as a chain in which neighbours do not matter.
    Tagger framesAlone(Parameters<UnaryScores.Network> network) {
        Tensor free = noTransitions(Memory.of(device, "transitions", owner));
        return (f, batch) ->
                LinearChain.of(f.logSoftmaxRows(network.model().scores(f, batch.x())), free, batch.lengths());
    }

    /// A hidden Markov model over what a trained network makes, fitted by expectation maximisation.
    ///
    /// @param epochs     of the network
    /// @param rate       of the network
    /// @param prior      observations of unit covariance that each Gaussian begins with
    Parameters<Hmm> mixtures(double epochs, double rate, double prior) {
        Parameters<Hmm> hmm = Parameters.of(device, "hmm", owner, memory -> {
            Clock init = Clock.of(seed, 1, memory);
            DenseStack stack = stack(init, memory);
            Emissions emissions =
                    Emissions.Gaussians.of(lexicon.states(), COMPONENTS, stack.outputs(), true, init, memory);
            return Hmm.of(stack, emissions, lexicon, memory);
        });
        once(hmm, List.of(epochs, rate, prior), () -> {
            copy(network(epochs, rate).model().hidden(), hmm.model().network());
            maximise(hmm, new BaumWelch.Prior(STATES_PRIOR, prior));
        });
        return hmm;
    }

    private void maximise(Parameters<Hmm> hmm, BaumWelch.Prior prior) {
        try (Arena data = Arena.ofShared()) {
            Memory memory = Memory.of(device, "buckets", data);
            List<Ragged> buckets = Ragged.buckets(train, POSITIONS, memory);
            try (BaumWelch em = new BaumWelch(hmm, buckets, prior, true, BY_LABELS)) {
                em.run(_ -> true);
            }
            try (BaumWelch em = new BaumWelch(hmm, buckets, transcripts(buckets, memory), prior, BY_TRANSCRIPTS)) {
                em.run(_ -> true);
            }
        }
    }

    private DenseStack stack(Clock init, Memory memory) {
        return DenseStack.of(train.features(), WIDTHS, Activation.TANH, init, memory);
    }

    private void copy(DenseStack from, DenseStack to) {
        for (int i = 0; i < to.layers().size(); i++) {
            device.write(
                    device.floats(from.layers().get(i).weight()),
                    to.layers().get(i).weight());
            device.write(
                    device.floats(from.layers().get(i).bias()),
                    to.layers().get(i).bias());
        }
    }

    private void once(Parameters<?> parameters, List<Object> how, Runnable training) {
        if (known.containsKey(how)) {
            device.write(known.get(how), parameters.values());
        } else {
            training.run();
            known.put(how, device.floats(parameters.values()));
        }
    }

    private List<Transcripts> transcripts(List<Ragged> buckets, Memory memory) {
        int[] order = Ragged.byLength(train);
        List<Transcripts> transcripts = new ArrayList<>();
        int from = 0;
        for (Ragged bucket : buckets) {
            int[] which = Arrays.copyOfRange(order, from, from + bucket.count());
            transcripts.add(Transcripts.upload(train, which, bucket.steps(), lexicon.states(), memory));
            from += bucket.count();
        }
        return transcripts;
    }

    /// Trains network, mixtures and transitions as one.
    ///
    /// @param conditional by log p(words | x), else by log p(h(x), words)
    /// @throws TrainingStoppedException where a number is no longer finite; the model is that of the step before
    void trainStrings(Parameters<Hmm> hmm, boolean conditional, double epochs, double rate) {
        try (Arena data = Arena.ofShared()) {
            Memory memory = Memory.of(device, "strings", data);
            Ragged all = everything(memory);
            Transcripts said = Transcripts.upload(train, everyone(), all.steps(), lexicon.states(), memory);
            train(hmm, epochs, rate, (f, model, index, _) -> {
                LinearChain chain = model.chain(f, all.gather(f, index));
                Transcripts own = said.gather(f, index);
                return f.minusMean(conditional ? own.logConditional(f, chain) : own.logLikelihood(f, chain));
            });
        }
    }

    private <M> void train(
            Parameters<M> parameters, double epochs, double rate, Trainer.IndexedObjective<M> objective) {
        long steps = Plan.steps(train.count(), BATCH, epochs);
        Plan plan = new Plan(
                BATCH,
                steps,
                true,
                false,
                new UpdateRule.Adam(),
                Schedule.cosine(rate, 0, steps),
                LONGEST_GRADIENT,
                NanPolicy.FREEZE,
                seed,
                (int) Math.max(1, steps / 10));
        try (Training training = new Trainer<>(parameters, train.count(), objective, plan)) {
            training.run(_ -> true);
        }
    }

    private Ragged everything(Memory memory) {
        return Ragged.upload(train, everyone(), memory);
    }

    private int[] everyone() {
        return IntStream.range(0, train.count()).toArray();
    }

    private Tensor noTransitions(Memory memory) {
        int states = lexicon.states();
        return Ops.plain(memory).constant(Shape.of(states, states), 0);
    }
}
