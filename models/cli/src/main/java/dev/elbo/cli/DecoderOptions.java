package dev.elbo.cli;

import dev.elbo.models.sequence.Decoding;
import picocli.CommandLine.Option;

/// The constants of a decoder of words, as options of a command.
final class DecoderOptions {
    @Option(
            names = "--word-penalty",
            description = "Of words in parts: added to the score for each word, below 0 for fewer words"
                    + " (default: ${DEFAULT-VALUE}).")
    private float penalty;

    @Option(
            names = "--score-scale",
            description = "Of words in parts: factor of the scores of single positions (default: ${DEFAULT-VALUE}).")
    private float scale = 1;

    /// For picocli.
    DecoderOptions() {}

    /// What the options say.
    Decoding decoding() {
        return new Decoding(scale, penalty);
    }

    /// The experiment with these constants, if it is one of sequences.
    Experiment on(Experiment experiment) {
        return experiment instanceof SequenceExperiment<?> sequences ? sequences.decoding(decoding()) : experiment;
    }
}
