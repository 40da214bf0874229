package dev.elbo.cli;

import dev.elbo.cli.report.PictureGrid;
import dev.elbo.models.data.Examples;
import dev.elbo.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Rows of numbers as pictures, where the data are pictures.
final class Pictures {
    private Pictures() {}

    /// Whether an example is a picture, grey or in colour.
    static boolean of(Examples examples) {
        List<Integer> item = examples.item();
        return item.size() == 2 || item.size() == 3 && (item.getLast() == 1 || item.getLast() == 3);
    }

    /// A grid of rows.
    ///
    /// @param columns  pictures in a row of the grid
    /// @param examples whose extents the rows have
    /// @param rows     (n, features) each; the grid shows them one tensor after the other
    static PictureGrid grid(int columns, Examples examples, Tensor... rows) {
        List<float[]> pictures = new ArrayList<>();
        int size = examples.features();
        for (Tensor some : rows) {
            float[] values = some.device().floats(some);
            for (int at = 0; at < values.length; at += size) {
                pictures.add(Arrays.copyOfRange(values, at, at + size));
            }
        }
        return grid(columns, examples, pictures);
    }

    /// A grid of pictures.
    ///
    /// @param columns  pictures in a row of the grid
    /// @param examples whose extents the pictures have
    /// @param pictures one example each
    static PictureGrid grid(int columns, Examples examples, List<float[]> pictures) {
        List<Integer> item = examples.item();
        int channels = item.size() == 3 ? item.getLast() : 1;
        return new PictureGrid(columns, item.get(0), item.get(1), channels, pictures);
    }
}
