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

    /// Whether an example is a grey picture.
    static boolean of(Examples examples) {
        return examples.item().size() == 2;
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
        return new PictureGrid(
                columns, examples.item().getFirst(), examples.item().getLast(), pictures);
    }
}
