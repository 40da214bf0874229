package dev.elbo.cli.report;

import dev.elbo.models.data.Png;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/// Pictures side by side in one, a pixel apart, each as many times larger as makes the whole easy to see.
///
/// @param columns  pictures in a row
/// @param height   of one picture
/// @param width    of one picture
/// @param channels of one picture, 1 or 3
/// @param values   pictures of (height, width, channels), each value in [0, 1]; what lies outside is cut off
public record PictureGrid(int columns, int height, int width, int channels, List<float[]> values) {
    private static final int GAP = 1;
    private static final int SHORTEST = 56;
    private static final byte PAPER = (byte) 128;

    /// Checks that extents and values agree.
    public PictureGrid {
        values = List.copyOf(values);
        if (columns < 1 || values.isEmpty()) {
            throw new IllegalArgumentException(
                    "PictureGrid: nothing to show; columns=" + columns + ", pictures=" + values.size());
        }
        for (float[] picture : values) {
            if (picture.length != height * width * channels) {
                throw new IllegalArgumentException("PictureGrid: a picture of another size; height=" + height
                        + ", width=" + width + ", channels=" + channels + ", values=" + picture.length);
            }
        }
    }

    /// Grids of pictures of one size, one below the other.
    ///
    /// @param grids equally wide, at least one
    public static PictureGrid below(List<PictureGrid> grids) {
        PictureGrid first = grids.getFirst();
        List<float[]> all = grids.stream().flatMap(grid -> grid.values.stream()).toList();
        return new PictureGrid(first.columns, first.height, first.width, first.channels, all);
    }

    /// The whole as one picture.
    public Png png() {
        int scale = Math.max(1, Math.ceilDiv(SHORTEST, Math.max(height, width)));
        int rows = Math.ceilDiv(values.size(), columns);
        int down = rows * (height * scale + GAP) + GAP;
        int across = columns * (width * scale + GAP) + GAP;
        byte[] samples = new byte[down * across * channels];
        Arrays.fill(samples, PAPER);
        for (int i = 0; i < values.size(); i++) {
            int top = GAP + i / columns * (height * scale + GAP);
            int left = GAP + i % columns * (width * scale + GAP);
            for (int y = 0; y < height * scale; y++) {
                for (int x = 0; x < width * scale; x++) {
                    int from = (y / scale * width + x / scale) * channels;
                    put(values.get(i), from, samples, ((top + y) * across + left + x) * channels);
                }
            }
        }
        return new Png(down, across, channels, samples);
    }

    private void put(float[] picture, int from, byte[] samples, int to) {
        for (int channel = 0; channel < channels; channel++) {
            float value = Math.clamp(picture[from + channel], 0f, 1f);
            samples[to + channel] = (byte) Math.round(255 * value);
        }
    }

    /// As an element of a page.
    ///
    /// @param caption what it shows
    public String html(String caption) {
        String data = Base64.getEncoder().encodeToString(png().bytes());
        return "<figure><img alt=\"%s\" src=\"data:image/png;base64,%s\"/><figcaption>%s</figcaption></figure>"
                .formatted(Markup.escape(caption), data, Markup.escape(caption));
    }
}
