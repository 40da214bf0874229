package dev.elbo.models.recipe;

import dev.elbo.models.data.Examples;
import dev.elbo.models.latent.Output;
import dev.elbo.models.layers.Head;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.file.BadInputException;

/// What a decoder believes about data, by the word that a configuration has for it.
///
/// ```
/// bernoulli       bits, or probabilities of bits
/// gaussian        real numbers; the size of the noise is learned
/// gaussian:D      real numbers with noise of standard deviation D
/// categorical:L   numbers in [0, 1], in L levels
/// ```
///
/// @param text the word
record Believed(String text) {
    /// The words, for help texts.
    static final String WORDS = "bernoulli, gaussian, gaussian:DEVIATION or categorical:LEVELS";

    /// An average is never surer than this, so that no bias is infinite; the margin is the IWAE authors'.
    private static final double MARGIN = 0.001;

    /// @param source the name to put into a message
    static Believed of(String text, String source) {
        boolean known = text.matches("bernoulli|gaussian(:(\\d+(\\.\\d+)?|\\.\\d+))?|categorical:\\d{1,4}");
        if (!known || !(text.startsWith("bernoulli") || text.equals("gaussian")) && number(text) <= 0) {
            throw new BadInputException(source, "unknown output; output=" + text, "use " + WORDS);
        }
        if (text.startsWith("gaussian:")) {
            checkDeviation((float) number(text), text, source);
        }
        if (text.startsWith("categorical") && number(text) < 2) {
            throw new BadInputException(source, "too few levels; output=" + text, "two at least");
        }
        return new Believed(text);
    }

    private static void checkDeviation(float deviation, String text, String source) {
        float least = Output.FixedGaussian.LEAST;
        float most = Output.FixedGaussian.MOST;
        if (deviation < least || deviation > most) {
            throw new BadInputException(
                    source,
                    "deviation out of range; output=" + text + ", least=" + least + ", most=" + most,
                    "rescale the data");
        }
    }

    boolean binary() {
        return text.equals("bernoulli");
    }

    /// Whether other values than those in [0, 1] mean nothing to it.
    boolean withinUnit() {
        return !text.startsWith("gaussian");
    }

    Output.Factory factory() {
        return factory(Output.DENSE);
    }

    /// @param head of the output's layers
    Output.Factory factory(Head.Factory head) {
        if (binary()) {
            return Output.Bernoulli.by(head);
        }
        if (text.startsWith("categorical")) {
            return Output.Categorical.by(head, (int) number(text));
        }
        return text.equals("gaussian") ? Output.Gaussian.by(head) : Output.FixedGaussian.by(head, (float) number(text));
    }

    /// Lets a fresh output say what an average says.
    void begin(Output output, Examples train, Device device) {
        switch (output) {
            case Output.Bernoulli bernoulli ->
                device.write(train.logOdds(MARGIN), bernoulli.logits().bias());
            case Output.Gaussian gaussian ->
                device.write(train.means(), gaussian.mean().bias());
            case Output.FixedGaussian gaussian ->
                device.write(train.means(), gaussian.mean().bias());
            case Output.Categorical _ -> {
                // its levels start alike
            }
        }
    }

    private static double number(String text) {
        return Double.parseDouble(text.substring(text.indexOf(':') + 1));
    }
}
