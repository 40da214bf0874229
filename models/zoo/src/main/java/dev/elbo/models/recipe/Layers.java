package dev.elbo.models.recipe;

import dev.elbo.models.data.Examples;
import dev.elbo.models.layers.Extents;
import dev.elbo.models.recipe.Recipe.Fields;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Json;
import dev.elbo.runtime.ops.Activation;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The layers between the data and a code, which the way back has in reverse.
///
/// @param conv       whether they are convolutions with ReLUs, each of which halves an image
/// @param hidden     their widths; of convolutions their channels
/// @param activation of fully connected ones
public record Layers(boolean conv, List<Integer> hidden, Activation activation) {
    private static final String ARCHITECTURE = "architecture";
    private static final String HIDDEN = "hidden";
    private static final String ACTIVATION = "activation";

    /// Copies the list.
    public Layers {
        hidden = List.copyOf(hidden);
        if (conv && hidden.isEmpty()) {
            throw new BadInputException("--architecture conv", "one convolution at least", "name --hidden 32,64");
        }
    }

    /// Fully connected layers with tanh.
    public static Layers dense(List<Integer> hidden) {
        return new Layers(false, hidden, Activation.TANH);
    }

    static Layers of(Fields fields) {
        boolean conv = fields.oneOf(ARCHITECTURE, "dense", "conv").equals("conv");
        String activation = fields.oneOf(ACTIVATION, "tanh", "relu");
        return new Layers(conv, fields.integers(HIDDEN), activation.equals("relu") ? Activation.RELU : Activation.TANH);
    }

    void into(Map<String, Json> members) {
        members.put(ARCHITECTURE, Json.of(conv ? "conv" : "dense"));
        members.put(HIDDEN, Json.of(hidden));
        members.put(ACTIVATION, Json.of(activation.f().name().toLowerCase(Locale.ROOT)));
    }

    /// Extents of examples that convolutions are to halve.
    Extents image(Examples examples) {
        try {
            return Extents.of(examples.item(), hidden.size());
        } catch (IllegalArgumentException e) {
            BadInputException bad = new BadInputException(
                    "--architecture conv", e.getMessage(), "use fewer layers, or --architecture dense");
            bad.initCause(e);
            throw bad;
        }
    }
}
