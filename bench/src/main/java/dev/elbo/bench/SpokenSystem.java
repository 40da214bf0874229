package dev.elbo.bench;

import dev.elbo.models.sequence.Hmm;
import dev.elbo.models.sequence.Tagger;
import dev.elbo.models.sequence.UnaryScores;
import dev.elbo.models.training.TrainingStoppedException;
import dev.elbo.runtime.Parameters;
import java.util.Optional;

/// The systems of the comparison. All are trained by gradients for as many epochs; each has one dial of three settings.
enum SpokenSystem {
    /// Frames by the network's softmax; neighbours are heard by the decoder alone. Its dial is the rate.
    NN_ALONE("NN alone", 0.003, 0.01, 0.03) {
        @Override
        Trained train(SpokenSystems systems, double setting, SpokenLines lines) {
            Parameters<UnaryScores.Network> network = systems.network(SpokenDigitsBench.EPOCHS, setting);
            return new Trained(systems.framesAlone(network), Optional.empty());
        }
    },

    /// The same network, and mixtures fitted to what it makes. Its dial is the prior's weight: as many observations of
    /// unit covariance for each Gaussian.
    APART("NN + HMM apart", 1, 5, 25) {
        @Override
        Trained train(SpokenSystems systems, double setting, SpokenLines lines) {
            return tagging(start(systems, SpokenDigitsBench.EPOCHS, setting, lines), Optional.empty());
        }
    },

    /// As apart for most epochs, then all as one by log p(words | x). Its dial is the rate of the latter.
    JOINT("NN + HMM joint, log p(words given x)", 0.001, 0.003, 0.01) {
        @Override
        Trained train(SpokenSystems systems, double setting, SpokenLines lines) {
            return jointly(systems, true, setting, lines);
        }
    },

    /// The same by log p(h(x), words), which is no likelihood of what was heard: nothing holds h in its place.
    JOINT_LIKELIHOOD("NN + HMM joint, log p(h, words)", 0.001, 0.003, 0.01) {
        @Override
        Trained train(SpokenSystems systems, double setting, SpokenLines lines) {
            return jointly(systems, false, setting, lines);
        }
    };

    /// A trained system.
    ///
    /// @param tagger    its scores
    /// @param stoppedAt the step after which a number was not finite, if any
    record Trained(Tagger tagger, Optional<Long> stoppedAt) {}

    private final String title;
    private final double[] settings;

    SpokenSystem(String title, double... settings) {
        this.title = title;
        this.settings = settings;
    }

    /// Trains it.
    ///
    /// @param lines where the settings of systems that it builds upon are
    abstract Trained train(SpokenSystems systems, double setting, SpokenLines lines);

    /// As a table names it.
    String title() {
        return title;
    }

    /// What its dial is tried at.
    double[] settings() {
        return settings.clone();
    }

    /// Whether a hidden Markov model observes what the network makes.
    boolean observes() {
        return this != NN_ALONE;
    }

    private static Parameters<Hmm> start(SpokenSystems systems, double epochs, double prior, SpokenLines lines) {
        return systems.mixtures(epochs, lines.best(NN_ALONE), prior);
    }

    private static Trained jointly(SpokenSystems systems, boolean conditional, double rate, SpokenLines lines) {
        double apart = SpokenDigitsBench.EPOCHS - SpokenDigitsBench.OF_STRINGS;
        Parameters<Hmm> hmm = start(systems, apart, lines.best(APART), lines);
        try {
            systems.trainStrings(hmm, conditional, SpokenDigitsBench.OF_STRINGS, rate);
            return tagging(hmm, Optional.empty());
        } catch (TrainingStoppedException e) {
            return tagging(hmm, Optional.of(e.step()));
        }
    }

    private static Trained tagging(Parameters<Hmm> hmm, Optional<Long> stoppedAt) {
        return new Trained((f, batch) -> hmm.model().chain(f, batch), stoppedAt);
    }
}
