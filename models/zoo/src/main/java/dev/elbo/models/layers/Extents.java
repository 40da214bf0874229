package dev.elbo.models.layers;

import dev.elbo.runtime.Shape;
import dev.elbo.runtime.ops.Window;
import java.util.List;

/// Extents of an image whose channels lie innermost.
public record Extents(int height, int width, int channels) {
    /// The window that halves height and width, and whose transpose doubles them.
    static final Window HALVING = Window.of(4, 2, 1);

    /// Those of an example.
    ///
    /// @param item (height, width) or (height, width, channels)
    /// @param halvings that there are to be
    public static Extents of(List<Integer> item, int halvings) {
        int step = 1 << halvings;
        boolean image = item.size() == 2 || item.size() == 3;
        if (!image || item.get(0) % step != 0 || item.get(1) % step != 0) {
            throw new IllegalArgumentException("convolutions: images whose height and width are multiples of " + step
                    + ", for " + halvings + " layers that halve them; item=" + item);
        }
        return new Extents(item.get(0), item.get(1), item.size() == 2 ? 1 : item.get(2));
    }

    /// Half as high and wide.
    public Extents halved(int channels) {
        return new Extents(height / 2, width / 2, channels);
    }

    /// Twice as high and wide.
    public Extents doubled(int channels) {
        return new Extents(2 * height, 2 * width, channels);
    }

    /// Numbers in an image.
    public int size() {
        return height * width * channels;
    }

    /// The shape of so many images.
    public Shape images(int n) {
        return Shape.of(n, height, width, channels);
    }
}
