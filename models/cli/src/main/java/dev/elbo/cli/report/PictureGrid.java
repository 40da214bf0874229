package dev.elbo.cli.report;

import dev.elbo.models.data.Png;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/// Pictures side by side in one, a pixel apart, each as many times larger as makes the whole easy to see.
///
/// @param columns pictures in a row
/// @param height  of one picture
/// @param width   of one picture
/// @param values  pictures of (height, width), each value in [0, 1]; what lies outside is cut off
public record PictureGrid(int columns, int height, int width, List<float[]> values) {
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
            if (picture.length != height * width) {
                throw new IllegalArgumentException("PictureGrid: a picture of another size; height=" + height
                        + ", width=" + width + ", values=" + picture.length);
            }
        }
    }

    /// Grids of pictures of one size, one below the other.
    ///
    /// @param grids equally wide, at least one
    public static PictureGrid below(List<PictureGrid> grids) {
        PictureGrid first = grids.getFirst();
        List<float[]> all = grids.stream().flatMap(grid -> grid.values.stream()).toList();
        return new PictureGrid(first.columns, first.height, first.width, all);
    }

    /// The whole as one grey picture.
    public Png png() {
        int scale = Math.max(1, Math.ceilDiv(SHORTEST, Math.max(height, width)));
        int rows = Math.ceilDiv(values.size(), columns);
        int down = rows * (height * scale + GAP) + GAP;
        int across = columns * (width * scale + GAP) + GAP;
        byte[] samples = new byte[down * across];
        Arrays.fill(samples, PAPER);
        for (int i = 0; i < values.size(); i++) {
            int top = GAP + i / columns * (height * scale + GAP);
            int left = GAP + i % columns * (width * scale + GAP);
            for (int y = 0; y < height * scale; y++) {
                for (int x = 0; x < width * scale; x++) {
                    float value = values.get(i)[y / scale * width + x / scale];
                    samples[(top + y) * across + left + x] = (byte) Math.round(255 * Math.clamp(value, 0f, 1f));
                }
            }
        }
        return new Png(down, across, 1, samples);
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
