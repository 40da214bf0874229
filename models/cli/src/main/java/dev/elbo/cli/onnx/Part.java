package dev.elbo.cli.onnx;

import dev.elbo.models.adversarial.DenseGenerator;
import dev.elbo.models.adversarial.Gan;
import dev.elbo.models.energy.Rbm;
import dev.elbo.models.energy.Visible;
import dev.elbo.models.latent.Autoencoder;
import dev.elbo.models.latent.DeepVae;
import dev.elbo.models.latent.Output;
import dev.elbo.models.latent.Vae;
import dev.elbo.models.layers.Dense;
import dev.elbo.models.layers.DenseStack;
import dev.elbo.models.layers.Head;
import dev.elbo.models.layers.Network;
import dev.elbo.models.layers.NormalLayer;
import dev.elbo.models.layers.NormalNetwork;
import dev.elbo.models.recipe.RbmRecipe;
import dev.elbo.models.sequence.Crf;
import dev.elbo.models.sequence.Hmm;
import dev.elbo.models.sequence.UnaryScores;
import dev.elbo.runtime.ops.Activation;

/// A part of a model that can be taken out and computed elsewhere.
///
/// ```
/// model                 encoder                                     decoder
/// autoencoder           x → z                                       z → x
/// vae                   x → mean, log_variance of q(z | x)          z → x, E[x | z]
/// vae, full covariance  x → mean, factor: the rows of L, packed     the same
/// gan, dense            —                                           z → x
/// rbm                   v → h, p(h = 1 | v)                         h → v, E[v | h]; of bits
/// nn-crf                x → scores of each tag                      —
/// nn-hmm                x → observed, what the chain is of          —
/// ```
public enum Part {
    /// From data to what stands behind them.
    ENCODER,
    /// From there to data.
    DECODER;

    /// Fills a graph with this part.
    ///
    /// @param model a model of this library
    /// @param graph empty
    /// @return whether the model has such a part that consists of dense layers
    public boolean fill(Object model, OnnxGraph graph) {
        return switch (model) {
            case Autoencoder plain -> this == ENCODER ? encoder(plain, graph) : decoder(plain, graph);
            case Vae vae ->
                this == ENCODER
                        ? encoder(vae.encoder(), vae.posterior(), graph)
                        : decoder(vae.decoder(), vae.output(), graph);
            case DeepVae vae -> this == ENCODER ? encoder(vae, graph) : decoder(vae.decoder(), vae.output(), graph);
            case Gan gan -> this == DECODER && generator(gan, graph);
            case RbmRecipe.Machine machine ->
                this == ENCODER ? encoder(machine.rbm(), graph) : decoder(machine.rbm(), graph);
            case Crf crf -> this == ENCODER && scores(crf, graph);
            case Hmm hmm -> this == ENCODER && observed(hmm.network(), graph);
            default -> false;
        };
    }

    private static boolean encoder(Autoencoder model, OnnxGraph graph) {
        if (!(model.encoder() instanceof DenseStack stack)) {
            return false;
        }
        String h = layers(stack, graph.input("x", stack.inputs()), graph);
        graph.output(layer(model.code(), h, graph), "z", model.latent());
        return true;
    }

    private static boolean decoder(Autoencoder model, OnnxGraph graph) {
        return decoder(model.decoder(), model.output(), graph);
    }

    private static boolean encoder(DeepVae vae, OnnxGraph graph) {
        NormalNetwork lowest = vae.posteriors().getFirst();
        return encoder(lowest.hidden(), lowest.normal(), graph);
    }

    private static boolean encoder(Network encoder, NormalLayer posterior, OnnxGraph graph) {
        if (!(encoder instanceof DenseStack stack)) {
            return false;
        }
        String h = layers(stack, graph.input("x", stack.inputs()), graph);
        switch (posterior) {
            case NormalLayer.Diagonal(Dense mean, Dense logVariance) -> {
                graph.output(layer(mean, h, graph), "mean", mean.outputs());
                graph.output(layer(logVariance, h, graph), "log_variance", logVariance.outputs());
            }
            case NormalLayer.Full(Dense mean, Dense factor) -> {
                graph.output(layer(mean, h, graph), "mean", mean.outputs());
                graph.output(layer(factor, h, graph), "factor", factor.outputs());
            }
        }
        return true;
    }

    private static boolean decoder(Network decoder, Output output, OnnxGraph graph) {
        if (!(decoder instanceof DenseStack stack)) {
            return false;
        }
        String h = layers(stack, graph.input("z", stack.inputs()), graph);
        return switch (output) {
            case Output.Bernoulli(Dense logits) -> {
                graph.output(graph.apply("Sigmoid", layer(logits, h, graph)), "x", logits.outputs());
                yield true;
            }
            case Output.Bernoulli _ -> false;
            case Output.Gaussian real -> mean(real.mean(), h, graph);
            case Output.FixedGaussian real -> mean(real.mean(), h, graph);
            case Output.Categorical _ -> false;
        };
    }

    private static boolean mean(Head mean, String h, OnnxGraph graph) {
        if (!(mean instanceof Dense dense)) {
            return false;
        }
        graph.output(layer(dense, h, graph), "x", dense.outputs());
        return true;
    }

    private static boolean generator(Gan gan, OnnxGraph graph) {
        if (!(gan.generator() instanceof DenseGenerator(DenseStack hidden, Dense output))) {
            return false;
        }
        return mean(output, layers(hidden, graph.input("z", hidden.inputs()), graph), graph);
    }

    private static boolean encoder(Rbm rbm, OnnxGraph graph) {
        String v = graph.input("v", rbm.visible());
        String seen = switch (rbm.units()) {
            case Visible.Bernoulli _ -> v;
            case Visible.Gaussian(var deviation) -> graph.apply("Div", v, deviation.value());
        };
        graph.output(graph.linear(seen, rbm.weights(), rbm.hiddenBias(), false, Activation.SIGMOID), "h", rbm.hidden());
        return true;
    }

    private static boolean decoder(Rbm rbm, OnnxGraph graph) {
        if (!(rbm.units() instanceof Visible.Bernoulli)) {
            return false;
        }
        String h = graph.input("h", rbm.hidden());
        graph.output(graph.linear(h, rbm.weights(), rbm.visibleBias(), true, Activation.SIGMOID), "v", rbm.visible());
        return true;
    }

    private static boolean scores(Crf crf, OnnxGraph graph) {
        if (crf.unary() instanceof UnaryScores.Network(DenseStack hidden, Dense output)) {
            String h = layers(hidden, graph.input("x", hidden.inputs()), graph);
            graph.output(layer(output, h, graph), "scores", output.outputs());
            return true;
        }
        return false;
    }

    private static boolean observed(DenseStack network, OnnxGraph graph) {
        if (network.layers().isEmpty()) {
            return false;
        }
        graph.output(layers(network, graph.input("x", network.inputs()), graph), "observed", network.outputs());
        return true;
    }

    private static String layers(DenseStack stack, String x, OnnxGraph graph) {
        String h = x;
        for (Dense layer : stack.layers()) {
            h = layer(layer, h, graph);
        }
        return h;
    }

    private static String layer(Dense layer, String x, OnnxGraph graph) {
        return graph.linear(x, layer.weight(), layer.bias(), false, layer.activation());
    }
}
