package dev.elbo.models.quality;

import dev.elbo.models.layers.Conv;
import dev.elbo.models.layers.Dense;
import dev.elbo.models.layers.Initial;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.ops.Window;
import java.util.List;

/// A small convolutional network that names what is in a picture.
///
/// ```
/// x (n, height · width · channels) → convolution 5×5 by 2, ReLU → convolution 5×5 by 2, ReLU
/// → features (n, FEATURES), ReLU → log-probabilities of the classes
/// ```
///
/// @param first  sees pictures
/// @param second sees what the first makes of them
/// @param hidden to the features
/// @param output to the classes
/// @param height of a picture
/// @param width  of a picture
public record Classifier(Conv first, Conv second, Dense hidden, Dense output, int height, int width) {
    /// How many features a picture has.
    public static final int FEATURES = 64;

    private static final Window HALVING = Window.of(5, 2, 2);
    private static final int FEW = 16;
    private static final int MORE = 32;

    /// @param item    extents of a picture: (height, width) or (height, width, channels)
    /// @param classes how many
    /// @param init    where the draws of the weights come from
    /// @param memory  holds the parameters
    public static Classifier of(List<Integer> item, int classes, Clock init, Memory memory) {
        if (item.size() < 2 || item.size() > 3 || classes < 2) {
            throw new IllegalArgumentException(
                    "classifier: pictures of at least two classes; item=" + item + ", classes=" + classes);
        }
        int channels = item.size() == 2 ? 1 : item.get(2);
        int down = HALVING.outHeight(HALVING.outHeight(item.get(0)));
        int across = HALVING.outWidth(HALVING.outWidth(item.get(1)));
        return new Classifier(
                Conv.of(channels, FEW, HALVING, Activation.RELU, Initial.he(), init, memory),
                Conv.of(FEW, MORE, HALVING, Activation.RELU, Initial.he(), init, memory),
                Dense.of(down * across * MORE, FEATURES, Activation.RELU, init, memory),
                Dense.of(FEATURES, classes, Activation.NONE, init, memory),
                item.get(0),
                item.get(1));
    }

    /// What the last layer sees of pictures.
    ///
    /// @param x (n, height · width · channels), in [0, 1]
    /// @return (n, FEATURES)
    public Tensor features(Ops f, Tensor x) {
        int n = x.shape().rows();
        Shape pictures = Shape.of(n, height, width, first.weight().shape().cols());
        Tensor h = second.apply(f, first.apply(f, f.reshape(x, pictures)));
        return hidden.apply(
                f, f.reshape(h, Shape.of(n, Math.toIntExact(h.shape().size() / n))));
    }

    /// Logits of the classes.
    ///
    /// @param features (n, FEATURES), of [#features]
    /// @return (n, classes)
    public Tensor logits(Ops f, Tensor features) {
        return output.apply(f, features);
    }

    /// How many classes it knows.
    public int classes() {
        return output.outputs();
    }
}
