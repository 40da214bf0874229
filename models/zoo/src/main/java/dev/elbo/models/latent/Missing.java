package dev.elbo.models.latent;

import dev.elbo.runtime.file.BadInputException;
import java.util.List;
import java.util.SplittableRandom;

/// What is missing from pictures.
///
/// ```
/// random:P     each value with probability P
/// rectangle    half the height by half the width, somewhere
/// left, right, top, bottom     that half
/// ```
///
/// @param text the word
public record Missing(String text) {
    /// The words, for help texts.
    public static final String WORDS = "random:SHARE, rectangle, left, right, top or bottom";

    /// What the literature takes away: a share from 30 to 80 percent, a rectangle, half.
    public static final List<Missing> USUAL =
            List.of(of("random:0.3"), of("random:0.5"), of("random:0.8"), of("rectangle"), of("right"), of("bottom"));

    /// The kind that `text` names.
    public static Missing of(String text) {
        boolean known = text.matches("rectangle|left|right|top|bottom|random:(0?\\.\\d+|1(\\.0*)?)");
        if (!known || text.startsWith("random") && share(text) == 0) {
            throw new BadInputException("--missing " + text, "no such kind", "use " + WORDS);
        }
        return new Missing(text);
    }

    /// Whether it is for pictures alone.
    public boolean ofPictures() {
        return !text.startsWith("random");
    }

    /// Which values are known: 1, or 0 where one is missing.
    ///
    /// @param item extents of an example; (height, width, …) unless the kind is random
    /// @param n    examples
    /// @param seed of what is drawn
    /// @return (n, features), row-major
    public float[] known(List<Integer> item, int n, long seed) {
        int features = item.stream().reduce(1, Math::multiplyExact);
        if (ofPictures() && item.size() < 2) {
            throw new IllegalArgumentException("Missing: no pictures; item=" + item + ", missing=" + text);
        }
        SplittableRandom random = new SplittableRandom(seed);
        float[] known = new float[n * features];
        if (ofPictures()) {
            for (int at = 0; at < known.length; at += features) {
                cut(area(item, random), item, known, at);
            }
        } else {
            double share = share(text);
            for (int i = 0; i < known.length; i++) {
                known[i] = random.nextDouble() < share ? 0 : 1;
            }
        }
        return known;
    }

    /// Rows [top, bottom) and columns [left, right).
    private record Area(int top, int bottom, int left, int right) {
        boolean holds(int row, int column) {
            return top <= row && row < bottom && left <= column && column < right;
        }
    }

    private Area area(List<Integer> item, SplittableRandom random) {
        int height = item.get(0);
        int width = item.get(1);
        return switch (text) {
            case "left" -> new Area(0, height, 0, width / 2);
            case "right" -> new Area(0, height, width / 2, width);
            case "top" -> new Area(0, height / 2, 0, width);
            case "bottom" -> new Area(height / 2, height, 0, width);
            default -> {
                int top = random.nextInt(height - height / 2 + 1);
                int left = random.nextInt(width - width / 2 + 1);
                yield new Area(top, top + height / 2, left, left + width / 2);
            }
        };
    }

    private static void cut(Area area, List<Integer> item, float[] known, int at) {
        int width = item.get(1);
        int channels = item.size() > 2 ? item.get(2) : 1;
        for (int pixel = 0; pixel < item.get(0) * width; pixel++) {
            for (int channel = 0; channel < channels; channel++) {
                known[at + pixel * channels + channel] = area.holds(pixel / width, pixel % width) ? 0 : 1;
            }
        }
    }

    private static double share(String text) {
        return Double.parseDouble(text.substring(text.indexOf(':') + 1));
    }
}
