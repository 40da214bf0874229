package dev.elbo.cli.onnx;

import dev.elbo.models.energy.Rbm;
import dev.elbo.models.energy.Visible;
import dev.elbo.models.latent.Output;
import dev.elbo.models.latent.Vae;
import dev.elbo.models.layers.Dense;
import dev.elbo.models.layers.DenseStack;
import dev.elbo.models.recipe.RbmRecipe;
import dev.elbo.models.sequence.Crf;
import dev.elbo.models.sequence.Hmm;
import dev.elbo.models.sequence.UnaryScores;
import dev.elbo.runtime.ops.Activation;
import java.util.Optional;

/// A part of a model that can be taken out and computed elsewhere.
///
/// ```
/// model      encoder                                decoder
/// vae        x → mean, log_variance of q(z | x)     z → x, E[x | z]
/// rbm        v → h, p(h = 1 | v)                    h → v, E[v | h]
/// nn-crf     x → scores of each tag                 —
/// nn-hmm     x → what the chain observes            —
/// ```
public enum Part {
    /// From data to what stands behind them.
    ENCODER,
    /// From there to data.
    DECODER;

    /// The part as a graph.
    ///
    /// @param model a model of this library
    /// @param graph to be filled
    /// @return the graph; nothing, where the model has no such part
    public Optional<OnnxGraph> of(Object model, OnnxGraph graph) {
        boolean filled = switch (model) {
            case Vae vae -> this == ENCODER ? encoder(vae, graph) : decoder(vae, graph);
            case RbmRecipe.Machine machine -> machine(machine.rbm(), graph);
            case Crf crf -> this == ENCODER && scores(crf, graph);
            case Hmm hmm -> this == ENCODER && observed(hmm.network(), graph);
            default -> false;
        };
        return filled ? Optional.of(graph) : Optional.empty();
    }

    private static boolean encoder(Vae vae, OnnxGraph graph) {
        String h = layers(vae.encoder(), graph.input("x", vae.encoder().inputs()), graph);
        graph.output(layer(vae.mean(), h, graph), "mean", vae.latent());
        graph.output(layer(vae.logVariance(), h, graph), "log_variance", vae.latent());
        return true;
    }

    private static boolean decoder(Vae vae, OnnxGraph graph) {
        String h = layers(vae.decoder(), graph.input("z", vae.latent()), graph);
        switch (vae.output()) {
            case Output.Bernoulli(Dense logits) ->
                graph.output(graph.apply("Sigmoid", layer(logits, h, graph)), "x", logits.outputs());
            case Output.Gaussian real ->
                graph.output(layer(real.mean(), h, graph), "x", real.mean().outputs());
        }
        return true;
    }

    private boolean machine(Rbm rbm, OnnxGraph graph) {
        if (this == ENCODER) {
            String v = graph.input("v", rbm.visible());
            String seen = rbm.units() instanceof Visible.Gaussian(var deviation)
                    ? graph.apply("Div", v, deviation.value())
                    : v;
            graph.output(
                    graph.linear(seen, rbm.weights(), rbm.hiddenBias(), false, Activation.SIGMOID), "h", rbm.hidden());
            return true;
        }
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
